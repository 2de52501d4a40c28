import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { completeServerOptions } from "../../../src/transport/http/server/server-options.ts";
import { buildSchema } from "../schema.ts";
import { send, serveRules } from "../serve.ts";

const R = buildSchema()("test.v1.R");
const page = await readFile(new URL("../../../../docs/http-rules.md", import.meta.url), "utf8");
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("|"))
  .map((line) => line.split("|").map((cell) => cell.trim().replaceAll("`", "")));
const examples = rows.flatMap(([, rule = "", request = "", want = ""]) =>
  /^[A-Z]+ \//.test(request) ? [{ rule, request, want }] : [],
);

test("the page of HTTP rules has examples", () => {
  expect(examples.length).toBeGreaterThan(20);
});

test.for(examples)("$rule makes of $request $want", async ({ rule, request, want }) => {
  const seen: JsonValue[] = [];
  const port = await serveRules([rule], R, R, (message) => {
    seen.push(toJson(R, message));
    return {};
  });
  const [method, target, body] = request.split(" ");

  const { status } = await send(port, `${method} ${target}`, body);

  const refusal = /^\d+$/.test(want) ? Number(want) : undefined;
  const message = (): JsonValue => toJson(R, fromJson(R, JSON.parse(want) as JsonValue));
  expect({ status, seen }).toEqual(
    refusal === undefined ? { status: 200, seen: [message()] } : { status: refusal, seen: [] },
  );
});

test("the page of HTTP rules has all options, and no others", () => {
  const { strict, compat } = completeServerOptions({});
  const listed = rows.map(([, name = ""]) => name);
  const names = [...Object.keys(strict), ...Object.keys(compat)];
  const table = (heading: string): string[] => {
    const start = listed.indexOf(heading);
    const length = listed
      .slice(start)
      .findIndex((name, i) => i > 1 && /^(?:Rule|compat)$/.test(name));
    return listed.slice(start + 2, length < 0 ? undefined : start + length);
  };
  expect([...table("strict"), ...table("compat")].toSorted()).toEqual(names.toSorted());
});
