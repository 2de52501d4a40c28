import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

/** A page's script, as a bundler for browsers makes it of a file beside this one; nothing of Node is in it. */
export async function bundlePage(name: string): Promise<string> {
  const bundle = await rolldown({
    input: fileURLToPath(new URL(name, import.meta.url)),
    platform: "browser",
    resolve: { conditionNames: ["@kratos-ts/source", "browser", "import", "default"] },
    onLog: (_level, log) => {
      throw new Error(log.message);
    },
  });
  const { output } = await bundle.generate({ format: "esm", codeSplitting: false });
  return output[0].code;
}
