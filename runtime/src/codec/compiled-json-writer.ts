import type { Message } from "@bufbuild/protobuf";
import { mismatch } from "./codec-error.ts";
import { requireKey, requireList } from "./containers.ts";
import type { ExtensionJson } from "./extension-json.ts";
import type { FieldPlan, MessagePlan } from "./field-plan.ts";
import { jsonNameOf } from "./interpreted-json.ts";
import type { JsonOptions } from "./json-options.ts";
import { escape, quote } from "./json-text.ts";
import { MessageAccess } from "./message-access.ts";
import { isSet, jsonText } from "./scalar-source.ts";
import { Source } from "./source.ts";
import type { MessageOps } from "./value-codec.ts";

/** Compiles what writes a message as JSON: one function that appends to one string. */
export function compileJsonWriter(
  plan: MessagePlan,
  options: JsonOptions,
  extensions: ExtensionJson | undefined,
): MessageOps["writeJson"] {
  const source = new Source();
  const access = new MessageAccess(source, plan);
  source.add('let text = "{";');
  // whether a comma is due before the next member: no, yes, or known only at run time
  let comma: "no" | "yes" | "perhaps" = "no";
  for (const field of plan.fields) {
    const name = `${quote(jsonNameOf(field, options))}:`;
    const before = { no: '""', yes: '","', perhaps: '(text === "{" ? "" : ",")' }[comma];
    const key =
      comma === "perhaps"
        ? `${before} + ${literal(name)}`
        : literal(comma === "yes" ? `,${name}` : name);
    const unset = options.emitDefaults ? field.unsetJson : undefined;
    access.field(
      field,
      () => addValue(source, field, key, options.emitDefaults),
      () => {
        if (unset !== undefined) source.add(`text += ${key} + ${literal(unset)};`);
      },
    );
    const isCertain = unset !== undefined || field.required;
    if (comma !== "yes") comma = isCertain ? "yes" : "perhaps";
  }
  if (extensions !== undefined) {
    const write = source.use((message: Message) => extensions.write(message));
    source.add(`v = ${write}(message);`, 'if (v !== "") text += (text === "{" ? "" : ",") + v;');
  }
  source.add('return text + "}";');
  return source.build("message, depth");
}

function addValue(source: Source, plan: FieldPlan, key: string, emitDefaults: boolean): void {
  switch (plan.shape) {
    case "single": {
      const { quoted, code } = jsonText(source, plan.value, "v");
      const text = quoted ? `text += ${key} + '"' + ${code} + '"';` : `text += ${key} + ${code};`;
      const isOptional = !emitDefaults && plan.presence === "implicit";
      source.add(isOptional ? `if (${isSet(source, plan.value, "v")}) ${text}` : text);
      return;
    }
    case "list": {
      const { quoted, code } = jsonText(source, plan.value, "item");
      const mark = quoted ? '"' : "";
      source.add(
        `if (!Array.isArray(v)) ${source.use(requireList)}(v);`,
        emitDefaults ? `if (v.length === 0) text += ${key} + "[]"; else {` : "if (v.length > 0) {",
        "let item = v[0];",
        `text += ${key} + '[${mark}' + ${code};`,
        "for (let i = 1; i < v.length; i++) {",
        "item = v[i];",
        `text += '${mark},${mark}' + ${code};`,
        "}",
        `text += '${mark}]';`,
        "}",
      );
      return;
    }
    case "map": {
      const { quoted, code } = jsonText(source, plan.value, "item");
      const mark = quoted ? '"' : "";
      const mapKey = requireKey(plan);
      const canonical = source.use((name: string) => escape(mapKey.canonical(name)));
      source.add(
        `if (typeof v !== "object" || Array.isArray(v)) throw ${source.use(mismatch)}("a map", v);`,
        "const names = Object.keys(v);",
        emitDefaults ? "{" : "if (names.length > 0) {",
        `text += ${key} + "{";`,
        "for (let i = 0; i < names.length; i++) {",
        "const item = v[names[i]];",
        `text += (i === 0 ? '"' : ',"') + ${canonical}(names[i]) + '":${mark}' + ${code}${quoted ? " + '\"'" : ""};`,
        "}",
        'text += "}";',
        "}",
      );
    }
  }
}

function literal(text: string): string {
  return JSON.stringify(text);
}
