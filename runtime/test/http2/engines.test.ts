import { connect as connectHttp2 } from "node:http2";
import type { AddressInfo } from "node:net";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Http2Engine, ServerStream } from "../../src/transport/http2/server-engine.ts";
import { createNodeServer } from "../../src/transport/http2/node/node-server.ts";
import { clientPreface, FrameFlag, FrameType } from "../../src/transport/http2/stack/frame.ts";
import { http2Engine } from "../../src/transport/http2/stack/server-engine.ts";
import { completeTlsOptions, type TlsOptions } from "../../src/transport/tls-options.ts";
import { createDeferred } from "../grpc/deferred.ts";
import { createAuthority } from "../transport/certificates.ts";
import { engineOptions } from "./engine-options.ts";
import {
  data,
  frame,
  ping,
  RawClient,
  type ReceivedFrame,
  request,
  settings,
  uint32,
  windowUpdate,
} from "./raw-client.ts";
import { EchoSink, LogObserver, LogSink, okHeaders, startAnyEngine } from "./start-engine.ts";

const engines: readonly (readonly [name: string, engine: () => Http2Engine])[] = [
  ["node:http2", () => ({ createServer: createNodeServer })],
  ["http2Engine", http2Engine],
];

/** The code and the text of each goodbye. */
function goodbyes(client: RawClient): string[] {
  return client.frames
    .filter(({ type }) => type === FrameType.GOAWAY)
    .map(({ payload }) => `${payload.readUInt32BE(4)} ${payload.toString("utf8", 8)}`);
}

/** Says a last word when its connection is cut off. */
class LastWordSink extends LogSink {
  onCutOff(): void {
    this.stream.respond([...okHeaders.fields, ["last", "word"]], true);
  }
}

const longReply = Buffer.alloc(1_000_000);

/** Sends one message of a million bytes. */
class LongReplySink extends LogSink {
  override onEnd(): void {
    this.stream.respond(okHeaders);
    this.stream.end([], longReply);
  }
}

function receivedBytes({ frames }: RawClient): number {
  return frames
    .filter(({ type }) => type === FrameType.DATA)
    .reduce((sum, { payload }) => sum + payload.length, 0);
}

describe.each(engines)("the life of connections on %s", (_, engine) => {
  test("ends when there was no stream for some time, and no sooner", async () => {
    const options = { maxConnectionIdle: 80 };
    const { port } = await startAnyEngine(engine(), (stream) => new EchoSink(stream), options);
    const busy = await RawClient.connect(port);
    busy.send(request(1, [], true));
    const idle = await RawClient.connect(port);
    await idle.closed;
    expect(goodbyes(idle).at(-1)).toBe("0 ");
    expect(busy.frames.some(({ type }) => type === FrameType.GOAWAY)).toBe(false);
    busy.send(data(1, "abc", true));
    await busy.closed;
    expect(busy.outcome()).toContain("reply 1 3");
  });

  test("ends at an age, while streams that run come to their end", async () => {
    const options = { maxConnectionAge: 80 };
    const { port } = await startAnyEngine(engine(), (stream) => new EchoSink(stream), options);
    const client = await RawClient.connect(port);
    client.send(request(1, [], true));
    await client.find(({ type }) => type === FrameType.GOAWAY);
    client.send(data(1, "abc", true));
    await client.closed;
    expect(client.outcome()).toContain("reply 1 3");
    expect(goodbyes(client).at(-1)).toBe("0 ");
  });

  test("is cut off some time after that, with last words", async () => {
    const sinks: LogSink[] = [];
    const options = { maxConnectionAge: 40, maxConnectionAgeGrace: 40 };
    const { port } = await startAnyEngine(
      engine(),
      (stream) => {
        const sink = sinks.length === 0 ? new LogSink(stream) : new LastWordSink(stream);
        sinks.push(sink);
        return sink;
      },
      options,
    );
    const client = await RawClient.connect(port);
    client.send(request(1, [], true), request(3));
    await client.closed;
    expect(client.outcome()).toContain("reply 3 0");
    expect(sinks[0]).toMatchObject({ cause: { name: "ShutdownError" } });
    expect(sinks[1]?.cause).toBeUndefined();
  });

  test("ends at once when the server is told so, with last words", async () => {
    const { engine: started, port } = await startAnyEngine(
      engine(),
      (stream) => new LastWordSink(stream),
    );
    const client = await RawClient.connect(port);
    client.send(request(1, [], true));
    await client.settle();
    await Promise.all([started.shutdown(AbortSignal.abort()), client.closed]);
    expect(client.outcome()).toContain("reply 1 0");
  });

  test("ends when a client does not answer a ping", async () => {
    const observer = new LogObserver();
    const keepalive = { ...engineOptions.keepalive, time: 40, timeout: 40 };
    const { port } = await startAnyEngine(engine(), (stream) => new EchoSink(stream), {
      keepalive,
      observer,
    });
    const client = await RawClient.connect(port);
    await client.find(({ type, flags }) => type === FrameType.PING && flags === 0);
    expect(client.isClosed).toBe(false);
    client.polite = false;
    await client.closed;
    expect(observer.lines).toContain("limit silence");
  });
});

describe.each(engines)("pings on %s", (_, engine) => {
  const strict = { ...engineOptions.keepalive, minTime: 60_000, permitWithoutStream: true };

  test("too often get too_many_pings", async () => {
    const observer = new LogObserver();
    const { port } = await startAnyEngine(engine(), (stream) => new EchoSink(stream), {
      keepalive: strict,
      observer,
    });
    const client = await RawClient.connect(port);
    for (let i = 0; i < 4; i++) client.send(ping);
    await client.closed;
    expect(goodbyes(client)[0]).toBe("11 too_many_pings");
    const lines = ["connection", "limit controls", "goaway by server 11 too_many_pings", "closed"];
    await expect.poll(() => observer.lines).toEqual(lines);
  });

  test("are forgiven with each reply", async () => {
    const { port } = await startAnyEngine(engine(), (stream) => new EchoSink(stream), {
      keepalive: strict,
    });
    const client = await RawClient.connect(port);
    for (let id = 1; id < 20; id += 2) {
      client.send(request(id));
      await client.find((one) => one.id === id && (one.flags & FrameFlag.END_STREAM) !== 0);
      expect(await client.settle()).toBe(true);
    }
  });

  test("are forgiven while a long reply is sent", async () => {
    const { port } = await startAnyEngine(engine(), (stream) => new LongReplySink(stream), {
      keepalive: strict,
    });
    const client = await RawClient.connect(port);
    client.send(request(1));
    const window = 65_535;
    for (let sent = window; sent < longReply.length; sent += window) {
      await client.find(() => receivedBytes(client) >= sent);
      client.send(ping, windowUpdate(0, window), windowUpdate(1, window));
    }
    await client.find((one) => one.id === 1 && (one.flags & FrameFlag.END_STREAM) !== 0);
    expect(receivedBytes(client)).toBe(longReply.length);
  });

  test("without a stream are too many where they are not allowed", async () => {
    const keepalive = { ...strict, minTime: 0, permitWithoutStream: false };
    const { port } = await startAnyEngine(engine(), (stream) => new LogSink(stream), { keepalive });
    const idle = await RawClient.connect(port);
    const busy = await RawClient.connect(port);
    busy.send(request(1, [], true));
    for (let i = 0; i < 4; i++) {
      idle.send(ping);
      busy.send(ping);
    }
    await idle.closed;
    expect(goodbyes(idle)[0]).toBe("11 too_many_pings");
    expect(await busy.settle()).toBe(true);
  });
});

describe.each(engines)("what is reported by %s", (_, engine) => {
  test("is each connection, and what clients say when they go", async () => {
    const observer = new LogObserver();
    const { port } = await startAnyEngine(engine(), (stream) => new EchoSink(stream), { observer });
    const client = await RawClient.connect(port);
    const goodbye = Buffer.concat([uint32(0, 11), Buffer.from("calm down")]);
    client.send(request(1), frame(FrameType.GOAWAY, 0, 0, goodbye));
    await client.find(({ flags, type }) => type === FrameType.DATA || (flags & 1) !== 0);
    client.socket.end();
    await client.closed;
    await expect.poll(() => observer.lines).toContain("closed");
    expect(observer.lines.filter((line) => !line.startsWith("goaway by server"))).toEqual([
      "connection",
      "goaway by client 11 calm down",
      "closed",
    ]);
  });

  test("is a client that is held to a bound", async () => {
    const observer = new LogObserver();
    const { port } = await startAnyEngine(engine(), (stream) => new EchoSink(stream), {
      observer,
      maxMetadataBytes: 1000,
    });
    const client = await RawClient.connect(port);
    client.send(request(1, [["a", "x".repeat(900)]]));
    await client.settle();
    expect(observer.lines).toEqual(["connection", "limit headers"]);
  });

  test("is where a stream comes from", async () => {
    const streams: ServerStream[] = [];
    const { port } = await startAnyEngine(engine(), (stream) => {
      streams.push(stream);
      return new EchoSink(stream);
    });
    const client = await RawClient.connect(port);
    client.send(request(1), request(3));
    await client.settle();
    const [first, second] = streams;
    const { port: ownPort } = client.socket.address() as AddressInfo;
    expect(first?.connection).toBe(second?.connection);
    expect(first?.connection).toMatchObject({
      remoteAddress: `127.0.0.1:${ownPort}`,
      localAddress: `127.0.0.1:${port}`,
      encrypted: false,
    });
    expect(first?.connection.peerCertificate()).toBeUndefined();
  });
});

describe.each(engines)("TLS on %s", (_, engine) => {
  const authority = createAuthority();
  const server = authority.issue("server");

  async function start(options: TlsOptions, observer: LogObserver): Promise<number> {
    const { port } = await startAnyEngine(engine(), (stream) => new PeerSink(stream), {
      tls: completeTlsOptions({ ...server, ...options }),
      observer,
    });
    return port;
  }

  /** Answers with who asked, and as many bytes as came. */
  class PeerSink extends LogSink {
    override onEnd(): void {
      const { encrypted } = this.stream.connection;
      const peer = String(this.stream.connection.peerCertificate()?.subject.CN);
      this.stream.respond([...okHeaders.fields, ["peer", `${encrypted} ${peer}`]]);
      this.stream.end([], new Uint8Array(this.bytes));
    }
  }

  async function connectSecurely(port: number, options: ConnectionOptions): Promise<TLSSocket> {
    const socket = connectTls({
      port,
      host: "127.0.0.1",
      ca: authority.cert,
      ALPNProtocols: ["h2"],
      ...options,
    });
    onTestFinished(() => void socket.destroy());
    const done = createDeferred();
    socket.once("secureConnect", done.resolve);
    socket.once("error", done.resolve);
    socket.once("close", done.resolve);
    await done.promise;
    return socket;
  }

  test("carries streams of any size, and knows the client's certificate", async () => {
    const port = await start({ ca: authority.cert }, new LogObserver());
    const session = connectHttp2(`https://127.0.0.1:${port}`, {
      ca: authority.cert,
      ...authority.issue("client"),
    });
    onTestFinished(() => session.destroy());
    const sizes = [0, 1, 100_000, 5_000_000, 20];
    const replies = sizes.map(async (size) => {
      const stream = session.request({ ":method": "POST", ":path": "/" });
      stream.end(new Uint8Array(size));
      let peer: unknown;
      stream.on("response", (headers) => (peer = headers["peer"]));
      let bytes = 0;
      for await (const chunk of stream) bytes += (chunk as Buffer).length;
      return `${String(peer)} ${bytes}`;
    });
    expect(await Promise.all(replies)).toEqual(sizes.map((size) => `true client ${size}`));
  });

  test("refuses clients without a certificate where one is asked for", async () => {
    const observer = new LogObserver();
    const port = await start({ ca: authority.cert }, observer);
    const socket = await connectSecurely(port, {});
    socket.on("error", () => undefined);
    socket.resume();
    if (!socket.destroyed) await new Promise((resolve) => socket.once("close", resolve));
    expect(observer.lines).toEqual(["certificate CN=server", "handshake"]);
  });

  test("refuses cipher suites that HTTP/2 forbids", async () => {
    const port = await start({}, new LogObserver());
    const old = { maxVersion: "TLSv1.2" } as const;
    const forbidden = await connectSecurely(port, {
      ...old,
      ciphers: "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:AES128-GCM-SHA256",
    });
    expect(forbidden.authorized).toBe(false);
    const allowed = await connectSecurely(port, old);
    expect(allowed.getCipher().name).toContain("GCM");
    const client = new RawClient(allowed);
    client.send(Buffer.from(clientPreface), settings(), request(1));
    await client.settle();
    expect(client.outcome()).toEqual(["reply 1 0"]);
  });

  test("says goodbye, and last words", async () => {
    const { engine: started, port } = await startAnyEngine(
      engine(),
      (stream) => new LastWordSink(stream),
      { tls: completeTlsOptions(server) },
    );
    const client = new RawClient(await connectSecurely(port, {}));
    client.send(Buffer.from(clientPreface), settings(), request(1, [], true));
    await client.settle();
    await Promise.all([started.shutdown(AbortSignal.abort()), client.closed]);
    expect(client.outcome()).toContain("reply 1 0");
  });
});

describe.each(engines)("a reply on %s", (_, engine) => {
  test.for([
    ["before it begins", false, []],
    ["after its headers", true, []],
    ["after a part of it", true, ["part"]],
  ] as const)("that is reset %s does not look complete", async ([, begins, parts]) => {
    const { port } = await startAnyEngine(engine(), (stream) => {
      setImmediate(() => {
        if (begins) stream.respond(okHeaders);
        for (const part of parts) stream.write(Buffer.from(part));
        // What was written goes out first.
        setImmediate(() => setImmediate(() => stream.reset(2)));
      });
      return new LogSink(stream);
    });
    const client = await RawClient.connect(port);
    client.send(request(1), request(3, [], true));
    const isReset = (id: number) => (each: ReceivedFrame) =>
      each.type === FrameType.RST_STREAM && each.id === id;
    await client.find(isReset(1));
    await client.find(isReset(3));
    await client.settle();
    expect(client.outcome().toSorted()).toEqual(["reset 1 2", "reset 3 2"]);
  });
});
