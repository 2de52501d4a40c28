import { fileURLToPath } from "node:url";
import type { LoadGenerator, LoadJob, LoadResult } from "./load.ts";
import { runPinned } from "./run-process.ts";

/** A body goes out in one frame, of the size that every server of HTTP/2 takes. */
const maxFrameBytes = 16_384;

/** The wire that a Node generator speaks. */
export type NodeLoadProtocol = "http1" | "http2";

/** A {@link LoadJob} as it travels to the process of the generator: bytes as base64. */
export interface NodeLoadRequest extends Omit<LoadJob, "work"> {
  readonly protocol: NodeLoadProtocol;
  readonly work: Omit<LoadJob["work"], "body"> & { readonly body: string | undefined };
}

/**
 * Load from Node alone: plain sockets and prepared bytes. Far lighter than any HTTP client, yet heavier
 * than wrk and h2load, so that a very fast server may be held back by it.
 */
export function createNodeLoad(
  protocol: NodeLoadProtocol,
  core: number | undefined,
): LoadGenerator {
  const script = fileURLToPath(new URL("./node-load-main.js", import.meta.url));
  return {
    name: "Node sockets",
    maxBodyBytes: protocol === "http2" ? maxFrameBytes : Number.POSITIVE_INFINITY,
    async run(job) {
      const { body } = job.work;
      const request: NodeLoadRequest = {
        ...job,
        protocol,
        work: {
          ...job.work,
          body: body === undefined ? undefined : Buffer.from(body).toString("base64"),
        },
      };
      const command = [process.execPath, script, JSON.stringify(request)];
      return JSON.parse(await runPinned(core, command, job.seconds)) as LoadResult;
    },
  };
}
