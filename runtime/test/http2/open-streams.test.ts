import { expect, test } from "vitest";
import { OpenStreams } from "../../src/transport/http2/stack/open-streams.ts";
import type { Http2Stream } from "../../src/transport/http2/stack/stream.ts";
import { createRandom } from "./random.ts";

function createStream(id: number): Http2Stream {
  return { id, next: undefined } as Http2Stream;
}

test("holds the same streams as a map", () => {
  const [streams, map] = [new OpenStreams(), new Map<number, Http2Stream>()];
  const random = createRandom(3);
  let next = 1;
  for (let i = 0; i < 3000; i++) {
    if (random.below(100) < 52) {
      const stream = createStream(next);
      next += 2 * (1 + random.below(random.below(10) === 0 ? 100 : 1));
      streams.add(stream);
      map.set(stream.id, stream);
    } else {
      const id = random.pick([...map.keys(), 99_999]);
      streams.remove(id);
      map.delete(id);
    }
    if (streams.size !== map.size) throw new Error(`${streams.size} streams, not ${map.size}`);
  }
  for (let id = 1; id < next; id += 2) expect(streams.get(id)).toBe(map.get(id));
  const ids = streams.toArray().map(({ id }) => id);
  expect(ids.toSorted((a, b) => a - b)).toEqual([...map.keys()]);
  expect(ids.length).toBeGreaterThan(20);
});

test("keeps no link in a stream that was removed", () => {
  const streams = new OpenStreams();
  const all = [1, 33, 65].map(createStream);
  for (const stream of all) streams.add(stream);
  for (const { id } of all) streams.remove(id);
  expect(all.map(({ next }) => next)).toEqual([undefined, undefined, undefined]);
  expect(streams.toArray()).toEqual([]);
});
