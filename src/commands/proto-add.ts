import { relative } from "node:path";
import { addProto } from "../scaffold/new-proto.ts";
import type { Shell } from "../shell.ts";

/** `kratos-ts proto add`. */
export async function runProtoAdd(path: string, shell: Shell): Promise<number> {
  const { files, root, notes } = await addProto(path, shell.cwd);
  const shown = files.map((file) => relative(shell.cwd, file));
  for (const file of shown) shell.out.line(`created ${file}`);
  for (const note of notes) shell.err.line(`${shell.err.colors.yellow("note:")} ${note}`);
  shell.out.line("");
  shell.out.line("next, generate its code and write its service:");
  shell.out.line(`  $ npx kratos-ts proto client ${relative(shell.cwd, root) || "."}`);
  shell.out.line(`  $ npx kratos-ts proto server ${shown[0]}`);
  return 0;
}
