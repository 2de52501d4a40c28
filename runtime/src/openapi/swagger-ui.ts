import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** What a browser is sent for the page and for what it loads. */
export interface Asset {
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** The page, and the files that it loads by their names. */
export interface SwaggerUi {
  readonly page: Asset;
  readonly files: ReadonlyMap<string, Asset>;
}

const packageName = "swagger-ui-dist";

/** The files of the package that are sent; no other can be asked for. */
const fileTypes: Readonly<Record<string, string>> = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
  "favicon-32x32.png": "image/png",
};

/** Addresses stay relative, so that the page works behind any prefix. */
const script = `SwaggerUIBundle({
  url: new URL("openapi.json", document.baseURI).href,
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: "none",
});
`;

/**
 * Reads Swagger UI from the package `swagger-ui-dist`, or from the folder `assets`. Throws an `Error` when it
 * is not installed.
 */
export function readSwaggerUi(title: string, assets: string | undefined): SwaggerUi {
  const folder = assets ?? findPackage();
  const files = new Map<string, Asset>();
  for (const [name, contentType] of Object.entries(fileTypes)) {
    files.set(name, { contentType, body: readAsset(folder, name) });
  }
  const scriptType = "text/javascript; charset=utf-8";
  files.set("start.js", { contentType: scriptType, body: Buffer.from(script) });
  return {
    page: { contentType: "text/html; charset=utf-8", body: Buffer.from(makePage(title)) },
    files,
  };
}

/** What a page of ours may load and do: its own files and its own service. */
export const contentSecurityPolicy: string = [
  "default-src 'none'",
  "script-src 'self'",
  // Swagger UI sets styles on its elements.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

function findPackage(): string {
  const { resolve } = createRequire(import.meta.url);
  try {
    // Beside this package, where installers put what it asks for; or where the service runs.
    const paths = [import.meta.dirname, process.cwd()];
    return dirname(resolve(`${packageName}/package.json`, { paths }));
  } catch (cause) {
    throw new Error(
      `"${packageName}" is not installed, which the page of the API needs: npm install --ignore-scripts ${packageName}, or turn the page off`,
      { cause },
    );
  }
}

function readAsset(folder: string, name: string): Uint8Array {
  try {
    return readFileSync(join(folder, name));
  } catch (cause) {
    throw new Error(`"${folder}" holds no Swagger UI, there is no "${name}"`, { cause });
  }
}

function makePage(title: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${escapeHtml(title)}</title>
    <link rel="icon" href="swagger-ui/favicon-32x32.png">
    <link rel="stylesheet" href="swagger-ui/swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="swagger-ui/swagger-ui-bundle.js"></script>
    <script src="swagger-ui/start.js"></script>
  </body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
