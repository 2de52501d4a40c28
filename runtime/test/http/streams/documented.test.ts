import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { dictate, listenForOne, RoomsService } from "./documented.ts";
import { collect, each, failureOf, serveRooms } from "./rooms.ts";

test("docs/streams.md shows what is tested here", async () => {
  const page = await readFile(new URL("../../../../docs/streams.md", import.meta.url), "utf8");
  const source = await readFile(new URL("documented.ts", import.meta.url), "utf8");
  const blocks = Array.from(page.matchAll(/```ts\n(.+?)```/gs), ([, block = ""]) => block);
  expect(blocks).toHaveLength(3);
  expect(blocks.filter((block) => !source.includes(block))).toEqual([]);
});

test("the documented service and calls do what they say", async () => {
  const service = new RoomsService();
  const { client } = await serveRooms({
    open: (room) => service.open(room),
    listen: (room, context) => service.listen(room, context),
    dictate: (lines) => service.dictate(lines),
    talk: (lines, context) => service.talk(lines, context),
  });
  expect(await dictate(client, ["a", "b"])).toBe(2);
  const talk = await collect(client.talk(each({ room: "hall", text: "a" })));
  expect(talk.map(({ text }) => text)).toEqual(["A"]);
  expect(await failureOf(collect(client.listen({ name: "cellar" })))).toMatchObject({
    reason: "NO_ROOM",
  });
  const hearing = listenForOne(client);
  // What is said before somebody listens is not heard.
  const done = new AbortController();
  hearing.finally(() => done.abort()).catch(() => undefined);
  for (; !done.signal.aborted; await dictate(client, ["hello"])); // oxlint-disable-line no-await-in-loop -- again and again
  expect(await hearing).toBe("hello");
});
