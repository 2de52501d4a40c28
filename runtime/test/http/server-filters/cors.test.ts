import { cors, type CorsOptions } from "@kratos-ts/runtime/http";
import { expect, test } from "vitest";
import { buildSchema } from "../schema.ts";
import { type RawResponse, send, serveRules } from "../serve.ts";

const R = buildSchema()("test.v1.R");
const app = "https://app.example.com";

async function ask(
  options: CorsOptions,
  line: string,
  headers: Readonly<Record<string, string>>,
): Promise<RawResponse> {
  const filters = [cors(options)];
  const rules = ["GET /v1", "POST /v1 body=*"];
  const port = await serveRules(rules, R, R, () => ({}), { filters });
  return send(port, line, undefined, headers);
}

function preflight(origin: string, more: Readonly<Record<string, string>> = {}) {
  return { Origin: origin, "Access-Control-Request-Method": "PUT", ...more };
}

test.for<
  [title: string, origins: CorsOptions["origins"], origin: string, allowed: string | undefined]
>([
  ["all", "*", app, "*"],
  ["one of a list", ["https://other.example", app], app, app],
  ["one of a list in another case", ["HTTPS://APP.example.com"], app, app],
  ["not in the list", ["https://other.example"], app, undefined],
  ["with another port", [app], `${app}:8443`, undefined],
  ["that matches an expression", [/https:\/\/\w+\.example\.com/], app, app],
  ["that only contains a match", [/https:\/\/app\.example/], app, undefined],
  ["that matches with a sticky expression", [/https:\/\/app\.example\.com/gy], app, app],
  ["that a function allows", (origin) => origin.endsWith(".example.com"), app, app],
  ["that a function refuses", () => false, app, undefined],
  ["of a file", [app], "null", undefined],
  ["of a file, listed", ["null"], "null", "null"],
])("an origin %s", async ([, origins, origin, allowed]) => {
  const { status, headers } = await ask({ origins }, "GET /v1", { Origin: origin });
  expect(status).toBe(200);
  expect(headers.get("access-control-allow-origin")).toBe(allowed);
  expect(headers.get("vary")).toBe(origins === "*" ? undefined : "Origin");
});

test("a preflight is answered before routing, with what is allowed", async () => {
  const asked = preflight(app, { "Access-Control-Request-Headers": "content-type, x-token" });
  const { status, headers, body } = await ask(
    { origins: [app], maxAge: 60 },
    "OPTIONS /nope",
    asked,
  );
  expect({ status, body }).toEqual({ status: 204, body: "" });
  expect(headers.get("access-control-allow-origin")).toBe(app);
  expect(headers.get("access-control-allow-methods")).toBe("GET, HEAD, POST, PUT, PATCH, DELETE");
  expect(headers.get("access-control-allow-headers")).toBe("content-type, x-token");
  expect(headers.get("access-control-max-age")).toBe("60");
});

test("pages that call by Connect and gRPC-Web may send and read what these need", async () => {
  const options = { origins: [app], rpc: true, exposedHeaders: ["x-a"], methods: ["PUT"] };
  const asked = await ask({ ...options, headers: ["x-b"] }, "OPTIONS /v1", preflight(app));
  expect(asked.headers.get("access-control-allow-methods")).toBe("PUT, GET, POST");
  expect(asked.headers.get("access-control-allow-headers")).toBe(
    "x-b, Content-Type, Connect-Protocol-Version, Connect-Timeout-Ms, Grpc-Timeout, X-Grpc-Web, X-User-Agent",
  );
  const { headers } = await ask(options, "GET /v1", { Origin: app });
  expect(headers.get("access-control-expose-headers")).toBe(
    "x-a, Grpc-Status, Grpc-Message, Grpc-Status-Details-Bin",
  );
});

test("a preflight of an origin that is not allowed learns nothing", async () => {
  const { status, headers } = await ask(
    { origins: [app] },
    "OPTIONS /v1",
    preflight("https://evil.example"),
  );
  expect(status).toBe(204);
  expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
});

test("OPTIONS that is no preflight is routed", async () => {
  const { status, headers } = await ask({ origins: "*" }, "OPTIONS /v1", { Origin: app });
  expect(status).toBe(204);
  expect(headers.get("allow")).toBe("GET, HEAD, POST, OPTIONS");
});

test("lists of methods and headers replace what is asked for", async () => {
  const options: CorsOptions = { origins: "*", methods: ["GET"], headers: ["X-One", "X-Two"] };
  const asked = preflight(app, { "Access-Control-Request-Headers": "x-three" });
  const { headers } = await ask(options, "OPTIONS /v1", asked);
  expect(headers.get("access-control-allow-methods")).toBe("GET");
  expect(headers.get("access-control-allow-headers")).toBe("X-One, X-Two");
});

test("pages may send credentials and read headers where that is allowed", async () => {
  const options: CorsOptions = { origins: [app], credentials: true, exposedHeaders: ["X-Total"] };
  const { headers } = await ask(options, "GET /v1", { Origin: app });
  expect(headers.get("access-control-allow-credentials")).toBe("true");
  expect(headers.get("access-control-expose-headers")).toBe("X-Total");
});

test("what a handler says of caching stays beside what the filter says", async () => {
  const filters = [cors({ origins: [app] })];
  const port = await serveRules(
    ["GET /v1"],
    R,
    R,
    (_request, { replyHeader }) => {
      replyHeader.set("Vary", "Accept");
      return {};
    },
    { filters },
  );
  const response = await fetch(`http://127.0.0.1:${port}/v1`);
  expect(response.headers.get("vary")).toBe("Origin, Accept");
});

test("errors can be read by pages too", async () => {
  const { status, headers } = await ask({ origins: [app] }, "GET /nope", { Origin: app });
  expect(status).toBe(404);
  expect(headers.get("access-control-allow-origin")).toBe(app);
});

test.for<[options: CorsOptions, message: string]>([
  [{ origins: "*", credentials: true }, 'origins "*" with credentials'],
  [{ origins: ["app.example.com"] }, '"app.example.com" is no origin'],
  [{ origins: ["https://app.example.com/"] }, "is no origin"],
])("%o is refused", ([options, message]) => {
  expect(() => cors(options)).toThrow(message);
});
