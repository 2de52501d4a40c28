import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { HttpServer } from "@kratos-ts/runtime/http";
import type { HttpServerOptions } from "@kratos-ts/runtime/http";
import { silentLogger } from "@kratos-ts/runtime/log";
import { openApi, type OpenApiOptions } from "@kratos-ts/runtime/openapi";
import { parse } from "yaml";

const document = `openapi: 3.1.1
info: { title: Shop & <Co>, version: v1 }
paths: { /v1/things: { get: { operationId: list } } }
components: {}
`;

function makeFolder(files: Readonly<Record<string, string>> = { "a_openapi.yaml": document }) {
  const folder = mkdtempSync(join(tmpdir(), "openapi-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

async function serve(
  options: Partial<OpenApiOptions> = {},
  server: HttpServerOptions = {},
): Promise<string> {
  const http = new HttpServer({ addr: "127.0.0.1:0", logger: silentLogger, ...server });
  http.mount(openApi({ documents: makeFolder(), ...options }));
  await http.start({ id: "1", name: "shop", version: "1", metadata: {}, endpoints: [] });
  onTestFinished(() => http.stop(AbortSignal.abort()));
  return `http://127.0.0.1:${http.port}`;
}

/** Asks with a path that clients would tidy up. */
async function requestRaw(url: string, path: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.end(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  return text(socket);
}

describe("openApi", () => {
  test("serves the document as YAML and as JSON", async () => {
    const url = await serve({ version: "7", title: "T" });

    const yaml = await fetch(`${url}/q/openapi.yaml`);
    expect(yaml.headers.get("content-type")).toBe("application/yaml");
    const json = await fetch(`${url}/q/openapi.json`);
    expect(json.headers.get("content-type")).toBe("application/json");
    const expected = {
      openapi: "3.1.1",
      info: { title: "T", version: "7" },
      servers: [{ url: ".." }],
      paths: { "/v1/things": { get: { operationId: "list" } } },
      components: {},
    };
    expect(await json.json()).toEqual(expected);
    expect(parse(await yaml.text())).toEqual(expected);
  });

  test.for<[prefix: string, server: string]>([
    ["/q", "https://a/base"],
    ["", "https://a/base"],
    ["/internal/docs", "https://a/base"],
  ])("names the server from below %j", async ([prefix, expected]) => {
    const url = await serve({ prefix, swaggerUi: false });
    const { servers } = (await (await fetch(`${url}${prefix}/openapi.json`)).json()) as {
      servers: { url: string }[];
    };

    const seen = new URL(servers[0]!.url, `https://a/base${prefix}/openapi.json`);
    expect(seen.href.replace(/\/$/, "")).toBe(expected);
  });

  test("keeps the servers that the document names", async () => {
    const named = document.replace("components", "servers: [{ url: https://b }]\ncomponents");
    const url = await serve({ documents: makeFolder({ "a_openapi.yaml": named }) });

    const { servers } = (await (await fetch(`${url}/q/openapi.json`)).json()) as object & {
      servers?: unknown;
    };
    expect(servers).toEqual([{ url: "https://b" }]);
  });

  test("serves a page that may load what this server has and nothing else", async () => {
    const url = await serve();
    const page = await fetch(`${url}/q/swagger-ui`);
    const html = await page.text();

    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(html).toContain("<title>Shop &#38; &#60;Co&#62;</title>");
    const links = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, link]) => link!);
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) {
      const found = await fetch(new URL(link, `${url}/q/swagger-ui`));
      expect([link, found.status]).toEqual([link, 200]);
      expect(found.headers.get("x-content-type-options")).toBe("nosniff");
    }
  });

  test("leads the page's address with a slash to the one without", async () => {
    const url = await serve({}, { prefix: "/api" });
    const found = await fetch(`${url}/api/q/swagger-ui/`, { redirect: "manual" });

    expect(found.status).toBe(302);
    const location = new URL(found.headers.get("location") ?? "", `${url}/api/q/swagger-ui/`);
    expect(location.pathname).toBe("/api/q/swagger-ui");
    expect((await fetch(location)).status).toBe(200);
  });

  test.for([
    "/q/swagger-ui/../../package.json",
    "/q/swagger-ui/..%2Fpackage.json",
    "/q/swagger-ui/%2e%2e/package.json",
    "/q/swagger-ui/package.json",
    "/q/swagger-ui/..%5cpackage.json",
    "/q/swagger-ui/%00",
  ])("sends no other file: %s", async (path) => {
    const answer = await requestRaw(await serve(), path);

    expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
    expect(answer).not.toContain("swagger-api");
  });

  test("serves no page where there is to be none", async () => {
    const url = await serve({ swaggerUi: false, assets: "/nowhere" });

    expect((await fetch(`${url}/q/swagger-ui`)).status).toBe(404);
    expect((await fetch(`${url}/q/openapi.yaml`)).status).toBe(200);
  });

  test.for<[what: string, options: () => OpenApiOptions, message: RegExp]>([
    [
      "no documents",
      () => ({ documents: makeFolder({ "a.txt": "" }) }),
      /^no OpenAPI documents in ".*", generate them/,
    ],
    [
      "no folder",
      () => ({ documents: "/nowhere/api" }),
      /^no OpenAPI documents in "\/nowhere\/api"/,
    ],
    [
      "a file that is no YAML",
      () => ({ documents: makeFolder({ "a_openapi.yaml": "a: [" }) }),
      /a_openapi\.yaml" is no OpenAPI document that can be read$/,
    ],
    [
      "a file that is something else",
      () => ({ documents: makeFolder({ "a_openapi.yaml": "a: 1" }) }),
      /it must have a member "openapi"$/,
    ],
    [
      "a folder without Swagger UI",
      () => ({ documents: makeFolder(), assets: "/nowhere" }),
      /^"\/nowhere" holds no Swagger UI, there is no "swagger-ui.css"$/,
    ],
  ])("tells of %s", ([, options, message]) => {
    expect(() => openApi(options())).toThrow(message);
  });
});
