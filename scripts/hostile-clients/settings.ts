/** Milliseconds in which a head must come; shorter than the default, so that a run does not take long. */
export const headersTimeout = 2000;

/** Milliseconds after which an idle connection is closed; long enough to open all of them before. */
export const idleTimeout = 8000;
