import type { ServerResponse } from "node:http";

/**
 * Lets what is written after the end of a response be dropped: whoever writes bit by bit learns too late that
 * the answer was given in its place, at a deadline for instance, and Node would end the process.
 */
export function dropLateWrites(response: ServerResponse): void {
  response.on("error", ignore);
}

function ignore(): void {}
