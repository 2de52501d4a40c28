import { KratosError } from "@kratos-ts/runtime";
import { expect, test } from "vitest";
import {
  closeReason,
  endFrame,
  findControlFrame,
  parseErrorText,
  writeErrorFrame,
} from "../../../src/transport/http/stream/web-socket-frame.ts";

/** What the other side understands. */
function read(frame: string): KratosError {
  const control = findControlFrame(frame);
  if (control?.kind !== "error") throw new Error(`"${frame}" tells of no error`);
  return parseErrorText(control.text);
}

test.for<[what: string, error: KratosError]>([
  ["plain", new KratosError(404, "NO_ROOM", 'no room "a"')],
  ["empty", new KratosError(500, "", "")],
  ["of several lines", new KratosError(409, "A", "a\n{}\n", { metadata: { "k k": "v\n:v" } })],
  ["that looks like a text", new KratosError(400, "B", "x metadata = map[a:b] cause = <nil>")],
])("an error that is %s arrives whole", ([, error]) => {
  const { code, reason, message, metadata } = error;
  expect(read(writeErrorFrame(error))).toMatchObject({ code, reason, message, metadata });
});

test("what caused an error does not leave", () => {
  const error = new KratosError(500, "A", "b", { cause: new Error("secret") });
  expect(writeErrorFrame(error) + closeReason(error)).not.toContain("secret");
});

test.for<[text: string, want: object]>([
  [
    "error: code = 404 reason = NO_ROOM message = no room a metadata = map[] cause = <nil>",
    { code: 404, reason: "NO_ROOM", message: "no room a", metadata: {} },
  ],
  [
    "error: code = 409 reason =  message =  metadata = map[a:b c d:e:f g] cause = error: code = 1",
    { code: 409, reason: "", message: "", metadata: { a: "b c", d: "e:f g" } },
  ],
  ["out of paper", { code: 500, reason: "", message: "out of paper" }],
  ["a\nb", { code: 500, reason: "", message: "a\nb" }],
  ["", { code: 500, reason: "", message: "" }],
])("the text of an error is read as far as it can be: %s", ([text, want]) => {
  expect(parseErrorText(text)).toMatchObject(want);
});

test.for(["", "x", "\u001e", "\u001eEnd", "\u001eend ", '{"a":1}', "end"])(
  "%j is a message",
  (text) => {
    expect(findControlFrame(text)).toBeUndefined();
  },
);

test("the end is no message", () => {
  expect(findControlFrame(endFrame)).toEqual({ kind: "end" });
});

test.for(["a", "ü", "日", "👍"])("a reason of many %s fits, in whole characters", (character) => {
  for (let length = 0; length < 130; length++) {
    const reason = closeReason(new KratosError(1, "", character.repeat(length)));
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
    expect(reason).not.toContain("\ufffd");
  }
});
