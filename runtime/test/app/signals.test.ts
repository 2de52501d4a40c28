import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, test } from "vitest";
import { forkApp } from "./fork-app.ts";

/** A process that runs an app, and the lines that it printed. */
class AppProcess {
  readonly child: ChildProcess;
  readonly lines: string[] = [];
  readonly exit: Promise<unknown[]>;
  readonly #waiting: { readonly line: RegExp; readonly resolve: (line: string) => void }[] = [];

  constructor(mode: string) {
    this.child = forkApp("signal-app.ts", { args: [mode], stdout: "pipe" });
    this.exit = once(this.child, "close");
    if (this.child.stdout) {
      createInterface(this.child.stdout).on("line", (line) => {
        this.lines.push(line);
        for (const waiter of this.#waiting) if (waiter.line.test(line)) waiter.resolve(line);
      });
    }
  }

  /** Resolves with the first line that matches, now or later; rejects when the process ends before. */
  async line(line: RegExp): Promise<string> {
    const found = this.lines.find((l) => line.test(l));
    if (found !== undefined) return found;
    const later = new Promise<string>((resolve) => this.#waiting.push({ line, resolve }));
    const ended = this.exit.then(() => {
      throw new Error(`ended before ${line}: ${this.lines.join(", ")}`);
    });
    return Promise.race([later, ended]);
  }
}

let running: AppProcess | undefined;

function start(mode = ""): AppProcess {
  running = new AppProcess(mode);
  return running;
}

afterEach(() => {
  running?.child.kill("SIGKILL");
  running = undefined;
});

/** Sends a request that is answered only when the process is sent a message. */
async function openRequest(app: AppProcess): Promise<{ readonly reply: Promise<string> }> {
  const endpoint = (await app.line(/^started/)).replace("started ", "");
  const reply = fetch(endpoint).then(
    (response) => response.text(),
    () => "cut off",
  );
  await app.line(/^request$/);
  return { reply };
}

test.for(["SIGTERM", "SIGINT", "SIGQUIT"] as const)(
  "%s ends the process cleanly, also when nothing else keeps it alive",
  async (signal) => {
    const app = start("idle");
    await app.line(/^started/);
    app.child.kill(signal);
    expect(await app.exit).toEqual([0, null]);
    expect(app.lines).toEqual(["started ", "closed", "end"]);
  },
);

test("a request under way is answered before the process ends", async () => {
  const app = start();
  const { reply } = await openRequest(app);
  app.child.kill("SIGTERM");
  await app.line(/^stopping$/);
  app.child.send("answer");
  expect(await reply).toBe("late reply");
  expect(await app.exit).toEqual([0, null]);
});

describe("a second signal", () => {
  test("cuts off what still runs", async () => {
    const app = start();
    const { reply } = await openRequest(app);
    app.child.kill("SIGTERM");
    await app.line(/^stopping$/);
    app.child.kill("SIGINT");
    expect(await reply).toBe("cut off");
    expect(await app.exit).toEqual([0, null]);
    expect(app.lines.slice(-4)).toEqual(["stopping", "cut off", "closed", "end"]);
  });

  test("is not counted when it is the first one's echo", async () => {
    const app = start();
    const { reply } = await openRequest(app);
    app.child.kill("SIGINT");
    await app.line(/^stopping$/);
    app.child.kill("SIGINT");
    app.child.send("answer");
    expect(await reply).toBe("late reply");
    expect(await app.exit).toEqual([0, null]);
    expect(app.lines).not.toContain("cut off");
  });
});
