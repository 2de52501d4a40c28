export { HttpClient } from "./client/client.ts";
export type { ClientTlsOptions } from "../client-tls.ts";
export type { HttpClientOptions } from "./client/client-options.ts";
export type { ClientCompressionOptions } from "./client/client-compression.ts";
export type { ClientRetryOptions } from "./client/client-retry.ts";
export type { CompressionOptions, ContentEncoding } from "./reply/compression.ts";
export type {
  ContentCodec,
  ContentTypes,
  JsonContentCodec,
  MessageContentCodec,
} from "./content/content-codec.ts";
export { cors } from "./filter/cors.ts";
export type { CorsOptions } from "./filter/cors.ts";
export { diagnostics } from "./server/diagnostics.ts";
export type { DiagnosticsOptions } from "./server/diagnostics.ts";
export type { Envelope, ErrorEnvelope, ReplyData } from "./reply/envelope.ts";
export { readFormParts } from "./content/form-parts.ts";
export type { FormPart, FormPiece } from "./content/form-parts.ts";
export type { MultipartLimits, PartHeader } from "./content/multipart.ts";
export type { HttpFilter, HttpRequestHandler } from "./filter/filter.ts";
export type {
  HandWrittenOptions,
  HandWrittenRoute,
  HttpHandler,
  HttpHandlerReply,
  HttpHandlerRequest,
} from "./call/hand-written-route.ts";
export { redirect } from "./reply/redirect.ts";
export type { RedirectStatus } from "./reply/redirect.ts";
export type { RequestIdOptions } from "./filter/request-id.ts";
export type { RouteOptions } from "./server/route-options.ts";
export { requestOrigin } from "./filter/trust-proxy.ts";
export type { TrustedProxies, TrustProxy } from "./filter/trust-proxy.ts";
export { isHttpServerContext } from "./call/server-context.ts";
export type { HttpCallContext } from "./call/server-context.ts";
export { PathTemplateError } from "./routing/path-template.ts";
export { RouteRuleError } from "./routing/route-error.ts";
export { RouteConflictError } from "./routing/router.ts";
export { HttpServer } from "./server/server.ts";
export type { CompatOptions, HttpServerOptions, StrictOptions } from "./server/server-options.ts";
export type { TlsOptions } from "../tls-options.ts";
