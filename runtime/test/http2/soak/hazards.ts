/** Something that clients can do to a server, what bounds it, and the test that shows it. */
export interface Hazard {
  readonly hazard: string;
  readonly bound: string;
  /** The file of the test, in the folder above, and its title. */
  readonly file: string;
  readonly test: string;
}

function at(file: string, test: string, hazard: string, bound: string): Hazard {
  return { hazard, bound, file: `${file}.test.ts`, test };
}

/** What `http2Engine` is held to; figures are defaults. */
export const hazards: readonly Hazard[] = [
  at(
    "limits",
    "above the limit are refused, and served once others have ended",
    "streams without end",
    "`maxConcurrentStreams` (1000), then `REFUSED_STREAM`",
  ),
  at(
    "limits",
    "by the client are counted",
    "rapid reset",
    "`resetBurst`, `resetsPerSecond` (1000, 33), then `ENHANCE_YOUR_CALM`",
  ),
  at(
    "limits",
    "that the client provokes are counted",
    "resets that the server is made to send",
    "counted with those of the client",
  ),
  at(
    "limits",
    "that were reset count for as long as their handlers run",
    "handlers that go on for streams that were reset",
    "they count against `maxConcurrentStreams`",
  ),
  at(
    "limits",
    "too many of %s end the connection",
    "floods of PING, SETTINGS, PRIORITY, WINDOW_UPDATE, GOAWAY, unknown and empty frames",
    "`controlBurst`, `controlsPerSecond` (1000, 100), and 10 for each frame that the client gets; then `ENHANCE_YOUR_CALM`",
  ),
  at(
    "engines",
    "too often get too_many_pings",
    "pings that keep a server awake",
    "`keepalive.minTime` (5 minutes) with three strikes, as gRPC-Go",
  ),
  at(
    "limits",
    "in too many frames end the connection",
    "CONTINUATION without end",
    "`maxContinuations` (16)",
  ),
  at(
    "limits",
    "that are much too large end the connection",
    "header blocks without end",
    "`maxHeaderBlockBytes` (128 KiB) as they travel",
  ),
  at("limits", "for a header block", "header blocks that trickle", "`headerTimeout` (10 s)"),
  at(
    "hpack-vectors",
    "leaves out what is too much, and goes on with the table",
    "compressed bombs",
    "`maxMetadataBytes` (64 KiB), counted while fields are read; the call gets `RESOURCE_EXHAUSTED`",
  ),
  at(
    "limits",
    "for the preface",
    "connections that say nothing, or do not take note of settings",
    "`handshakeTimeout` (10 s), also for TLS",
  ),
  at(
    "limits",
    "for the answer to a ping into silence",
    "clients that are gone",
    "`keepalive.time`, `keepalive.timeout` (2 hours, 20 s)",
  ),
  at(
    "limits",
    "for taking what was sent",
    "clients that read nothing from their sockets",
    "`stallTimeout` (30 s)",
  ),
  at(
    "flow-control",
    "requests are left unread while their client takes no replies",
    "questions whose answers are not read",
    "above 1 MiB of answers nothing more is read",
  ),
  at(
    "flow-control",
    "keep new streams out while there are too many",
    "replies behind closed windows",
    "`maxQueuedBytes` (64 MiB) of a connection, then no stream is begun",
  ),
  at(
    "http2-engine",
    "share the room for replies that wait",
    "the same on many connections, of several servers",
    "`maxQueuedBytesTotal` (512 MiB) of the engine",
  ),
  at(
    "flow-control",
    "of a client that takes none are given up for others",
    "others being kept out by that",
    "who takes nothing for `stallTimeout` (30 s) meanwhile is ended",
  ),
  at(
    "flow-control",
    "gets no credit while paused streams hold too much, and all of it afterwards",
    "uploads that handlers do not read",
    "`streamWindow`, `maxHeldBytes` (256 KiB, 16 MiB of a connection), then no credit",
  ),
  at(
    "http2-engine",
    "share the room for what paused streams hold, and let others go on",
    "the same on many connections, of several servers",
    "`maxHeldBytesTotal` (256 MiB) of the engine",
  ),
  at(
    "flow-control",
    "holds up no other stream while one is paused",
    "a stream that is not read holds up others",
    "the connection's window does not depend on streams",
  ),
  at(
    "conformance",
    "of a stream above 2^31-1 by settings",
    "windows that overflow, or become negative",
    "`FLOW_CONTROL_ERROR`; negative ones are waited for",
  ),
  at(
    "conformance",
    "for another host than the authority",
    "requests that two readers read differently",
    "malformed by RFC 9113, section 8: reset",
  ),
  at(
    "engines",
    "refuses cipher suites that HTTP/2 forbids",
    "weak ciphers of TLS 1.2",
    "not offered (RFC 9113, section 9.2.2)",
  ),
  at(
    "fuzz",
    "sessions that are broken in some place leave no stream behind, and others alone",
    "bytes of any kind",
    "the connection ends, nothing else",
  ),
];
