import {
  expandPath,
  findTemplateConflicts,
  parsePathTemplate,
  PathTemplateError,
  PathValueError,
  printPathTemplate,
  toNormalForm,
} from "@kratos-ts/runtime/path-template";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Router } from "../../../src/transport/http/routing/router.ts";

describe("parsePathTemplate", () => {
  test("reads a variable over several segments and a verb", () => {
    expect(parsePathTemplate("/v1/{sub.name=files/*/**}:download")).toEqual({
      segments: [
        { kind: "literal", text: "v1" },
        {
          kind: "variable",
          fieldPath: ["sub", "name"],
          pattern: [
            { kind: "literal", text: "files" },
            { kind: "wildcard" },
            { kind: "deep-wildcard" },
          ],
        },
      ],
      verb: "download",
    });
  });

  test.for([
    ["/v1/{id}", "/v1/{id}"],
    ["/v1/{id=*}", "/v1/{id}"],
    ["/v1/{name=shelves/*/books/*}", "/v1/{name=shelves/*/books/*}"],
    ["/v1/{name=files/**}:download", "/v1/{name=files/**}:download"],
    ["/", "/"],
    ["/v1/caf%C3%A9", "/v1/caf%C3%A9"],
    ["/v1/*/x/**", "/v1/*/x/**"],
    ["/v1.0/a-b_c~d@e;f=1,2", "/v1.0/a-b_c~d@e;f=1,2"],
    ["/v1/{sub.deep.num}/{id}", "/v1/{sub.deep.num}/{id}"],
  ])("accepts %s", ([text, printed]) => {
    expect(printPathTemplate(parsePathTemplate(text!))).toBe(printed);
  });

  test.for<[template: string, offset: number, reason: RegExp]>([
    ["", 0, /empty, write "\/" for the root/],
    ["v1/items", 0, /expected "\/" at the start, write "\/v1\/items"/],
    ["/v1/{name=**}/suffix", 14, /"\*\*" must be the last segment/],
    ["/v1/**/a/**", 7, /"\*\*" must be the last segment/],
    ["/a/**/*", 6, /"\*\*" must be the last segment/],
    ["/a/{x=**}/{y}", 10, /"\*\*" must be the last segment/],
    ["/a/{x=**/b}", 9, /"\*\*" must be the last segment/],
    ["/{a={b=*}}", 4, /cannot hold another variable/],
    ["/a{x}", 2, /a variable must be a whole segment/],
    ["/{x}a", 4, /must be a whole segment/],
    ["/a/{x}-{y}", 6, /must be a whole segment/],
    ["/a*", 2, /a wildcard must be a whole segment/],
    ["/*a", 2, /must be a whole segment/],
    ["/***", 3, /a wildcard must be a whole segment/],
    ["/v1/items/", 9, /cannot end in a slash, write "\/v1\/items"/],
    ["/v1/{id}/", 8, /cannot end in a slash, write "\/v1\/{id}"/],
    ["/a//b", 3, /empty segment/],
    ["//", 1, /empty segment/],
    ["/v1/{id}:", 9, /expected a verb/],
    ["/:verb", 1, /a verb needs a segment/],
    ["/a/:verb", 3, /a verb needs a segment/],
    ["/a/b/c:d:e", 8, /second colon is ambiguous, write "%3A"/],
    ["/v1/{x}:verb/y", 12, /a verb must come last, write "%3A"/],
    ["/v1/{}", 5, /expected the name of a field/],
    ["/v1/{x", 6, /expected "}" at the end of variable "x"/],
    ["/v1/{x.}", 7, /expected the name of a field/],
    ["/v1/{1x}", 5, /expected the name of a field/],
    ["/v1/{x=}", 7, /expected a segment in the variable's pattern/],
    ["/v1/{x=a//b}", 9, /empty segment/],
    ["/v1/{x=a/}", 9, /expected a segment in the variable's pattern/],
    ["/{id}/x/{id}", 9, /variable "id" comes twice/],
    ["/v1/a b", 5, /" " cannot stand in a path, write "%20"/],
    ["/v1/é", 4, /"é" cannot stand in a path, write "%C3%A9"/],
    ["/v1/😀", 4, /write "%F0%9F%98%80"/],
    ["/v1/x?y", 5, /"\?" cannot stand in a path, write "%3F"/],
    ["/v1/100%", 7, /malformed percent escape, write "%25"/],
    ["/v1/%FF", 4, /are not UTF-8/],
    ["/v1/../x", 4, /segment "\.\." never reaches a server/],
    ["/v1/}", 4, /expected a segment/],
    ["/v1/x}", 5, /unexpected "}"/],
  ])("rejects %j at offset %i", ([template, offset, reason]) => {
    const error = catchError(() => parsePathTemplate(template));
    expect(error).toBeInstanceOf(PathTemplateError);
    expect((error as PathTemplateError).message).toMatch(reason);
    expect((error as PathTemplateError).offset).toBe(offset);
  });

  test("never fails with anything but a PathTemplateError", () => {
    const text = fc
      .array(
        fc.constantFrom("/", "{", "}", "=", "*", "**", ":", ".", "a", "%", "%41", "é", "\ud800"),
      )
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (template) => {
        const error = catchError(() => parsePathTemplate(template));
        expect(error ?? new PathTemplateError("", 0, "")).toBeInstanceOf(PathTemplateError);
      }),
    );
  });
});

describe("expandPath", () => {
  test.for<[template: string, values: Record<string, string>, path: string]>([
    ["/v1/{id}", { id: "a/b c:d" }, "/v1/a%2Fb%20c%3Ad"],
    ["/v1/{name=files/**}", { name: "files/a b/c" }, "/v1/files/a%20b/c"],
    ["/v1/{name=files/**}", { name: "files" }, "/v1/files"],
    ["/v1/{name=**}", { name: "" }, "/v1"],
    ["/{name=**}", { name: "" }, "/"],
    ["/v1/{id}", { id: "a!'()*" }, "/v1/a%21%27%28%29%2A"],
    ["/user/{user_id}", { user_id: "123" }, "/user/123"],
    ["/v1/{sub.id}:cancel", { "sub.id": "7" }, "/v1/7:cancel"],
    ["/v1/{name=files/**}", { name: "files/a%2Fb" }, "/v1/files/a%252Fb"],
    ["/v1/{id}", { id: "你" }, "/v1/%E4%BD%A0"],
    ["/v1/{name=caf%C3%A9/*}", { name: "café/1" }, "/v1/caf%C3%A9/1"],
    ["/", {}, "/"],
    ["/v1/**", {}, "/v1"],
  ])("%s with %j gives %s", ([template, values, path]) => {
    expect(expandPath(parsePathTemplate(template), values)).toBe(path);
  });

  test.for<[template: string, values: Record<string, string>, reason: RegExp]>([
    ["/v1/{name=shelves/*}", { name: "books/1" }, /field "name".*does not match "shelves\/\*"/],
    ["/v1/{name=shelves/*}", { name: "shelves/1/2" }, /does not match/],
    ["/v1/{name=shelves/*}", { name: "shelves/" }, /does not match/],
    ["/v1/{name=files/**}", { name: "files/a//b" }, /does not match/],
    ["/v1/{id}", { id: "" }, /field "id".*is empty/],
    ["/v1/{id}", {}, /field "id".*is empty/],
    ["/v1/{constructor}", {}, /is empty/],
    ["/v1/{id}", { id: ".." }, /taken for a step in the path/],
    ["/v1/{id}", { id: "." }, /taken for a step in the path/],
    ["/v1/{name=**}", { name: "a/../b" }, /taken for a step in the path/],
    ["/v1/{id}", { id: "\ud800" }, /half a surrogate pair/],
    ["/v1/*/x", {}, /the path has a "\*" that no field fills/],
  ])("refuses %s with %j", ([template, values, reason]) => {
    const error = catchError(() => expandPath(parsePathTemplate(template), values));
    expect(error).toBeInstanceOf(PathValueError);
    expect((error as PathValueError).message).toMatch(reason);
  });
});

test("printing and parsing are inverse", () => {
  fc.assert(
    fc.property(templates(), (text) => {
      const parsed = parsePathTemplate(text);
      expect(parsePathTemplate(printPathTemplate(parsed))).toEqual(parsed);
    }),
  );
});

test("a path without variables expands to itself", () => {
  const path = fc
    .array(segmentTexts())
    .map((parts) => `/${parts.map(encodeURIComponent).join("/")}`)
    .filter((text) => !text.includes("*"));
  fc.assert(
    fc.property(path, (text) => {
      expect(expandPath(parsePathTemplate(text), {})).toBe(text);
    }),
  );
});

test("what is expanded is matched and decodes to the same values", () => {
  const template = parsePathTemplate("/v1/{id}/x/{name=files/*/**}:read");
  const router = new Router<string>();
  router.add("GET", printPathTemplate(template), "/test.v1.Test/Read", "read");
  fc.assert(
    fc.property(segmentTexts(), fc.array(segmentTexts(), { minLength: 1 }), (id, rest) => {
      const parts = rest.map((part) => part.replaceAll("/", "-"));
      const name = ["files", ...parts].join("/");
      const segments = router.find("GET", expandPath(template, { id, name }))?.segments ?? [];
      expect(segments.map(decodeURIComponent)).toEqual(["v1", id, "x", "files", ...parts]);
    }),
  );
});

describe("findTemplateConflicts", () => {
  test.for<[first: string, second: string, conflict: boolean]>([
    ["GET /v1/{a}", "GET /v1/{b}", true],
    ["GET /v1/{a}", "GET /v1/*", true],
    ["GET /v1/{name=shelves/*}", "GET /v1/shelves/{id}", true],
    ["GET /v1/{a=**}", "GET /v1/**", true],
    ["GET /v1/%7Ea", "GET /v1/~a", true],
    ["GET /v1/{a}", "POST /v1/{b}", false],
    ["GET /v1/{a}", "* /v1/{b}", false],
    ["GET /v1/{a}", "GET /v1/{b}:run", false],
    ["GET /v1/{a}", "GET /v1/a", false],
    ["GET /v1/{a}", "GET /v1/{b=**}", false],
    ["GET /v1/a", "GET /v1/A", false],
  ])("%s and %s: %s", ([first, second, conflict]) => {
    const uses = [first, second].map((text) => {
      const [method, path] = text.split(" ") as [string, string];
      return { method, template: parsePathTemplate(path), text };
    });
    const found = findTemplateConflicts(uses).map(({ first, second }) => [first.text, second.text]);
    expect(found).toEqual(conflict ? [[first, second]] : []);
  });

  test("the normal form names no variables", () => {
    expect(toNormalForm(parsePathTemplate("/v1/{name=a/*}/{x.y}:do"))).toBe("/v1/a/*/*:do");
  });
});

function segmentTexts(): fc.Arbitrary<string> {
  const text = fc.oneof(
    fc.string({ minLength: 1, unit: "binary" }),
    fc.stringMatching(/^[/:%+*{}?#.a]+$/),
  );
  return text.filter((s) => s !== "." && s !== ".." && !/\p{Surrogate}/u.test(s));
}

function templates(): fc.Arbitrary<string> {
  const literal = fc.constantFrom("v1", "a.b", "caf%C3%A9", "x~y", "@me", "a=b");
  const pattern = fc.array(fc.oneof(literal, fc.constant("*")), { minLength: 1, maxLength: 3 });
  const variable = fc
    .tuple(fc.uniqueArray(fc.constantFrom("a", "b_c", "d1"), { minLength: 1 }), pattern)
    .map(([names, parts]) => ({ name: names.join("."), text: `=${parts.join("/")}` }));
  const segments = fc.array(fc.oneof(literal, fc.constant("*"), variable), { maxLength: 5 });
  const tail = fc.constantFrom("", "/**", "/{rest=**}", "/last:verb", "/{rest=x/**}:verb");
  return fc.tuple(segments, tail).map(([parts, end]) => {
    const text = parts.map((part, i) =>
      typeof part === "string" ? `/${part}` : `/{v${i}.${part.name}${part.text}}`,
    );
    return text.join("") + end || "/";
  });
}

function catchError(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    return error;
  }
}
