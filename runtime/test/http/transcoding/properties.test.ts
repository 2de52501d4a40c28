import {
  clearField,
  create,
  fromBinary,
  type JsonValue,
  type Message,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { createCodecs } from "@kratos-ts/runtime/codec";
import {
  expandPath,
  findTemplateConflicts,
  parsePathTemplate,
} from "@kratos-ts/runtime/path-template";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { MessageRecord } from "../../../src/transport/http/binding/field-access.ts";
import { compilePathBinder } from "../../../src/transport/http/binding/path-binding.ts";
import { QueryEncoder } from "../../../src/transport/http/binding/query-encoding.ts";
import { QueryBinder } from "../../../src/transport/http/binding/query.ts";
import { RouteConflictError, Router } from "../../../src/transport/http/routing/router.ts";
import { anyMessage } from "../../codec/arbitrary.ts";
import { buildSchema } from "../schema.ts";
import { findByReference, methodsByReference, type ReferenceRoute } from "./reference-router.ts";

const R = buildSchema()("test.v1.R");
const bindingOptions = {
  codecs: createCodecs(),
  strictQuery: false,
  strictPath: false,
  goDurations: false,
  enumIgnoreCase: false,
  keepReserved: false,
};

/** Text that a path can carry: whole characters, and no step of a path. */
const text = fc
  .oneof(fc.string({ unit: "binary", minLength: 1 }), fc.stringMatching(/^[/:%+*{}?#.a2F]+$/))
  .filter((value) => value !== "." && value !== ".." && !/\p{Surrogate}/u.test(value));
const part = text
  .map((value) => value.replaceAll("/", "-"))
  .filter((value) => value !== "." && value !== "..");

/** A variable of some shape, and a value that it can have. */
const variable = fc.oneof(
  text.map((value) => ({ pattern: "", value })),
  part.map((value) => ({ pattern: "=shelves/*", value: `shelves/${value}` })),
  fc.tuple(part, part).map(([a, b]) => ({ pattern: "=*/b%20c/*", value: `${a}/b c/${b}` })),
  fc.constant({ pattern: "=x%2Fy", value: "x/y" }),
);
const tail = fc.oneof(
  fc.array(part).map((parts) => ({ pattern: "=**", value: parts.join("/") })),
  fc.array(part).map((parts) => ({ pattern: "=f/**", value: ["f", ...parts].join("/") })),
  variable,
);
const names = ["id", "sub.subfield", "display_name", "name"];

test("what a client puts into a path comes out of it", () => {
  const verb = fc.constantFrom("", ":read", ":a%3Ab");
  fc.assert(
    fc.property(fc.array(variable, { maxLength: 3 }), tail, verb, (variables, last, verb) => {
      const all = [...variables, last].map((each, index) => ({ ...each, name: names[index]! }));
      const path = `/v1${all.map(({ name, pattern }) => `/{${name}${pattern}}`).join("/x")}${verb}`;
      const template = parsePathTemplate(path);
      const values = Object.fromEntries(all.map(({ name, value }) => [name, value]));
      const router = new Router<string>();
      router.add("GET", path, "/test.v1.Test/Get", "get");
      router.add("GET", "/**", "/test.v1.Test/Other", "other");

      const match = router.find("GET", expandPath(template, values));
      expect(match?.target).toBe("get");
      const message = create(R) as unknown as MessageRecord;
      compilePathBinder(R, template, bindingOptions)(message, match!.segments);

      const read = (name: string): unknown =>
        name === "sub.subfield"
          ? (message["sub"] as MessageRecord)["subfield"]
          : message[name === "display_name" ? "displayName" : name];
      expect(all.map(({ name }) => read(name))).toEqual(all.map(({ value }) => value));
    }),
    { numRuns: 500 },
  );
});

/** Fields whose messages have no text. */
const textless = ["subs", "any", "subs_by_name", "nothing", "file"];

test("what a client puts into a query comes out of it", () => {
  const encoder = new QueryEncoder(R, textless);
  const binder = new QueryBinder(R, [], bindingOptions);
  fc.assert(
    fc.property(anyMessage(R, 2), (sent) => {
      const query = encoder.encode(sent as unknown as MessageRecord);
      const received = create(R);
      binder.bind(received as unknown as MessageRecord, query);

      for (const field of R.fields) if (textless.includes(field.name)) clearField(sent, field);
      expect(comparable(received)).toEqual(comparable(sent));
    }),
    { numRuns: 200 },
  );
});

/** With floats as they are stored, and without empty messages, of which a query says nothing. */
function comparable(message: Message): JsonValue {
  return prune(toJson(R, fromBinary(R, toBinary(R, message))));
}

function prune(json: JsonValue): JsonValue {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return json;
  const members = Object.entries(json).map(([name, value]) => [name, prune(value)] as const);
  return Object.fromEntries(members.filter(([, value]) => JSON.stringify(value) !== "{}"));
}

const literal = fc.constantFrom("a", "b", "a:b", "é", "a/b");
const route: fc.Arbitrary<ReferenceRoute> = fc.record({
  method: fc.constantFrom("GET", "POST", "HEAD", "*"),
  segments: fc
    .tuple(fc.array(fc.oneof(literal, fc.constant("*")), { maxLength: 4 }), fc.boolean())
    .map(([segments, deep]) => (deep ? [...segments, "**"] : segments)),
  verb: fc.constantFrom("", "", "b", "go"),
});
const requestPath = fc
  .tuple(
    fc.array(fc.constantFrom("a", "b", "a:b", "a%3Ab", "%61", "%C3%A9", "a%2Fb", "c", ":b", ""), {
      maxLength: 5,
    }),
    fc.constantFrom("", "", ":b", ":go", ":%67o", ":no", "/"),
  )
  .map(([parts, end]) => `/${parts.join("/")}${end}`);

test("the router finds what a plain reading of the rules finds", () => {
  let found = 0;
  fc.assert(
    fc.property(
      fc.array(route, { maxLength: 12 }),
      fc.array(requestPath, { minLength: 10, maxLength: 10 }),
      fc.constantFrom("GET", "POST", "HEAD", "PUT"),
      (given, paths, method) => {
        const router = new Router<ReferenceRoute>();
        const routes = given.filter((each) => addRoute(router, each));
        for (const path of paths) {
          const expected = findByReference(routes, method, path);
          if (expected !== undefined) found++;
          expect(router.find(method, path)?.target, `${method} ${path}`).toBe(expected);
          expect(
            router.allowedMethods(path).filter(isNoDerivedHead(routes, path)).toSorted(),
          ).toEqual([...methodsByReference(routes, path)].toSorted());
        }
      },
    ),
    { numRuns: 500 },
  );
  expect(found).toBeGreaterThan(300);
});

test("rules collide when code is generated if they do when they are served", () => {
  let collisions = 0;
  fc.assert(
    fc.property(fc.array(route, { minLength: 20, maxLength: 40 }), (routes) => {
      const router = new Router<ReferenceRoute>();
      const valid = routes.filter(({ segments, verb }) => segments.length > 0 || verb === "");
      const refused = valid.filter((each) => !addRoute(router, each));
      const uses = valid.map((each) => ({
        ...each,
        template: parsePathTemplate(toPath(each)),
        each,
      }));
      expect(findTemplateConflicts(uses).map(({ second }) => second.each)).toEqual(refused);
      collisions += refused.length;
    }),
  );
  expect(collisions).toBeGreaterThan(10);
});

/** HEAD that is there only because GET is. */
function isNoDerivedHead(routes: readonly ReferenceRoute[], path: string) {
  const own = methodsByReference(routes, path).has("HEAD");
  return (method: string): boolean => method !== "HEAD" || own;
}

/** False for a route that is there already, or that is none. */
function addRoute(router: Router<ReferenceRoute>, route: ReferenceRoute): boolean {
  if (route.segments.length === 0 && route.verb !== "") return false;
  const path = toPath(route);
  try {
    router.add(route.method, path, path, route);
    return true;
  } catch (error) {
    if (error instanceof RouteConflictError) return false;
    throw error;
  }
}

function toPath({ segments, verb }: ReferenceRoute): string {
  const texts = segments.map((text) => (text.startsWith("*") ? text : encodeURIComponent(text)));
  return `/${texts.join("/")}${verb === "" ? "" : `:${verb}`}`;
}
