import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { joinWrites } from "../../src/transport/http/listener/join-writes.ts";

test("text in one encoding goes out in one piece", async () => {
  const { bytes, writes } = await sendCorked((socket) => {
    socket.write("head\r\n", "latin1");
    socket.write("ü", "latin1");
    socket.write("", "utf8");
  });
  expect(bytes).toEqual(Buffer.from("head\r\nü", "latin1"));
  expect(writes).toBe(1);
});

test("text in several encodings keeps them", async () => {
  const { bytes } = await sendCorked((socket) => {
    socket.write("ü", "latin1");
    socket.write("ü", "utf8");
    socket.write("00ff", "hex");
  });
  expect(bytes).toEqual(Buffer.from([0xfc, 0xc3, 0xbc, 0x00, 0xff]));
});

test("bytes among text stay where they are", async () => {
  const { bytes } = await sendCorked((socket) => {
    socket.write("a", "latin1");
    socket.write(Buffer.from([0, 255]));
    socket.write("b", "latin1");
  });
  expect(bytes).toEqual(Buffer.from([0x61, 0, 255, 0x62]));
});

test("bytes alone go out as before", async () => {
  const { bytes } = await sendCorked((socket) => {
    socket.write(Buffer.from("a"));
    socket.write(Buffer.from("b"));
  });
  expect(bytes.toString()).toBe("ab");
});

test("what follows large text waits for it, and every writer is told", async () => {
  const text = "é".repeat(8 * 1024 * 1024);
  const told: string[] = [];
  const { bytes } = await sendCorked((socket) => {
    socket.write(text, "utf8", () => told.push("text"));
    socket.write("", "utf8", () => told.push("nothing"));
    socket.write("end", "utf8", () => told.push("end"));
  });
  expect(bytes.length).toBe(2 * text.length + 3);
  expect(bytes.subarray(-5).toString()).toBe("éend");
  expect(told).toEqual(["text", "nothing", "end"]);
});

test("a reader that has gone is an error to the writer, not to the process", async () => {
  const errors: unknown[] = [];
  await sendCorked(
    (socket) => {
      socket.write("x".repeat(1e6), "latin1", (error) => errors.push(error));
      socket.write("y", "latin1", (error) => errors.push(error));
      socket.destroy();
    },
    { fails: true },
  );
  expect(errors).toEqual([expect.any(Error), expect.any(Error)]);
});

/** Sends what `write` writes at once over a real connection, and counts the pieces that are sent. */
async function sendCorked(
  write: (socket: Socket) => void,
  { fails = false } = {},
): Promise<{ bytes: Buffer; writes: number }> {
  let writes = 0;
  const server = createServer((socket) => {
    joinWrites(socket);
    const original = socket._write.bind(socket);
    socket._write = (...args) => {
      writes++;
      original(...args);
    };
    socket.on("error", () => undefined);
    socket.cork();
    write(socket);
    socket.uncork();
    if (!fails) socket.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  try {
    return { bytes: await buffer(client), writes };
  } finally {
    client.destroy();
    server.close();
    await once(server, "close");
  }
}
