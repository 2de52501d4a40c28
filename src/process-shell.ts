import picocolors from "picocolors";
import type { Shell, Sink } from "./shell.ts";

/** Exit code of a second request to end, as shells report a program that Ctrl-C killed. */
const interrupted = 130;

/** How often to see whether npm is still there, in milliseconds. */
const parentInterval = 500;

const endSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Makes the {@link Shell} of a real process. Signals keep their default effect until someone asks for them. */
export function createProcessShell(own: NodeJS.Process): Shell {
  const controller = new AbortController();
  let watching = false;
  const listeners = new Set<(signal: NodeJS.Signals) => void>();

  function watch(): void {
    if (watching) return;
    watching = true;
    for (const name of endSignals) own.on(name, end);
    if (isSet(own.env["npm_command"])) watchParent();
  }

  function end(name: NodeJS.Signals): void {
    if (controller.signal.aborted && listeners.size === 0) own.exit(interrupted);
    controller.abort(new Error(`ended by ${name}`));
    for (const listener of listeners) listener(name);
  }

  /** `npx` and `npm run` die of SIGTERM without telling what they run, which would keep its ports for ever. */
  function watchParent(): void {
    const parent = own.ppid;
    const timer = setInterval(() => {
      if (own.ppid === parent) return;
      clearInterval(timer);
      end("SIGTERM");
    }, parentInterval);
    timer.unref();
  }

  return {
    cwd: own.cwd(),
    env: own.env,
    out: createSink(own.stdout, own.env),
    err: createSink(own.stderr, own.env),
    node: { path: own.execPath, stripsTypes: stripsTypes(own) },
    terminal: own.stdin.isTTY,
    interactive: own.stdin.isTTY && own.stdout.isTTY && !isSet(own.env["CI"]),
    get signal() {
      watch();
      return controller.signal;
    },
    onSignal(listener) {
      watch();
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** `process.features.typescript` is there from Node 22.10 on, and unknown to the types of Node 20. */
function stripsTypes({ features }: NodeJS.Process): boolean {
  return "typescript" in features && features.typescript !== false;
}

function createSink(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Sink {
  const colored = !isSet(env["NO_COLOR"]) && (stream.isTTY || isSet(env["FORCE_COLOR"]));
  return {
    colors: picocolors.createColors(colored),
    line: (text) => void stream.write(`${text}\n`),
    write: (text) => void stream.write(text),
  };
}

function isSet(variable: string | undefined): boolean {
  return variable !== undefined && variable !== "" && variable !== "0" && variable !== "false";
}
