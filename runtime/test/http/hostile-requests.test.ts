import fc from "fast-check";
import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { buildSchema } from "./schema.ts";
import { parseResponse, serveRules } from "./serve.ts";

const R = buildSchema()("test.v1.R");

const rules = [
  "GET /v1/{id}",
  "GET /v1/{n}/{name=files/**}",
  "GET /v1/{sub.num}:verb",
  "POST /v1/{ts}/{raw} body=*",
  "POST /v2/{state} body=book",
  "PATCH /v2/{dur} body=subs",
  "* /v3/{name=**}",
];

const text = fc.oneof(
  fc.stringMatching(/^[!"$-~]{0,12}$/),
  fc.constantFrom("%2F", "%zz", "%FF", "..", "%2e", "[", "]", ":verb", "__proto__", "constructor"),
  fc.constantFrom(...R.fields.flatMap(({ name, jsonName }) => [name, jsonName])),
);
const target = fc
  .tuple(
    fc.constantFrom("/v1/", "/v2/", "/v3/", "/v1/5/files/", "/"),
    fc.array(text, { maxLength: 3 }),
    fc.array(fc.tuple(fc.array(text, { maxLength: 3 }), fc.array(text, { maxLength: 2 })), {
      maxLength: 4,
    }),
  )
  .map(([start, path, query]) => {
    const pairs = query.map(([key, value]) => `${key.join(".")}=${value.join("")}`);
    return `${start}${path.join("/")}?${pairs.join("&")}`.replaceAll("#", "");
  });
const body = fc.oneof(
  fc.json(),
  fc.string(),
  fc
    .dictionary(fc.constantFrom(...R.fields.map(({ jsonName }) => jsonName)), fc.jsonValue())
    .map((value) => JSON.stringify(value)),
);

test("no request makes the server fail", async () => {
  const reply = { name: "ok" };
  const port = await serveRules(rules, R, R, () => reply, { timeout: 0 });
  const socket = connect(port, "127.0.0.1");
  const statuses = new Set<number>();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("GET", "HEAD", "POST", "PATCH", "OPTIONS", "DELETE"),
      target,
      fc.constantFrom(
        "application/json",
        "application/proto",
        "application/x-www-form-urlencoded",
        "",
      ),
      fc.constantFrom("application/json", "application/proto", "x", ""),
      body,
      async (method, target, type, accept, body) => {
        const bytes = Buffer.from(body);
        const head = `${method} ${target} HTTP/1.1\r\nHost: t\r\nAccept: ${accept}\r\nContent-Type: ${type}\r\nContent-Length: ${bytes.length}\r\n\r\n`;
        socket.write(Buffer.concat([Buffer.from(head), bytes]));
        const [data] = (await once(socket, "data")) as [Buffer];
        const { status } = parseResponse(data.toString("latin1"));
        statuses.add(status);
        expect([200, 204, 400, 404, 405, 415]).toContain(status);
      },
    ),
    {
      numRuns: 1000,
      // Seldom found by chance: a format that a field cannot be read from.
      examples: [["PATCH", "/v2/1s?", "application/x-www-form-urlencoded", "", "x"]],
    },
  );
  socket.destroy();
  // The requests are worth something only if they reach all of these.
  expect([...statuses].sort()).toEqual([200, 204, 400, 404, 405, 415]);
});
