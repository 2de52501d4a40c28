import { tagOf, Wire } from "./wire.ts";
import { mismatch } from "./codec-error.ts";
import { requireKey, requireList } from "./containers.ts";
import type { FieldPlan, MessagePlan } from "./field-plan.ts";
import { endTagOf } from "./framing.ts";
import { readEntry, writeEntry } from "./map-entry.ts";
import { MessageAccess } from "./message-access.ts";
import { checkDepth } from "./nesting.ts";
import { newMessage } from "./new-message.ts";
import { binaryRead, binaryWrite, isSet } from "./scalar-source.ts";
import { memberOf, memberPath, Source } from "./source.ts";
import { keepUnknown, writeUnknown } from "./unknown-field.ts";
import type { MessageOps } from "./value-codec.ts";

/** Compiles what writes a message's fields, in the order of their numbers. */
export function compileBinaryWriter(plan: MessagePlan): MessageOps["writeBinary"] {
  const source = new Source();
  const access = new MessageAccess(source, plan);
  for (const field of plan.sorted) access.field(field, () => addWrite(source, field));
  source.add(`if (message.$unknown !== undefined) ${source.use(writeUnknown)}(writer, message);`);
  return source.build("writer, message, depth");
}

function addWrite(source: Source, plan: FieldPlan): void {
  const tag = `writer.uint32(${plan.tag});`;
  switch (plan.shape) {
    case "single": {
      const write = `${tag} ${binaryWrite(source, plan.value, "v")}`;
      source.add(
        plan.presence === "implicit"
          ? `if (${isSet(source, plan.value, "v")}) { ${write} }`
          : write,
      );
      return;
    }
    case "list": {
      const write = binaryWrite(source, plan.value, "item");
      const each = plan.packed ? write : `${tag} ${write}`;
      source.add(
        `if (!Array.isArray(v)) ${source.use(requireList)}(v);`,
        "if (v.length > 0) {",
        plan.packed ? `${tag} const list = writer.fork();` : "",
        `for (let i = 0; i < v.length; i++) { const item = v[i]; ${each} }`,
        plan.packed ? "writer.join(list);" : "",
        "}",
      );
      return;
    }
    case "map": {
      const mapKey = requireKey(plan);
      const canonical = source.use((name: string) => mapKey.canonical(name));
      source.add(
        `if (typeof v !== "object" || Array.isArray(v)) throw ${source.use(mismatch)}("a map", v);`,
        "for (const name of Object.keys(v))",
        `  ${source.use(writeEntry)}(writer, ${source.use(plan)}, ${canonical}(name), v[name], depth);`,
      );
    }
  }
}

/** Compiles what reads a message's fields: a switch over the tags that may occur. */
export function compileBinaryReader(plan: MessagePlan): MessageOps["readBinary"] {
  const source = new Source();
  source.add(
    `${source.use(checkDepth)}(depth);`,
    `const message = existing === undefined ? ${newMessage(source, plan)} : existing;`,
    `const last = ${source.use(endTagOf)}(end);`,
    "while (reader.position < end || end < 0) {",
    "const tag = reader.tag();",
    "switch (tag) {",
  );
  for (const field of plan.sorted) addReads(source, field);
  source.add(
    "default:",
    "if (tag === last) return message;",
    `${source.use(keepUnknown)}(message, tag, reader.skip(tag, depth));`,
    "}",
    "}",
    "if (reader.position !== end) reader.requireEnd(end);",
    "return message;",
  );
  return source.build("reader, end, depth, existing");
}

function addReads(source: Source, plan: FieldPlan): void {
  const { field, value: codec } = plan;
  const target = memberPath("message", field.localName);
  switch (plan.shape) {
    case "single":
      source.add(`case ${plan.tag}: ${singleRead(source, plan)} break;`);
      return;
    case "list": {
      const read = `${target}.push(${binaryRead(source, codec)});`;
      source.add(`case ${tagOf(field.number, codec.wireType)}: ${read} break;`);
      if (!codec.packable) return;
      source.add(
        `case ${tagOf(field.number, Wire.delimited)}: {`,
        "const listEnd = reader.end();",
        `while (reader.position < listEnd) ${read}`,
        "reader.requireEnd(listEnd); break; }",
      );
      return;
    }
    case "map":
      source.add(
        `case ${plan.tag}: ${source.use(readEntry)}(${target}, ${source.use(plan)}, reader, depth); break;`,
      );
  }
}

function singleRead(source: Source, plan: FieldPlan): string {
  const { field, oneof, value: codec, closed } = plan;
  const isMessage = field.message !== undefined;
  if (oneof !== undefined) {
    const group = memberPath("message", oneof.localName);
    const name = JSON.stringify(field.localName);
    const existing = `${group}.case === ${name} ? ${group}.value : undefined`;
    const read = binaryRead(source, codec, isMessage ? existing : undefined);
    return keepOpen(source, plan, read, `${group} = { case: ${name}, value };`);
  }
  const existing = isMessage ? memberOf("message", field.localName) : undefined;
  const target = memberPath("message", field.localName);
  const read = binaryRead(source, codec, existing);
  return closed === undefined
    ? `${target} = ${read};`
    : keepOpen(source, plan, read, `${target} = value;`);
}

/** A closed enum's unknown numbers are put aside with the unknown fields. */
function keepOpen(source: Source, plan: FieldPlan, read: string, assign: string): string {
  if (plan.closed === undefined) return `{ const value = ${read}; ${assign} }`;
  return `{ const start = reader.position; const value = ${read};
    if (${source.use(plan.closed)}.has(value)) { ${assign} }
    else { reader.position = start; ${source.use(keepUnknown)}(message, tag, reader.skip(tag, depth)); } }`;
}
