import { expect, test } from "vitest";
import { widenTsconfig } from "../../src/scaffold/widen-tsconfig.ts";

test.for([
  ["on one line", '{ "include": ["api", "cmd"] }', '{ "include": ["api", "cmd", "app/stock"] }'],
  [
    "over several lines, comments and all",
    '{\n  "include": [\n    "api", // contracts\n    "cmd",\n  ],\n}\n',
    '{\n  "include": [\n    "api", // contracts\n    "cmd",\n    "app/stock",\n  ],\n}\n',
  ],
  ["not when a folder above is there", '{ "include": ["app"] }', '{ "include": ["app"] }'],
  [
    "not when a pattern covers it",
    '{ "include": ["./app/**/*.ts"] }',
    '{ "include": ["./app/**/*.ts"] }',
  ],
  ["not when everything is", "{}", "{}"],
] as const)("adds a folder %s", ([, before, after]) => {
  expect(widenTsconfig(before, ["app/stock"])).toEqual({ text: after, missing: [] });
});

test.for(['{ "files": ["a.ts"] }', '{ "include": [] }', '{ "extends": "./base.json" }'])(
  "leaves %s to the user",
  (text) => {
    expect(widenTsconfig(text, ["app/stock"])).toEqual({ text, missing: ["app/stock"] });
  },
);
