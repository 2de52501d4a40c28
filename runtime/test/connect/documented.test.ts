import { KratosError } from "@kratos-ts/runtime/codegenv1";
import { cors, HttpServer } from "@kratos-ts/runtime/http";
import { silentLogger } from "@kratos-ts/runtime/log";
import { readFile } from "node:fs/promises";
import { expect, onTestFinished, test } from "vitest";
import { registerOrderServiceGrpcServer } from "../../../examples/order-service/api/order/v1/order_grpc.ts";
import { appInfo } from "../http/serve.ts";
import { call, envelope } from "./raw-call.ts";
import { serveParrot } from "./serve-parrot.ts";

const page = await readFile(
  new URL("../../../docs/grpc-web-and-connect.md", import.meta.url),
  "utf8",
);

/** The first block of code in a language. */
function findBlock(language: string): string {
  const found = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "ms").exec(page)?.[1];
  if (found === undefined) throw new Error(`the page has no block of ${language}`);
  return found;
}

async function serveOrders(): Promise<string> {
  const server = new HttpServer({ addr: "127.0.0.1:0", logger: silentLogger });
  onTestFinished(() => server.stop(AbortSignal.abort()));
  registerOrderServiceGrpcServer(server.rpc, {
    getOrder({ orderId }) {
      throw new KratosError(404, "ORDER_NOT_FOUND", `no order "${orderId}"`);
    },
    createOrder: () => ({}),
    listOrders: () => ({}),
    cancelOrder: () => ({}),
  });
  await server.start(appInfo);
  return `http://127.0.0.1:${server.port}`;
}

test("what the page asks by hand is answered with the error that it shows", async () => {
  const command = findBlock("sh");
  const [, path = ""] = /https:\/\/[^/]+(\S+)/.exec(command) ?? [];
  const [, type = ""] = /Content-Type: ([^']+)/.exec(command) ?? [];
  const [, body = ""] = /-d '([^']+)'/.exec(command) ?? [];
  const answer = await call((await serveOrders()) + path, body, { "content-type": type });
  expect(answer.status).toBe(404);
  expect(answer.json).toEqual(JSON.parse(findBlock("json")));
});

test("the content types of the page are those that are taken", async () => {
  const rows = [...page.matchAll(/^\| (`application\/.+?)\|/gm)].map(([, cell = ""]) => cell);
  const types = rows.flatMap((cell) => {
    const [first = "", ...others] = [...cell.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);
    return [first, ...others.map((text) => (text.startsWith("+") ? first + text : text))];
  });
  const { url } = await serveParrot();
  const say = await call(`${url}/test.parrot.v1.Parrot/Say`, "", { "content-type": "a/b" });
  const repeat = await call(`${url}/test.parrot.v1.Parrot/Repeat`, "", { "content-type": "a/b" });
  const accepted = [say, repeat].flatMap(({ headers }) =>
    String(headers["accept-post"]).split(", "),
  );
  expect(new Set(accepted)).toEqual(new Set(types));
  for (const type of accepted) {
    const body = type.includes("text") ? envelope("").toString("base64") : envelope("");
    const headers = { "content-type": type };
    // oxlint-disable-next-line no-await-in-loop -- few types
    const statuses = await Promise.all(
      ["Say", "Repeat"].map(
        async (name) => (await call(`${url}/test.parrot.v1.Parrot/${name}`, body, headers)).status,
      ),
    );
    expect(statuses.some((status) => status !== 415)).toBe(true);
  }
});

test("the headers of the page are those that cors() lets pages send and read", async () => {
  const origin = "https://app.example.com";
  const { url } = await serveParrot({
    filters: [cors({ origins: [origin], rpc: true, headers: [] })],
  });
  const asked = { origin, "access-control-request-method": "POST" };
  const preflight = await call(url, undefined, asked, "OPTIONS");
  const reply = await call(`${url}/test.parrot.v1.Parrot/Say`, "{}", { origin });
  const lists = [...page.matchAll(/^- headers of [^:]+:(.*?)[;.]$/gms)].map(([, list = ""]) =>
    [...list.matchAll(/`([A-Z][\w-]+)`/g)].map(([, name = ""]) => name).join(", "),
  );
  expect(lists).toEqual([
    preflight.headers["access-control-allow-headers"],
    reply.headers["access-control-expose-headers"],
  ]);
});
