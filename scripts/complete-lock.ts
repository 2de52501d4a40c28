/** `npm run lock`: adds to package-lock.json what the registry in use does not have for other platforms. */
import { fileURLToPath } from "node:url";
import { completeLockFile } from "../src/scaffold/complete-lock.ts";

const added = await completeLockFile(
  fileURLToPath(new URL("../package-lock.json", import.meta.url)),
);
for (const name of added) console.log(`added ${name}`);
