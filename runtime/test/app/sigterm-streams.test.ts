import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { forkApp } from "./fork-app.ts";

/** Opens one stream after the other, as long as somebody listens; returns how each ended. */
type Worker = (port: number, ended: () => void) => Promise<readonly string[]>;

/** Whether a stream was never accepted: nobody listened, or the system closed the listener with it in its queue. */
function isRefused(error: unknown): boolean {
  const { syscall, code } = (error ?? {}) as NodeJS.ErrnoException;
  return syscall === "connect" || code === "ECONNRESET";
}

/** The last event of a stream that is whole tells how it ended. */
function eventWorker(room: string): Worker {
  return async (port, ended) => {
    const ends: string[] = [];
    for (;;) {
      const path = `/v1/rooms/${room}/lines`;
      const headers = { Accept: "text/event-stream" };
      const outgoing = request({ port, host: "127.0.0.1", path, headers, agent: false }).end();
      let response: IncomingMessage;
      try {
        [response] = (await once(outgoing, "response")) as [IncomingMessage];
      } catch (error) {
        if (isRefused(error)) return ends;
        throw error;
      }
      let text = "";
      try {
        for await (const chunk of response) text += String(chunk);
      } catch (cause) {
        throw new Error(`broke after ${text.slice(-100)}`, { cause });
      }
      const last = text.trimEnd().split("\n\n").at(-1)!;
      ends.push(/"line 4"/.test(last) ? "whole" : (/"reason":"(\w+)"/.exec(last)?.[1] ?? last));
      ended();
    }
  };
}

/** Sends all the time. The goodbye tells how a stream ended. */
function talkWorker(room: string): Worker {
  return async (port, ended) => {
    const ends: string[] = [];
    for (;;) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/rooms/${room}/talk`);
      let isOpen = false;
      let failure: Error | undefined;
      let last = "";
      let drip: NodeJS.Timeout | undefined;
      socket.on("error", (error) => (failure = error));
      socket.on("open", () => {
        isOpen = true;
        drip = setInterval(() => socket.send('"x"'), 1);
      });
      socket.on("message", (data) => (last = String(data)));
      const code = await new Promise<number>((resolve) => socket.on("close", resolve));
      clearInterval(drip);
      if (!isOpen && isRefused(failure)) return ends;
      if (failure !== undefined)
        throw new Error(`broke after ${last} with ${code}`, { cause: failure });
      ends.push(code === 1000 ? "whole" : `${code} ${/"reason":"(\w+)"/.exec(last)?.[1]}`);
      ended();
    }
  };
}

test("SIGTERM under load breaks no stream: each is whole, or is told that the server stops", async () => {
  const child = forkApp("streams-app.ts", { stdout: "inherit" });
  const exit = once(child, "exit");
  onTestFinished(() => void child.kill("SIGKILL"));
  const early = exit.then(([code]) => {
    throw new Error(`the app ended with ${code} before it told its port`);
  });
  const [{ port }] = (await Promise.race([once(child, "message"), early])) as [{ port: number }];
  let count = 0;
  let warm: () => void = () => undefined;
  const isWarm = new Promise<void>((resolve) => (warm = resolve));
  const ended = () => {
    if (++count === 200) warm();
  };
  const workers = ["short", "long"].flatMap((room) =>
    [eventWorker(room), talkWorker(room)].flatMap((worker) => Array<Worker>(4).fill(worker)),
  );
  const outcomes = Promise.allSettled(workers.map((worker) => worker(port, ended)));
  await Promise.race([isWarm, outcomes]);
  child.kill("SIGTERM");
  const results = await outcomes;
  const failures = results.flatMap((o) => (o.status === "rejected" ? [String(o.reason)] : []));
  expect(failures).toEqual([]);
  const ends = results.flatMap((o) => (o.status === "fulfilled" ? o.value : []));
  const kinds = new Set(ends);
  expect([...kinds].sort()).toEqual(["1001 SERVER_STOPPED", "SERVER_STOPPED", "whole"]);
  expect(ends.length).toBeGreaterThanOrEqual(200);
  expect(await exit).toEqual([0, null]);
});
