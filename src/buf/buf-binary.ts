import { createRequire } from "node:module";
import { arch, platform } from "node:process";
import { CliError } from "../cli-error.ts";

/**
 * Finds the buf program itself. The package's own `buf` command is a Node script that starts it, which
 * costs another Node start-up for each call.
 *
 * @throws CliError TOOL_FAILED when npm left the optional package of this platform out
 */
export function findBufBinary(from: string = import.meta.url): string {
  const packageName = `@bufbuild/buf-${platformName(platform, arch)}`;
  try {
    // Through the main package, since package managers that nest do not put the platform's beside ours.
    const main = createRequire(from).resolve("@bufbuild/buf/package.json");
    const program = platform === "win32" ? "buf.exe" : "buf";
    return createRequire(main).resolve(`${packageName}/bin/${program}`);
  } catch (cause) {
    throw new CliError("TOOL_FAILED", `package "${packageName}" is not installed`, {
      hint: "install again without omitting optional dependencies",
      cause,
    });
  }
}

/** The part of buf's package names that says where it runs, such as `linux-aarch64`. */
export function platformName(os: string, cpu: string): string {
  if (os === "linux" && cpu === "arm64") return "linux-aarch64";
  if (os === "linux" && cpu === "arm") return "linux-armv7";
  return `${os}-${cpu}`;
}
