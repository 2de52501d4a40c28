import { gzipSync } from "node:zlib";
import type { GrpcServer } from "@kratos-ts/runtime/grpc";
import { expect, test } from "vitest";
import { clientPreface, FrameType } from "../../src/transport/http2/stack/frame.ts";
import { createRandom, type Random } from "../http2/random.ts";
import {
  data,
  frame as http2Frame,
  RawClient,
  reset,
  settings,
  windowUpdate,
} from "../http2/raw-client.ts";
import { Chat, Collect, Echo, Repeat } from "./echo-schema.ts";
import { createClient, startServer } from "./kratos-peer.ts";
import { frame, requestFrame } from "./raw-call.ts";
import { openCall } from "./raw-grpc.ts";

const methods = ["Echo", "Repeat", "Collect", "Chat", "Nope"] as const;

/** A session of calls that keep to the rules, each with one request or several, some compressed. */
function validSession(random: Random): Buffer {
  const frames: Uint8Array[] = [];
  for (let id = 1; id < 2 + 2 * random.below(8); id += 2) {
    const method = methods[random.below(methods.length)] ?? "Echo";
    const packed = random.below(3) === 0;
    frames.push(
      openCall(id, method, [
        ["x-text", random.text(random.below(40))],
        ["x-bytes-bin", "AAEC,AwQ="],
        ...(packed ? ([["grpc-encoding", "gzip"]] as const) : []),
        ...(random.below(4) === 0 ? ([["grpc-timeout", "50m"]] as const) : []),
      ]),
    );
    for (let i = random.below(3); i >= 0; i--) {
      const message = requestFrame({ text: random.text(random.below(200)), count: 3 });
      frames.push(data(id, packed ? frame(gzipSync(message.subarray(5)), 1) : message));
    }
    if (random.below(5) === 0) frames.push(reset(id, 8));
    else if (random.below(5) > 0) frames.push(data(id, "", true));
    if (random.below(4) === 0) frames.push(windowUpdate(id, 1 + random.below(1000)));
    if (random.below(6) === 0) frames.push(http2Frame(FrameType.PING, 0, 0, Buffer.alloc(8)));
  }
  return Buffer.concat([settings(), ...frames]);
}

/** Changes, drops, doubles or puts in a few bytes. */
function mutate(bytes: Buffer, random: Random): Buffer {
  let mutated = Buffer.from(bytes);
  for (let i = random.below(4); i > 0; i--) {
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

/** Handlers that run, and calls that were begun. */
interface Count {
  running: number;
  begun: number;
}

function register(server: GrpcServer, count: Count): void {
  /** Waits until the call is over, so that nothing that goes wrong is hidden by a reply. */
  const track = (signal: AbortSignal): void => {
    count.begun++;
    count.running++;
    signal.addEventListener("abort", () => count.running--, { once: true });
  };
  server.handle(Echo, ({ text }, { signal }) => {
    if (text.length % 3 > 0) return { text };
    track(signal);
    return new Promise(() => undefined);
  });
  server.handle(Repeat, async function* ({ text, count: times }, { signal }) {
    track(signal);
    for (let i = 0; i < Math.min(times, 100); i++) yield { text };
    await new Promise(() => undefined);
  });
  server.handle(Collect, async (requests, { signal }) => {
    track(signal);
    for await (const { text } of requests) if (text.startsWith("a")) break;
    return new Promise(() => undefined);
  });
  server.handle(Chat, async function* (requests, { signal }) {
    track(signal);
    for await (const { text } of requests) yield { text };
    await new Promise(() => undefined);
  });
}

test("calls that are broken in some place leave no handler behind, and other connections alone", async () => {
  const count = { running: 0, begun: 0 };
  const { server, address } = await startServer((router) => register(router, count), {
    timeout: 0,
    // Finds those on which Node's HTTP/2 gives up without closing them.
    keepalive: { time: 50, timeout: 50 },
  });
  const port = Number(address.split(":")[1]);
  const other = createClient(address).method(Echo);
  const broken = async (seed: number): Promise<void> => {
    const random = createRandom(seed);
    const client = await RawClient.connect(port, true);
    client.send(Buffer.from(clientPreface), mutate(validSession(random), random));
    client.socket.end();
    await client.closed;
  };
  for (let seed = 1; seed <= 300; seed += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, index) => broken(seed + index)));
    expect(await other({ text: "ok" })).toMatchObject({ text: "ok" });
  }
  expect(count.begun).toBeGreaterThan(100);
  await expect.poll(() => count.running).toBe(0);
  const stopping = server.stop(new AbortController().signal);
  await expect(stopping).resolves.toBeUndefined();
});
