import type { Colors } from "picocolors/types.js";

/** One output of the process. */
export interface Sink {
  /** Writes a line. */
  line(text: string): void;
  /** Writes text as it is. */
  write(text: string): void;
  /** Does nothing when the output is not a terminal or `NO_COLOR` is set. */
  readonly colors: Colors;
}

/** What a command knows of the process it runs in. Tests and `main.ts` make one. */
export interface Shell {
  /** Absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Results: what the user asked for. */
  readonly out: Sink;
  /** Errors and warnings. */
  readonly err: Sink;
  /** The Node that runs this. */
  readonly node: {
    /** Absolute path of the executable. */
    readonly path: string;
    /** It runs TypeScript sources as they are. */
    readonly stripsTypes: boolean;
  };
  /** Input is a terminal: its Ctrl-C reaches child processes by itself. */
  readonly terminal: boolean;
  /** A person is there to answer: both ends are terminals, outside of CI. */
  readonly interactive: boolean;
  /** Aborts when the process is asked to end. */
  readonly signal: AbortSignal;
  /** Calls `listener` for each request to end; returns a function that takes it away again. */
  onSignal(listener: (signal: NodeJS.Signals) => void): () => void;
}
