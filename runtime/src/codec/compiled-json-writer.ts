import { mismatch } from "./codec-error.ts";
import { requireKey, requireList } from "./containers.ts";
import type { ExtensionJson } from "./extension-json.ts";
import type { FieldPlan, MessagePlan } from "./field-plan.ts";
import { jsonNameOf } from "./interpreted-json.ts";
import type { JsonOptions } from "./json-options.ts";
import { escape, quote } from "./json-text.ts";
import { MessageAccess } from "./message-access.ts";
import { isSet, jsonText } from "./scalar-source.ts";
import { memberOf, Source } from "./source.ts";
import { TextSource } from "./text-source.ts";
import type { MessageOps } from "./value-codec.ts";

/** Compiles what writes a message as JSON: one function that appends to one string. */
export function compileJsonWriter(
  plan: MessagePlan,
  options: JsonOptions,
  extensions: ExtensionJson | undefined,
): MessageOps["writeJson"] {
  const source = new Source();
  const access = new MessageAccess(source, plan);
  source.add('let text = "";');
  const text = new TextSource(source);
  text.literal("{");
  // whether a member came before: no, yes, or known only at run time
  let comma: "no" | "yes" | "perhaps" = "no";
  for (const field of plan.fields) {
    const unset = options.emitDefaults ? field.unsetJson : undefined;
    const key = `${quote(jsonNameOf(field, options))}:`;
    const addKey = () => {
      if (comma === "perhaps") text.expression('(text === "{" ? "" : ",")');
      text.literal(comma === "yes" ? `,${key}` : key);
    };
    if (comma === "perhaps") text.flush();
    if (isAlwaysThere(field, unset)) {
      addKey();
      addDefaulted(source, text, field, unset);
    } else {
      text.flush();
      access.field(
        field,
        () => {
          addValue(source, text, field, options.emitDefaults, addKey);
          text.flush();
        },
        () => {
          if (unset === undefined) return;
          addKey();
          text.literal(unset);
          text.flush();
        },
      );
    }
    const isCertain = unset !== undefined || field.required;
    if (comma !== "yes") comma = isCertain ? "yes" : "perhaps";
  }
  if (extensions !== undefined) {
    text.flush();
    source.add(`v = ${source.use(extensions)}.write(message, depth);`);
    source.add('if (v !== "") text += (text === "{" ? "" : ",") + v;');
  }
  text.literal("}");
  text.flush();
  source.add("return text;");
  return source.build("message, depth");
}

/** A scalar without presence is written in one expression with its neighbours. */
function isAlwaysThere(plan: FieldPlan, unset: string | undefined): unset is string {
  return plan.shape === "single" && plan.presence === "implicit" && unset !== undefined;
}

function addDefaulted(source: Source, text: TextSource, plan: FieldPlan, unset: string): void {
  const variable = `v${plan.field.number}`;
  source.add(`const ${variable} = ${memberOf("message", plan.field.localName)};`);
  const { quoted, code } = jsonText(source, plan.value, variable);
  const isUnset = `${variable} === undefined || ${variable} === null`;
  if (quoted) text.literal('"');
  const fallback = JSON.stringify(quoted ? unset.slice(1, -1) : unset);
  text.expression(`(${isUnset} ? ${fallback} : ${code})`);
  if (quoted) text.literal('"');
}

function addValue(
  source: Source,
  text: TextSource,
  plan: FieldPlan,
  emitDefaults: boolean,
  addKey: () => void,
): void {
  switch (plan.shape) {
    case "single": {
      const { quoted, code } = jsonText(source, plan.value, "v");
      const isOptional = !emitDefaults && plan.presence === "implicit";
      if (isOptional) source.add(`if (${isSet(source, plan.value, "v")}) {`);
      addKey();
      text.value(code, quoted);
      text.flush();
      if (isOptional) source.add("}");
      return;
    }
    case "list": {
      const { quoted, code } = jsonText(source, plan.value, "item");
      source.add(
        `if (!Array.isArray(v)) ${source.use(requireList)}(v);`,
        "if (v.length > 0) {",
        "let item = v[0];",
      );
      addKey();
      text.literal("[");
      text.value(code, quoted);
      text.flush();
      source.add("for (let i = 1; i < v.length; i++) {", "item = v[i];");
      text.literal(",");
      text.value(code, quoted);
      text.flush();
      source.add("}");
      text.literal("]");
      text.flush();
      break;
    }
    case "map": {
      const { quoted, code } = jsonText(source, plan.value, "item");
      const mapKey = requireKey(plan);
      const canonical = source.use((name: string) => escape(mapKey.canonical(name)));
      source.add(
        `if (typeof v !== "object" || Array.isArray(v)) throw ${source.use(mismatch)}("a map", v);`,
        "const names = Object.keys(v);",
        "if (names.length > 0) {",
      );
      addKey();
      text.literal("{");
      text.flush();
      source.add("for (let i = 0; i < names.length; i++) {", "const item = v[names[i]];");
      text.expression("(i === 0 ? '\"' : ',\"')");
      text.expression(`${canonical}(names[i])`);
      text.literal('":');
      text.value(code, quoted);
      text.flush();
      source.add("}");
      text.literal("}");
      text.flush();
      break;
    }
  }
  source.add("}");
  if (!emitDefaults) return;
  source.add("else {");
  addKey();
  text.literal(plan.shape === "list" ? "[]" : "{}");
  text.flush();
  source.add("}");
}
