import { expect, test } from "vitest";
import { clientPreface, FrameFlag, FrameType } from "../../src/transport/http2/stack/frame.ts";
import type { Random } from "./random.ts";
import { createRandom } from "./random.ts";
import {
  block,
  data,
  frame,
  ping,
  RawClient,
  request,
  requestFields,
  reset,
  settings,
  windowUpdate,
} from "./raw-client.ts";
import { EchoSink, LogSink, startEngine } from "./start-engine.ts";

/** A session that keeps to the rules; streams get what they need to end. */
function validSession(random: Random): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const open: number[] = [];
  let next = 1;
  for (let i = 0; i < 15; i++) {
    switch (random.below(6)) {
      case 0:
        frames.push(request(next, [["x-a", random.text(random.below(40))]]));
        next += 2;
        break;
      case 1:
        frames.push(request(next, [], true));
        open.push(next);
        next += 2;
        break;
      case 2:
        frames.push(settings([4, 65_535 + random.below(1000)]));
        break;
      case 3:
        frames.push(
          frame(FrameType.HEADERS, FrameFlag.END_STREAM, next, block(...requestFields)),
          frame(FrameType.CONTINUATION, 0, next, block(["x-b", random.text(200)])),
          frame(FrameType.CONTINUATION, FrameFlag.END_HEADERS, next, block(["x-c", "d"])),
        );
        next += 2;
        break;
      default: {
        const id = open[random.below(open.length + 1)];
        if (id === undefined) frames.push(ping);
        else frames.push(data(id, random.text(random.below(300))));
      }
    }
  }
  return [...frames, ...open.map((id) => data(id, "", true))];
}

/** Sends the bytes in pieces of random sizes. */
async function sendInPieces(client: RawClient, bytes: Buffer, random: Random): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const length = 1 + random.below(random.below(4) === 0 ? 400 : 20);
    await new Promise((resolve) => client.socket.write(bytes.subarray(at, at + length), resolve));
    at += length;
  }
}

test("sessions have the same outcome wherever their bytes are cut", async () => {
  const { port } = await startEngine((stream) => new EchoSink(stream));
  const preface = Buffer.concat([Buffer.from(clientPreface), settings()]);
  for (let seed = 1; seed <= 25; seed++) {
    const bytes = Buffer.concat([preface, ...validSession(createRandom(seed))]);
    const [whole, cut] = [await RawClient.connect(port, true), await RawClient.connect(port, true)];
    whole.send(bytes);
    await sendInPieces(cut, bytes, createRandom(seed + 1000));
    expect(await whole.settle()).toBe(true);
    expect(await cut.settle()).toBe(true);
    expect(cut.outcome().toSorted()).toEqual(whole.outcome().toSorted());
    expect(whole.outcome().length).toBeGreaterThan(0);
    whole.socket.destroy();
    cut.socket.destroy();
  }
});

/** Nobody is told of the end of a stream whose request and reply are complete. */
function isAnswered(sink: LogSink): boolean {
  return sink instanceof EchoSink && sink.ended;
}

/** Changes, drops, doubles or puts in a few bytes. */
function mutate(bytes: Buffer, random: Random): Buffer {
  let mutated = Buffer.from(bytes);
  for (let i = random.below(4); i >= 0; i--) {
    const at = random.below(mutated.length);
    const [before, after] = [mutated.subarray(0, at), mutated.subarray(at)];
    switch (random.below(4)) {
      case 0:
        mutated[at] = random.below(256);
        break;
      case 1:
        mutated = Buffer.concat([before, after.subarray(random.below(12))]);
        break;
      case 2:
        mutated = Buffer.concat([before, after.subarray(0, random.below(40)), after]);
        break;
      default:
        mutated = Buffer.concat([before, Buffer.from(random.text(random.below(12))), after]);
    }
  }
  return mutated;
}

test("sessions that are broken in some place leave no stream behind, and others alone", async () => {
  const sinks: LogSink[] = [];
  const { port } = await startEngine((stream) => {
    // Every third never answers.
    const sink = sinks.length % 3 === 0 ? new LogSink(stream) : new EchoSink(stream);
    sinks.push(sink);
    return sink;
  });
  const extra = [windowUpdate(1, 100), reset(3, 8), windowUpdate(0, 1000)];
  for (let seed = 1; seed <= 300; seed++) {
    const random = createRandom(seed);
    const bytes = mutate(Buffer.concat([settings(), ...validSession(random), ...extra]), random);
    const client = await RawClient.connect(port, true);
    client.send(Buffer.from(clientPreface), bytes);
    // Half of a frame may be left, so that nothing else would be answered.
    client.socket.end();
    await client.closed;
  }
  await expect
    .poll(() => sinks.filter((sink) => sink.reset === undefined && !isAnswered(sink)).length)
    .toBe(0);
  expect(sinks.length).toBeGreaterThan(300);
  const client = await RawClient.connect(port);
  client.send(request(1));
  expect(await client.settle()).toBe(true);
  expect(client.outcome()).toEqual(["reply 1 0"]);
});
