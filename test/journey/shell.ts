import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** What a finished command left. `output` is both streams in order of arrival. */
export interface Finished {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a command to its end, without a terminal, as CI and scripts do. */
export async function run(cwd: string, command: string, ...args: string[]): Promise<Finished> {
  const child = start(cwd, command, ...args);
  let output = "";
  child.stdout?.on("data", (chunk) => (output += String(chunk)));
  child.stderr?.on("data", (chunk) => (output += String(chunk)));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output };
}

/** Like {@link run}, and throws with the whole output when the command fails. */
export async function must(cwd: string, command: string, ...args: string[]): Promise<string> {
  const { code, output } = await run(cwd, command, ...args);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} exited with ${code}:\n${output}`);
  return output;
}

/** Starts a command and returns at once. */
export function start(cwd: string, command: string, ...args: string[]): ChildProcess {
  return spawn(command, args, { cwd, env: cleanEnvironment(), stdio: ["ignore", "pipe", "pipe"] });
}

/** A running command that was seen to be ready. */
export interface Running {
  /** Everything it printed so far. */
  output(): string;
  /** SIGTERM, then its exit code. */
  stop(): Promise<number | null>;
}

/** Starts a command and waits until `ready` matches what it printed; throws when it ends before. */
export async function startUntil(
  ready: RegExp,
  cwd: string,
  command: string,
  ...args: string[]
): Promise<Running> {
  const child = start(cwd, command, ...args);
  let output = "";
  const closed = once(child, "close") as Promise<[number | null]>;
  await new Promise<void>((resolve, reject) => {
    const look = (chunk: unknown) => {
      output += String(chunk);
      if (ready.test(output)) resolve();
    };
    child.stdout?.on("data", look);
    child.stderr?.on("data", look);
    void closed.then(([code]) =>
      reject(new Error(`${command} ${args.join(" ")} ended with ${code}:\n${output}`)),
    );
  });
  return {
    output: () => output,
    async stop() {
      child.kill("SIGTERM");
      const [code] = await closed;
      return code;
    },
  };
}

// The test runner's own variables would change what npm and the service do.
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([key]) =>
        !/^(npm_(?!config_(registry|cache|userconfig))|VITEST|NODE_ENV|NODE_OPTIONS|FORCE_COLOR)/i.test(
          key,
        ),
    ),
  );
}
