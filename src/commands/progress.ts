import type { Shell } from "../shell.ts";

/** Tells about steps that take a while: a spinner where a person watches, plain lines where none does. */
export interface Progress {
  /** Does `work` under the heading `doing`; says `done` when it has succeeded. */
  step<T>(doing: string, done: string, work: () => Promise<T>): Promise<T>;
}

/** Milliseconds that each picture of the spinner stands. */
const frameTime = 100;
const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** Makes the {@link Progress} that suits `shell`. */
export function createProgress(shell: Shell): Progress {
  return {
    async step(doing, done, work) {
      const start = performance.now();
      const stop = shell.interactive ? spin(shell, doing, start) : announce(shell, doing);
      try {
        const result = await work();
        stop();
        shell.out.line(`${done} (${formatSeconds(start)})`);
        return result;
      } catch (error) {
        stop();
        throw error;
      }
    },
  };
}

function announce(shell: Shell, doing: string): () => void {
  shell.out.line(`${doing}…`);
  return () => undefined;
}

/** Draws over its own line. Input is left alone, so that Ctrl-C ends the command as anywhere else. */
function spin({ out }: Shell, doing: string, start: number): () => void {
  let frame = 0;
  const draw = (): void => {
    const picture = out.colors.cyan(frames[frame++ % frames.length] ?? "");
    const time = out.colors.dim(`(${Math.floor((performance.now() - start) / 1000)} s)`);
    out.write(`\r\u001B[2K${picture} ${doing} ${time}`);
  };
  draw();
  const timer = setInterval(draw, frameTime);
  return () => {
    clearInterval(timer);
    out.write("\r\u001B[2K");
  };
}

function formatSeconds(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
