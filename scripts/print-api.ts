/** `npm run api`: writes the public API of the runtime to `runtime/api.md`. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { printRuntimeApi } from "./api/runtime-api.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
writeFileSync(new URL("../runtime/api.md", import.meta.url), await printRuntimeApi(root));
