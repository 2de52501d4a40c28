export { mergeOpenApi } from "./merge-documents.ts";
export type { OpenApiDocument } from "./open-api-document.ts";
export { openApi } from "./open-api.ts";
export type { OpenApiOptions } from "./open-api.ts";
export { readOpenApi } from "./read-documents.ts";
