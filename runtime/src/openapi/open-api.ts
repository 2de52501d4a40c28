import { stringify } from "yaml";
import type { HandWrittenRoute, HttpHandler } from "../transport/http/call/hand-written-route.ts";
import { redirect } from "../transport/http/reply/redirect.ts";
import { mergeOpenApi } from "./merge-documents.ts";
import { objectIn, type OpenApiDocument } from "./open-api-document.ts";
import { readOpenApi } from "./read-documents.ts";
import { contentSecurityPolicy, readSwaggerUi, type Asset } from "./swagger-ui.ts";

/** Options of {@link openApi}. */
export interface OpenApiOptions {
  /**
   * The documents to be served as one: files, and folders with `*_openapi.yaml` at any depth. Relative to
   * where the process runs.
   */
  readonly documents: string | readonly string[];
  /** What the API is called. Default: as the documents say. */
  readonly title?: string | undefined;
  /** Which version of the API this is. Default: as the documents say. */
  readonly version?: string | undefined;
  /** The path below which the routes lie. Default: `/q`. */
  readonly prefix?: string | undefined;
  /** Whether there is a page to read the document and to try calls. Default: true. */
  readonly swaggerUi?: boolean | undefined;
  /** The folder with the files of Swagger UI. Default: that of the installed package `swagger-ui-dist`. */
  readonly assets?: string | undefined;
}

/**
 * Routes that tell what a service serves over HTTP: `server.mount(openApi({ documents: "api" }))`. They lie on
 * the server like others do: who may see them is for its middleware and filters to say.
 *
 * - `/openapi.yaml` and `/openapi.json`: the document
 * - `/swagger-ui`: a page with it, whose files all come from this server
 *
 * All is read at once. Throws an `Error` when there are no documents, when they contradict each other, and when
 * there is to be a page and Swagger UI is not installed.
 */
export function openApi(options: OpenApiOptions): readonly HandWrittenRoute[] {
  const { prefix = "/q", swaggerUi = true } = options;
  const document = makeDocument(options, prefix);
  const yaml = stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
  const json = JSON.stringify(document, undefined, 2);
  const routes = [
    toRoute(`${prefix}/openapi.yaml`, "application/yaml", Buffer.from(yaml)),
    toRoute(`${prefix}/openapi.json`, "application/json", Buffer.from(json)),
  ];
  if (!swaggerUi) return routes;
  const title = String(objectIn(document, "info")?.["title"] ?? "");
  const { page, files } = readSwaggerUi(title, options.assets);
  return [
    ...routes,
    { method: "GET", path: `${prefix}/swagger-ui`, handler: sendPage(page) },
    ...[...files].map(([name, { contentType, body }]) =>
      toRoute(`${prefix}/swagger-ui/${name}`, contentType, body),
    ),
  ];
}

function makeDocument(options: OpenApiOptions, prefix: string): OpenApiDocument {
  const { documents, title, version } = options;
  const paths = typeof documents === "string" ? [documents] : documents;
  const merged = mergeOpenApi(readOpenApi(paths));
  const { openapi, info, ...rest } = merged;
  return {
    openapi,
    info: {
      ...(typeof info === "object" ? info : {}),
      ...(title !== undefined && { title }),
      ...(version !== undefined && { version }),
    },
    // From the document upwards, so that it holds behind every prefix and proxy.
    servers: [{ url: prefix.replaceAll(/\/[^/]+/g, "../").replace(/\/$/, "") || "." }],
    ...rest,
  };
}

/** The page loads what lies beside it by relative addresses, which a slash at its end would lead astray. */
function sendPage({ contentType, body }: Asset): HttpHandler {
  return ({ message }, { replyHeader }) => {
    const [path = ""] = (message.url ?? "").split("?", 1);
    if (path.endsWith("/")) throw redirect("../swagger-ui");
    replyHeader.set("Content-Security-Policy", contentSecurityPolicy);
    replyHeader.set("Referrer-Policy", "no-referrer");
    replyHeader.set("X-Content-Type-Options", "nosniff");
    replyHeader.set("Cache-Control", "no-cache");
    return { contentType, body };
  };
}

function toRoute(path: string, contentType: string, body: Uint8Array): HandWrittenRoute {
  return {
    method: "GET",
    path,
    handler: (_request, { replyHeader }) => {
      replyHeader.set("X-Content-Type-Options", "nosniff");
      replyHeader.set("Cache-Control", "no-cache");
      return { contentType, body };
    },
  };
}
