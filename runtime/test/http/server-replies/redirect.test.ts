import { redirect, type RedirectStatus } from "@kratos-ts/runtime/http";
import { expect, test } from "vitest";
import { buildSchema } from "../schema.ts";
import { send, serveRules } from "../serve.ts";

const R = buildSchema()("test.v1.R");

test.for<[url: string, status: RedirectStatus | undefined, location: string]>([
  ["https://example.com/x?y=1", undefined, "https://example.com/x?y=1"],
  ["/v1/other", 303, "/v1/other"],
  ["/ü/%C3%BC", 308, "/%C3%BC/%C3%BC"],
])("%s leads there, with %s", async ([url, status, location]) => {
  const port = await serveRules(["GET /v1"], R, R, () => {
    throw redirect(url, status);
  });
  const response = await send(port, "GET /v1");
  expect(response.status).toBe(status ?? 302);
  expect(response.headers.get("location")).toBe(location);
});

test("keeps what the handler sends beside it, and works where it is a cause", async () => {
  const port = await serveRules(["GET /v1"], R, R, (_request, { replyHeader }) => {
    replyHeader.set("Set-Cookie", "a=1");
    throw new Error("not here", { cause: redirect("/login") });
  });
  const { status, headers } = await send(port, "GET /v1");
  expect(status).toBe(302);
  expect(headers.get("location")).toBe("/login");
  expect(headers.get("set-cookie")).toBe("a=1");
});

test.for(["", "/a b", "/a\r\nSet-Cookie: x=1", "/\u0000"])("%j is no URL", (url) => {
  expect(() => redirect(url)).toThrow("is no URL to redirect to");
});

test("only the statuses of redirects are taken", () => {
  expect(() => redirect("/", 200 as 302)).toThrow("status 200 is no redirect");
});
