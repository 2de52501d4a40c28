import type { Shell } from "../shell.ts";

/** Tells about steps that take a while: a spinner where a person watches, plain lines where none does. */
export interface Progress {
  /** Does `work` under the heading `doing`; says `done` when it has succeeded. */
  step<T>(doing: string, done: string, work: () => Promise<T>): Promise<T>;
}

/** Makes the {@link Progress} that suits `shell`. */
export function createProgress(shell: Shell): Progress {
  return shell.interactive ? { step: spin } : { step: printLines };

  async function printLines<T>(doing: string, done: string, work: () => Promise<T>): Promise<T> {
    shell.out.line(`${doing}…`);
    const start = performance.now();
    const result = await work();
    shell.out.line(`${done} (${formatSeconds(start)})`);
    return result;
  }

  async function spin<T>(doing: string, done: string, work: () => Promise<T>): Promise<T> {
    const { spinner } = await import("@clack/prompts");
    const start = performance.now();
    const spinning = spinner({ indicator: "timer", signal: shell.signal });
    spinning.start(doing);
    try {
      const result = await work();
      spinning.stop(`${done} ${shell.out.colors.dim(`(${formatSeconds(start)})`)}`);
      return result;
    } catch (error) {
      spinning.error(doing);
      throw error;
    }
  }
}

function formatSeconds(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
