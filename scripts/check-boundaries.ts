/** `npm run boundaries`: prints every place where the architecture is not kept, and why it matters. */
import { fileURLToPath } from "node:url";
import { checkTree } from "./boundaries/check-tree.ts";
import { exclude, include, rules } from "./boundaries/rules.ts";
import { readTree } from "./boundaries/source-tree.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const tree = readTree(root, include, exclude);
const findings = checkTree(rules, tree);
for (const { path, line, message, why } of findings) {
  console.error(`${path}:${line}: ${message}\n  (${why})`);
}
if (findings.length > 0) {
  console.error(`\n${findings.length} boundaries crossed`);
  process.exitCode = 1;
} else {
  console.log(`${tree.files.size} files keep the boundaries`);
}
