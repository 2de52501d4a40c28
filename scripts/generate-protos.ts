// Generates `runtime/src/protos` from `third_party`, with the runtime's exports of it:
// `node --import ./scripts/register.js --conditions=@kratos-ts/source scripts/generate-protos.ts`
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { printBundled } from "../src/generate/print-bundled.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const files = await printBundled(join(root, "third_party"));
const protos = join(root, "runtime/src/protos");
rmSync(protos, { recursive: true, force: true });
for (const { name, content } of files) {
  mkdirSync(dirname(join(protos, name)), { recursive: true });
  writeFileSync(join(protos, name), content);
}

const path = join(root, "runtime/package.json");
const manifest = JSON.parse(readFileSync(path, "utf8")) as { exports: Record<string, unknown> };
const others = Object.entries(manifest.exports).filter(([entry]) => !entry.startsWith("./protos/"));
const entries = files.map(({ name }) => [
  `./protos/${name}`,
  {
    "@kratos-ts/source": `./src/protos/${name}`,
    types: `./dist/protos/${name.replace(/\.ts$/, ".d.ts")}`,
    default: `./dist/protos/${name.replace(/\.ts$/, ".js")}`,
  },
]);
manifest.exports = Object.fromEntries([...others, ...entries]);
writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
