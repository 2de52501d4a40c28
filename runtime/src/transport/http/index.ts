export { HttpClient } from "./client.ts";
export type { ClientTlsOptions, HttpClientOptions } from "./client-options.ts";
export type { ClientRetryOptions } from "./client-retry.ts";
export type { CompressionOptions, ContentEncoding } from "./compression.ts";
export type {
  ContentCodec,
  ContentTypes,
  JsonContentCodec,
  MessageContentCodec,
} from "./content-codec.ts";
export { cors } from "./cors.ts";
export type { CorsOptions } from "./cors.ts";
export { diagnostics } from "./diagnostics.ts";
export type { DiagnosticsOptions } from "./diagnostics.ts";
export type { Envelope, ErrorEnvelope, ReplyData } from "./envelope.ts";
export { readFormParts } from "./form-parts.ts";
export type { FormPart, FormPiece } from "./form-parts.ts";
export type { MultipartLimits, PartHeader } from "./multipart.ts";
export type { HttpFilter, HttpRequestHandler } from "./filter.ts";
export type {
  HandWrittenOptions,
  HandWrittenRoute,
  HttpHandler,
  HttpHandlerReply,
  HttpHandlerRequest,
} from "./hand-written-route.ts";
export { redirect } from "./redirect.ts";
export type { RedirectStatus } from "./redirect.ts";
export type { RequestIdOptions } from "./request-id.ts";
export type { RouteOptions } from "./route-options.ts";
export { requestOrigin } from "./trust-proxy.ts";
export type { TrustedProxies, TrustProxy } from "./trust-proxy.ts";
export { isHttpServerContext } from "./server-context.ts";
export type { HttpCallContext } from "./server-context.ts";
export { PathTemplateError } from "./path-template.ts";
export { RouteRuleError } from "./route-error.ts";
export { RouteConflictError } from "./router.ts";
export { HttpServer } from "./server.ts";
export type { CompatOptions, HttpServerOptions, StrictOptions } from "./server-options.ts";
export type { TlsOptions } from "../tls-options.ts";
