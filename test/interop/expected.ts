import type { JsonObject } from "@bufbuild/protobuf";
import type { Outcome, Outcomes } from "./scenarios.ts";

const operation = (method: string) => `/interop.v1.EchoService/${method}`;

/** What a client sees that says it is `who`, whatever the service is written in. */
export function expectedOutcomes(who: string): Outcomes {
  const metadata = { "x-md-global-who": who, "x-md-local-where": "here" };
  const said = (method: string, ...all: JsonObject[]) => ({
    replies: all.map((each) => ({ said: each, operation: operation(method) })),
  });
  const toldTo = { code: 409, reason: "TOLD_TO", message: "told to fail" };
  const stopped = {
    code: 409,
    reason: "STOPPED",
    message: "told to fail",
    metadata: { count: "done" },
  };
  return {
    say: {
      replies: [
        {
          said: {
            text: "héllo <b>&",
            number: "9007199254740993",
            tags: ["a", "b,c"],
            labels: { k: "v" },
            mood: "MOOD_GOOD",
            at: "2025-11-20T00:00:00.123456789Z",
            maybe: 0,
            data: "+/8A",
            ratio: 0.5,
          },
          metadata,
          operation: operation("Say"),
        },
      ],
    },
    read: {
      replies: [
        {
          said: {
            text: "a b&c",
            number: "42",
            tags: ["MOOD_GOOD", "MOOD_BAD"],
            labels: { name: "rooms/7" },
            mood: "MOOD_BAD",
          },
          metadata,
          operation: operation("Read"),
        },
      ],
    },
    fail: {
      error: { code: 409, reason: "ROOM_FULL", message: "no röom", metadata: { room: "7" } },
    },
    watch: said(
      "Watch",
      { text: "two\nlines" },
      { text: "two\nlines", number: "1" },
      { text: "two\nlines", number: "2" },
    ),
    "watch nothing": {},
    "watch and fail": { ...said("Watch", { text: "x" }), error: stopped },
    "watch fails at once": { error: stopped },
    collect: { replies: [{ text: "a ü c", count: 3 }] },
    "collect and fail": { error: toldTo },
    chat: said("Chat", { text: "a" }, { text: "ü" }),
    "chat and fail": { error: toldTo },
  };
}

/** A copy whose streams tell nothing of metadata, which Kratos for Go does not pass along those of gRPC. */
export function withoutStreamMetadata(outcomes: Outcomes): Outcomes {
  const copy: Record<string, Outcome> = {};
  for (const [name, outcome] of Object.entries(outcomes)) {
    const isStream = /^(?:watch|chat|collect)/.test(name);
    copy[name] =
      isStream && outcome.replies !== undefined
        ? { ...outcome, replies: outcome.replies.map(dropMetadata) }
        : outcome;
  }
  return copy;
}

function dropMetadata(reply: unknown): never {
  const { metadata: _, ...rest } = reply as Record<string, unknown>;
  return rest as never;
}
