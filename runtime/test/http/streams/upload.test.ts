import { KratosError } from "@kratos-ts/runtime";
import { connect } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { createDeferred } from "../../grpc/deferred.ts";
import { send, sendRaw } from "../serve.ts";
import { collect, serveRooms, settled } from "./rooms.ts";

const path = "POST /v1/rooms/hall/lines";

/** A service that counts lines and remembers them. */
async function serveCounter(options = {}) {
  const lines: string[] = [];
  const { port } = await serveRooms(
    {
      async dictate(requests) {
        for await (const { room, text } of requests) lines.push(`${room} ${text}`);
        return { lines: lines.length };
      },
    },
    options,
  );
  return { port, lines };
}

test.for<[what: string, body: string, texts: string[]]>([
  ["lines", '{"text":"a"}\n{"text":"b"}\n', ["a", "b"]],
  ["lines without a last break", '{"text":"a"}\r\n\r\n{"text":"b"}', ["a", "b"]],
  ["texts over several lines", '{\n"text":\n"a"}\n{"text":\n"b"\n}\n', ["a", "b"]],
  ["an array", ' [ {"text":"a"} , {"text":"b"}\n]\n', ["a", "b"]],
  ["brackets in texts", '[{"text":"]}"},{"text":"\\"[{"}]', ["]}", '"[{']],
  ["an empty array", "[ ]", []],
  ["nothing", "", []],
])("%s are the messages of a stream", async ([, body, texts]) => {
  const { port, lines } = await serveCounter();
  const response = await send(port, path, body);
  expect(JSON.parse(response.body)).toEqual({ lines: texts.length });
  expect(lines).toEqual(texts.map((text) => `hall ${text}`));
});

test("pieces of any size make the same messages", async () => {
  const { port, lines } = await serveCounter();
  const body = '[{"text":"ü\\"]"},\n{"text":"b"}]';
  const chunks = Array.from(Buffer.from(body), (byte) =>
    Buffer.concat([Buffer.from("1\r\n"), Buffer.of(byte), Buffer.from("\r\n")]),
  );
  const head = `${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const tail = Buffer.from("0\r\n\r\n");
  const { status } = await sendRaw(port, Buffer.concat([Buffer.from(head), ...chunks, tail]));
  expect(status).toBe(200);
  expect(lines).toEqual(['hall ü"]', "hall b"]);
});

test.for<[what: string, body: string, headers: Record<string, string>, status: number]>([
  ["no JSON", '{"text":"a"}\n{"text":', {}, 400],
  ["what does not fit", '{"text":"a"}\n{"text":5}\n', {}, 400],
  ["an array without an end", '[{"text":"a"},', {}, 400],
  ["an array that lacks an element", '[{"text":"a"},]', {}, 400],
  ["an array and more", '[{"text":"a"}] {"text":"b"}', {}, 400],
  ["a text that is too long", `{"text":"${"x".repeat(2000)}"}`, {}, 413],
  ["a form", "text=a", { "Content-Type": "application/x-www-form-urlencoded" }, 415],
  ["what is not packed as it says", "{}", { "Content-Encoding": "gzip" }, 400],
])("%s is refused", async ([, body, headers, status]) => {
  const { port } = await serveCounter({ maxBodyBytes: 1000 });
  const response = await send(port, path, body, headers);
  expect(response.status).toBe(status);
  expect(JSON.parse(response.body)).toMatchObject({ code: status });
});

describe("the handler", () => {
  test("runs from the start, and may answer before the end", async () => {
    const { port } = await serveRooms({
      async dictate(requests) {
        for await (const { text } of requests) return { lines: Number(text) };
        return {};
      },
    });
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.write(`${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`);
    socket.write('d\r\n{"text":"7"}\n\r\n');
    const [answer] = await new Promise<Buffer[]>((resolve) =>
      socket.once("data", (data: Buffer) => resolve([data])),
    );
    expect(answer!.toString()).toMatch(/^HTTP\/1\.1 200 OK[^]*\{"lines":7\}$/);
  });

  test("learns that its client has gone", async () => {
    let reason: unknown;
    let seen: unknown;
    const ended = createDeferred();
    const first = createDeferred();
    const { port } = await serveRooms({
      async dictate(requests, { signal }) {
        signal.addEventListener("abort", () => (reason = signal.reason));
        try {
          for await (const _ of requests) first.resolve();
        } catch (error) {
          seen = error;
        }
        ended.resolve();
        return {};
      },
    });
    const socket = connect(port, "127.0.0.1");
    socket.write(`${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{"text":"a"}\n`);
    await first.promise;
    socket.resetAndDestroy();
    await ended.promise;
    expect([reason, seen]).toMatchObject([{ code: 499 }, { code: 499 }]);
  });

  test("fails its call with what it throws", async () => {
    const { port } = await serveRooms({
      async dictate(requests) {
        await collect(requests);
        throw new KratosError(409, "ROOM_FULL", "no more");
      },
    });
    const { status, body } = await send(port, path, "[{}]");
    expect([status, JSON.parse(body)]).toMatchObject([409, { reason: "ROOM_FULL" }]);
  });

  test("slows its client down when it is slower", async () => {
    const go = createDeferred();
    let bytes = 0;
    const { port } = await serveRooms({
      async dictate(requests) {
        await go.promise;
        for await (const { text } of requests) bytes += text.length;
        return { lines: bytes };
      },
    });
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    const line = `{"text":"${"x".repeat(64 * 1024)}"}\n`;
    const count = 512;
    socket.write(
      `${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${line.length * count}\r\n\r\n`,
    );
    for (let i = 0; i < count; i++) socket.write(line);
    await settled(() => -socket.writableLength);
    expect(socket.writableLength).toBeGreaterThan((line.length * count) / 2);
    go.resolve();
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    expect(text).toContain(`{"lines":${64 * 1024 * count}}`);
  });
});

test("an upload that is cut off by a server that stops is told so", async () => {
  const started = createDeferred();
  let reason: unknown;
  const { server, port } = await serveRooms({
    async dictate(requests, { signal }) {
      signal.addEventListener("abort", () => (reason = signal.reason));
      for await (const _ of requests) started.resolve();
      return {};
    },
  });
  const head = `${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const response = sendRaw(port, `${head}3\r\n{}\n\r\n`);
  await started.promise;
  await server.stop(AbortSignal.abort());
  const { status, headers, body } = await response;
  expect([status, headers.get("connection")]).toEqual([503, "close"]);
  expect(JSON.parse(body)).toMatchObject({ reason: "SERVER_STOPPED" });
  expect(reason).toMatchObject({ reason: "SERVER_STOPPED" });
});
