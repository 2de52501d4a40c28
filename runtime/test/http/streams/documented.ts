/** What docs/streams.md shows, word for word. */
import { type CallContext, KratosError, takeUntil } from "@kratos-ts/runtime";
import { EventEmitter, on } from "node:events";
import type {
  RoomsHttpClient,
  RoomsHttpServer,
} from "../../../../fixtures/golden/http-streams/want/api/rooms/v1/rooms_http.ts";
import type {
  Line,
  Room,
} from "../../../../fixtures/golden/http-streams/want/api/rooms/v1/rooms_pb.ts";

export class RoomsService implements RoomsHttpServer {
  readonly #lines = new EventEmitter();

  open({ name }: Room) {
    return { name };
  }

  async *listen({ name }: Room, { signal, stopping }: CallContext) {
    if (name === "cellar") throw new KratosError(404, "NO_ROOM", `no room "${name}"`);
    const lines = on(this.#lines, name, { signal });
    for await (const [line] of takeUntil(lines, stopping)) yield line as Line;
  }

  async dictate(lines: AsyncIterable<Line>) {
    let count = 0;
    for await (const line of lines) {
      this.#lines.emit(line.room, line);
      count++;
    }
    return { lines: count };
  }

  async *talk(lines: AsyncIterable<Line>, { stopping }: CallContext) {
    for await (const line of takeUntil(lines, stopping)) {
      yield { ...line, text: line.text.toUpperCase() };
    }
  }
}

export async function listenForOne(rooms: RoomsHttpClient): Promise<string> {
  for await (const line of rooms.listen({ name: "hall" })) return line.text; // ends the call
  return "nothing was said";
}

export async function dictate(rooms: RoomsHttpClient, texts: readonly string[]): Promise<number> {
  async function* lines() {
    for (const text of texts) yield { room: "hall", text };
  }
  const summary = await rooms.dictate(lines(), { timeout: 5000 });
  return summary.lines;
}
