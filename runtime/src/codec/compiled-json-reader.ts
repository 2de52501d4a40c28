import { mismatch } from "./codec-error.ts";
import { keyTwice, nullItem, requireKey } from "./containers.ts";
import type { ExtensionJson } from "./extension-json.ts";
import type { FieldPlan, MessagePlan } from "./field-plan.ts";
import { keyCheck } from "./json-keys.ts";
import type { JsonOptions } from "./json-options.ts";
import { requireWellFormed } from "./json-text.ts";
import { checkDepth } from "./nesting.ts";
import { newMessage } from "./new-message.ts";
import { setEntry } from "./own.ts";
import { oneofTaken, spelledTwice } from "./presence.ts";
import { jsonValue } from "./scalar-source.ts";
import { memberOf, memberPath, Source } from "./source.ts";
import type { MessageOps } from "./value-codec.ts";

/** Compiles what reads a message from parsed JSON: one look-up for each name of each field. */
export function compileJsonReader(
  plan: MessagePlan,
  options: JsonOptions,
  extensions: ExtensionJson | undefined,
): MessageOps["readJson"] {
  const source = new Source();
  source.add(
    `${source.use(checkDepth)}(depth);`,
    'if (typeof json !== "object" || json === null || Array.isArray(json))',
    `  throw ${source.use(mismatch)}("an object", json);`,
    "let v;",
  );
  // a variable for each member, so that the message is made in one piece
  const locals = new Map<string, string>();
  for (const field of plan.fields) {
    const { localName } = field.oneof ?? field.field;
    let local = locals.get(localName);
    if (local === undefined) {
      local = `local${locals.size}`;
      locals.set(localName, local);
      source.add(`let ${local};`);
    }
    addRead(source, field, local);
  }
  source.add(`const message = ${newMessage(source, plan, locals)};`);
  for (const [localName, local] of locals) {
    if (!plan.hasPrototype && Object.hasOwn(plan.initial, localName)) continue;
    source.add(`if (${local} !== undefined) ${memberPath("message", localName)} = ${local};`);
  }
  if (extensions !== undefined) {
    source.add(`${source.use(extensions)}.read(json, message, depth);`);
  }
  if (!options.ignoreUnknown) source.add(`${source.use(keyCheck(plan.desc, extensions))}(json);`);
  source.add("return message;");
  return source.build("json, depth");
}

function addRead(source: Source, plan: FieldPlan, target: string): void {
  const { field, oneof } = plan;
  source.add(`v = ${memberOf("json", field.jsonName)};`);
  if (plan.otherName !== undefined) {
    const twice = `${source.use(spelledTwice)}(${JSON.stringify(field.jsonName)}, ${JSON.stringify(plan.otherName)})`;
    source.add(
      `const other${field.number} = ${memberOf("json", plan.otherName)};`,
      `if (other${field.number} !== undefined) {`,
      `if (v !== undefined) throw ${twice};`,
      `v = other${field.number};`,
      "}",
    );
  }
  const nullable = plan.shape === "single" && plan.value.nullable;
  source.add(nullable ? "if (v !== undefined) {" : "if (v !== undefined && v !== null) {");
  if (oneof !== undefined) {
    source.add(
      `if (${target} !== undefined) throw ${source.use(oneofTaken)}(${JSON.stringify(oneof.name)}, "another field");`,
      `${target} = { case: ${JSON.stringify(field.localName)}, value: ${jsonValue(source, plan.value, "v")} };`,
    );
  } else {
    addFieldRead(source, plan, target);
  }
  source.add("}");
}

function addFieldRead(source: Source, plan: FieldPlan, target: string): void {
  const item = jsonValue(source, plan.value, "item");
  const refuseNull = plan.value.nullable
    ? ""
    : `if (item === null) throw ${source.use(nullItem)}("${plan.shape}");`;
  switch (plan.shape) {
    case "single":
      source.add(`${target} = ${jsonValue(source, plan.value, "v")};`);
      return;
    case "list":
      source.add(
        `if (!Array.isArray(v)) throw ${source.use(mismatch)}("a list", v);`,
        `${target} = [];`,
        "for (let i = 0; i < v.length; i++) {",
        `const item = v[i]; ${refuseNull}`,
        `${target}.push(${item});`,
        "}",
      );
      return;
    case "map": {
      const isText = requireKey(plan).zero === "";
      const mapKey = requireKey(plan);
      const canonical = source.use((name: string) => mapKey.canonical(name));
      source.add(
        `if (typeof v !== "object" || Array.isArray(v)) throw ${source.use(mismatch)}("an object", v);`,
        `${target} = {};`,
        "for (const name of Object.keys(v)) {",
        `const item = v[name]; ${refuseNull}`,
      );
      if (isText) {
        source.add(
          `${source.use(requireWellFormed)}(name);`,
          `if (name === "__proto__") ${source.use(setEntry)}(${target}, name, ${item});`,
          `else ${target}[name] = ${item};`,
        );
      } else {
        source.add(
          `const key = ${canonical}(name);`,
          `if (Object.hasOwn(${target}, key)) throw ${source.use(keyTwice)}();`,
          `${target}[key] = ${item};`,
        );
      }
      source.add("}");
    }
  }
}
