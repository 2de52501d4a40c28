import { describe, expect, test } from "vitest";
import {
  MalformedPathError,
  RouteConflictError,
  Router,
} from "../../../src/transport/http/routing/router.ts";
import { parseRequestTarget } from "../../../src/transport/http/routing/request-target.ts";

type Row = readonly [title: string, routes: string, request: string, match: string | undefined];

describe("find", () => {
  test.for<Row>([
    ["a variable's literal must match", "GET /v1/{name=messages/*}", "GET /v1/other/1", undefined],
    ["a suffix must match", "GET /v1/{parent=shelves/*}/books", "GET /v1/shelves/1", undefined],
    ["a literal beats a wildcard", "GET /v1/{id}, GET /v1/list", "GET /v1/list", "GET /v1/list"],
    ["a dead end is left again", "GET /v1/*/x, GET /v1/me/y", "GET /v1/me/x", "GET /v1/*/x"],
    [
      "another method is passed by",
      "GET /v1/{id}, POST /v1/search",
      "GET /v1/search",
      "GET /v1/{id}",
    ],
    ["one segment beats many", "GET /a/**, GET /a/{id}", "GET /a/x", "GET /a/{id}"],
    ["all literals", "GET /c/*/d/**, GET /c/*/d/e, GET /c/f/d/e", "GET /c/f/d/e", "GET /c/f/d/e"],
    [
      "a literal at the end",
      "GET /c/*/d/**, GET /c/*/d/e, GET /c/f/d/e",
      "GET /c/x/d/e",
      "GET /c/*/d/e",
    ],
    [
      "the deep wildcard",
      "GET /c/*/d/**, GET /c/*/d/e, GET /c/f/d/e",
      "GET /c/x/d/q",
      "GET /c/*/d/**",
    ],
    ["back out of the literal", "GET /c/*/d/**, GET /c/f/d/e", "GET /c/f/d/q", "GET /c/*/d/**"],
    ["** takes no segment", "GET /v1/{name=files/**}", "GET /v1/files", "GET /v1/{name=files/**}"],
    ["** takes no segment after /", "GET /v1/{name=**}", "GET /v1", "GET /v1/{name=**}"],
    ["/** takes the root", "GET /**", "GET /", "GET /**"],
    ["the root", "GET /", "GET /", "GET /"],
    ["an end beats an empty **", "GET /v1/**, GET /v1", "GET /v1", "GET /v1"],
    ["an empty segment never binds", "GET /v1/{id}", "GET /v1/", undefined],
    ["a trailing slash is let pass", "GET /v1/items", "GET /v1/items/", "GET /v1/items"],
    ["only one slash is", "GET /v1/items", "GET /v1/items//", undefined],
    ["slashes are not merged", "GET /a/*/b", "GET /a//b", undefined],
    ["** takes no empty segment", "GET /a/**", "GET /a//b", undefined],
    ["// is no host", "GET /**", "GET //evil.com/x", undefined],
    ["case matters", "GET /v1/Items", "GET /v1/items", undefined],
    [
      "escapes are equal to what they mean",
      "GET /v1/messages/*",
      "GET /v1/%6Dessages/1",
      "GET /v1/messages/*",
    ],
    ["escapes in the template", "GET /v1/caf%C3%A9", "GET /v1/caf%c3%a9", "GET /v1/caf%C3%A9"],
    [
      "a verb beats none",
      "POST /v1/{id}:cancel, POST /v1/{id}",
      "POST /v1/7:cancel",
      "POST /v1/{id}:cancel",
    ],
    [
      "an escaped colon is data",
      "POST /v1/{id}:cancel, POST /v1/{id}",
      "POST /v1/7%3Acancel",
      "POST /v1/{id}",
    ],
    ["an unknown verb is data", "GET /v1/{id}", "GET /v1/urn:isbn:1", "GET /v1/{id}"],
    [
      "a verb of elsewhere is data",
      "POST /x/{a}:cancel, GET /v1/{id}",
      "GET /v1/7:cancel",
      "GET /v1/{id}",
    ],
    [
      "a verb after **",
      "POST /v1/{name=operations/**}:cancel",
      "POST /v1/operations/a/b:cancel",
      "POST /v1/{name=operations/**}:cancel",
    ],
    [
      "a verb beats a closer path",
      "POST /v1/{n=a/**}:cancel, POST /v1/a/{id}",
      "POST /v1/a/1:cancel",
      "POST /v1/{n=a/**}:cancel",
    ],
    [
      "only the last segment has a verb",
      "GET /{a=*}/{b=*}:verb",
      "GET /some:verb/const:verb",
      "GET /{a=*}/{b=*}:verb",
    ],
    ["a colon before is data", "GET /foo/*/hello", "GET /foo/o:verb/hello", "GET /foo/*/hello"],
    ["no verb before a slash", "POST /v1/{id}:cancel", "POST /v1/7:cancel/", undefined],
    ["no verb without a segment", "POST /v1/{id}:cancel", "POST /v1/:cancel", undefined],
    ["verbs have a case", "POST /v1/items:batchGet", "POST /v1/items:BATCHGET", undefined],
    [
      "literal and verb",
      "POST /v1/items:batchGet, POST /v1/items",
      "POST /v1/items:batchGet",
      "POST /v1/items:batchGet",
    ],
    ["HEAD goes to GET", "GET /v1/{id}", "HEAD /v1/1", "GET /v1/{id}"],
    ["HEAD goes to HEAD", "GET /v1/x, HEAD /v1/x", "HEAD /v1/x", "HEAD /v1/x"],
    ["GET beats any method", "* /v1/x, GET /v1/x", "GET /v1/x", "GET /v1/x"],
    ["any method", "* /v1/x, GET /v1/x", "PURGE /v1/x", "* /v1/x"],
    ["dots inside are data", "GET /v1/{id}", "GET /v1/..a", "GET /v1/{id}"],
  ])("%s", ([, routes, request, match]) => {
    for (const order of [routes.split(", "), routes.split(", ").toReversed()]) {
      const [method, path] = request.split(" ") as [string, string];
      expect(createRouter(order).find(method, path)?.target).toBe(match);
    }
  });

  test("gives the segments as they came, without the verb", () => {
    const router = createRouter(["GET /v1/{a}/{b}:run", "GET /v1/**"]);
    expect(router.find("GET", "/v1/x%2Fy/z:run")?.segments).toEqual(["v1", "x%2Fy", "z"]);
    expect(router.find("GET", "/v1/x/y/z:run/")?.segments).toEqual(["v1", "x", "y", "z:run"]);
  });

  test("a trailing slash is another path when slashes are strict", () => {
    const router = createRouter(["GET /v1/items", "GET /"], true);
    expect(router.find("GET", "/v1/items/")).toBeUndefined();
    expect(router.find("GET", "/v1/items")?.target).toBe("GET /v1/items");
    expect(router.find("GET", "/")?.target).toBe("GET /");
  });

  test.for([
    "/v1/%zz",
    "/v1/a%",
    "/v1/%FF",
    "/v1/%ED%A0%80",
    "/v1/../x",
    "/v1/%2e%2E",
    "/./v1",
    "/v1/x:%zz",
  ])("refuses the path %s", (path) => {
    const router = createRouter(["GET /v1/{id}", "GET /v1/{id}:x"]);
    expect(() => router.find("GET", path)).toThrow(MalformedPathError);
    expect(() => router.allowedMethods(path)).toThrow(MalformedPathError);
  });
});

test.for<[routes: string, path: string, allowed: string]>([
  ["POST /v1/search", "/v1/search", "POST"],
  ["GET /v1/{id}, POST /v1/x", "/v1/x", "POST GET HEAD"],
  ["GET /v1/{id}:run, POST /v1/{id}", "/v1/x:run", "GET HEAD POST"],
  ["GET /v1/{id}, DELETE /v1/**", "/v1/x", "GET HEAD DELETE"],
  ["GET /v1/{id}", "/nope", ""],
])("%s allows at %s: %s", ([routes, path, allowed]) => {
  expect(createRouter(routes.split(", ")).allowedMethods(path).join(" ")).toBe(allowed);
});

describe("add", () => {
  test("names both operations of a conflict", () => {
    const router = new Router<string>();
    router.add("GET", "/v1/{a}", "/a.A/Get", "1");
    const add = () => router.add("GET", "/v1/{b}", "/a.A/Find", "2");
    expect(add).toThrow(RouteConflictError);
    expect(add).toThrow(
      '"/a.A/Get" (GET /v1/{a}) and "/a.A/Find" (GET /v1/{b}) match the same requests',
    );
  });

  test("tells that an operation is registered twice", () => {
    const router = new Router<string>();
    router.add("GET", "/v1/{a}", "/a.A/Get", "1");
    expect(() => router.add("GET", "/v1/{a}", "/a.A/Get", "1")).toThrow("is registered twice");
  });
});

describe("parseRequestTarget", () => {
  test.for<[url: string, path: string, query: string]>([
    ["/v1/x", "/v1/x", ""],
    ["/v1/x?", "/v1/x", ""],
    ["/v1/x?a=b?c", "/v1/x", "a=b?c"],
    ["http://other/v1/x?y", "/v1/x", "y"],
    ["HTTPS://other:8080", "/", ""],
    ["http://other?x", "/", "x"],
    ["//evil.com/x", "//evil.com/x", ""],
    ["/v1/../admin", "/v1/../admin", ""],
    ["*", "*", ""],
  ])("splits %s", ([url, path, query]) => {
    expect(parseRequestTarget(url)).toMatchObject({ path, query });
  });

  test.for(["/v1/x#frag", "x", "ftp://x/y", "/\u00ff"])("refuses %s", (url) => {
    expect(() => parseRequestTarget(url)).toThrow(MalformedPathError);
  });
});

function createRouter(routes: readonly string[], strictSlash = false): Router<string> {
  const router = new Router<string>({ strictSlash });
  for (const route of routes) {
    const [method, path] = route.split(" ") as [string, string];
    router.add(method, path, `/test/${route}`, route);
  }
  return router;
}
