// Generates `runtime/src/protos` from `third_party`, with the runtime's exports of it, and the code of the
// services that a gRPC server answers itself from `runtime/protos`:
// `node --import ./scripts/register.js --conditions=@kratos-ts/source scripts/generate-protos.ts`
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PrintedFile } from "../src/codegen/print-code.ts";
import { printBundled } from "../src/generate/print-bundled.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const files = await generate("third_party", "runtime/src/protos");
await generate("runtime/protos", "runtime/src/transport/grpc/services/protos");

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

async function generate(from: string, to: string): Promise<PrintedFile[]> {
  const printed = await printBundled(join(root, from));
  rmSync(join(root, to), { recursive: true, force: true });
  for (const { name, content } of printed) {
    const file = join(root, to, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return printed;
}
