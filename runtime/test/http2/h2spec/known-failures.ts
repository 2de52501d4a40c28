import type { Target } from "./targets.ts";

/** Cases of h2spec that an engine fails, and why that stays so. */
export type KnownFailures = Readonly<Record<string, string>>;

const closedStreams = "nghttp2 forgets streams that are over, and passes over what comes for them";

const nodeFailures: KnownFailures = {
  "http2/5.1: closed: Sends a DATA frame after sending RST_STREAM frame": closedStreams,
  "http2/5.1: closed: Sends a HEADERS frame after sending RST_STREAM frame": closedStreams,
  "http2/5.1: closed: Sends a DATA frame": closedStreams,
  "http2/5.1: closed: Sends a HEADERS frame": closedStreams,
  "http2/5.1.1: Sends stream identifier that is numerically smaller than previous":
    "nghttp2 takes it for a stream that is over",
  "http2/6.7: Sends a PING frame with ACK":
    "Node ends a connection with PROTOCOL_ERROR for the answer to a ping that it has not sent",
  "http2/6.9.1: Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1":
    "Node ends the connection, with the code INTERNAL_ERROR in place of FLOW_CONTROL_ERROR",
};

/** Cases whose end depends on whether the server's answer is out before the frame comes; not counted either way. */
export const timingDependent: Readonly<Record<Target["name"], KnownFailures>> = {
  "node:http2": { "http2/5.1: half closed (remote): Sends a HEADERS frame": closedStreams },
  http2Engine: {},
};

export const knownFailures: Readonly<Record<Target["name"], KnownFailures>> = {
  "node:http2": nodeFailures,
  http2Engine: {},
};
