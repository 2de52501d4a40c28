import type { ClientHttp2Session, IncomingHttpHeaders } from "node:http2";
import { connect, sensitiveHeaders } from "node:http2";
import { expect, onTestFinished, test } from "vitest";
import type { Field } from "../../src/transport/http2/engine.ts";
import { HeaderSet } from "../../src/transport/http2/engine.ts";
import { createRandom } from "./random.ts";
import { LogSink, startEngine } from "./start-engine.ts";

const names = ["x-a", "x-b", "x-trace", "accept", "user-agent", "x-long-name-of-a-field", "etag"];

/** Sends back all fields, some in a set and the others each anew. */
class MirrorSink extends LogSink {
  override onEnd(): void {
    const fields: Field[] = [[":status", "200"]];
    this.stream.headers.forEach((name, value) => fields.push([name, value]));
    const constant = this.stream.headers.get(":path") === "/set";
    this.stream.respond(constant ? new HeaderSet(fields) : fields, true);
  }
}

function call(
  session: ClientHttp2Session,
  headers: Record<string, string | string[]>,
): Promise<IncomingHttpHeaders> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers);
    stream.on("response", resolve);
    stream.on("error", reject);
    stream.resume();
  });
}

test.for([0, 60, 500, 4096, 65_536])(
  "header blocks mean the same to another implementation whose table has %d bytes",
  async (headerTableSize) => {
    const { port } = await startEngine((stream) => new MirrorSink(stream));
    const session = connect(`http://127.0.0.1:${port}`, { settings: { headerTableSize } });
    onTestFinished(() => session.destroy());
    const random = createRandom(headerTableSize + 1);
    const values = Array.from({ length: 12 }, () => random.text(random.below(60)));
    for (let round = 0; round < 40; round++) {
      const calls = Array.from({ length: 10 }, () => {
        const headers: Record<string, string | string[]> = {};
        for (let i = random.below(6); i >= 0; i--) {
          const name = random.pick(names);
          const old = random.below(3) > 0;
          headers[name] = old ? random.pick(values) : random.text(random.below(300));
        }
        const secret = random.below(4) === 0 ? [random.pick(names)] : [];
        const path = random.below(4) === 0 ? "/set" : `/${random.below(5)}`;
        return { path, headers, secret };
      });
      const replies = await Promise.all(
        calls.map(({ path, headers, secret }) =>
          call(session, { ":path": path, ...headers, [sensitiveHeaders]: secret }),
        ),
      );
      for (const [i, reply] of replies.entries()) {
        expect(reply).toMatchObject({ ":status": 200, ...calls[i]?.headers });
      }
    }
  },
);

test("a block that takes several frames arrives, both ways", async () => {
  const { port } = await startEngine((stream) => new MirrorSink(stream));
  const session = connect(`http://127.0.0.1:${port}`);
  onTestFinished(() => session.destroy());
  const random = createRandom(7);
  const headers = Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [`x-${i}`, random.text(2500)]),
  );
  expect(await call(session, { ":path": "/", ...headers })).toMatchObject(headers);
});
