import type { DescEnum, DescMessage } from "@bufbuild/protobuf";
import type { Printable, Schema } from "@bufbuild/protoplugin";
import type {
  ConfigFieldFacts,
  ConfigMessageFacts,
  ConfigScalar,
  ConfigValue,
} from "../model/config-facts.ts";
import type { FileFacts } from "../model/model.ts";
import { openFile, type CodegenFile } from "./codegen-file.ts";
import { createConfigNames, type ConfigNamesOf } from "./config-names.ts";
import type { PrintTemplate } from "./templates.ts";

/** Prints `*_config.ts`: for each message and enum a type and the zod schema that reads it. */
export function printConfig(schema: Schema, facts: FileFacts, print: PrintTemplate): void {
  if (facts.configTypes.length === 0) return;

  const file = openFile(schema, facts, "_config");
  const { f, exportName } = file;
  const z = f.import("z", "zod");
  const writer: Writer = { ...file, z, namesOf: createConfigNames() };
  print(f, {
    z,
    configMessage: file.value("configMessage"),
    types: facts.configTypes.map((type) => ({
      typeName: type.desc.typeName,
      doc: f.jsDoc(type.desc),
      type: exportName(
        type.kind === "message" ? "interface" : "type",
        writer.namesOf(type.desc).type,
      ),
      schema: exportName("const", writer.namesOf(type.desc).schema),
      message: type.kind === "message" ? messageView(writer, type) : undefined,
      values: type.kind === "enum" ? type.desc.values.map(({ name }) => f.string(name)) : undefined,
    })),
  });
}

interface Writer extends CodegenFile {
  readonly z: Printable;
  readonly namesOf: ConfigNamesOf;
}

function messageView(writer: Writer, message: ConfigMessageFacts): object {
  const names = message.fields.map(({ localName, spellings }) => {
    const [first = localName, ...rest] = spellings;
    const more = rest.map((spelling) => `, "${spelling}"`).join("");
    return `      ${localName}: ${rest.length === 0 ? `"${first}"` : `["${first}"${more}]`},\n`;
  });
  const oneofs = message.oneofs.map(
    (fields) => `[${fields.map((name) => `"${name}"`).join(", ")}]`,
  );
  return {
    names: names.length === 0 ? "{}" : ["{\n", ...names, "    }"],
    oneofs: oneofs.length === 0 ? [] : `, [${oneofs.join(", ")}]`,
    fields: message.fields.map((field) => ({
      doc: writer.f.jsDoc(field.desc, "  "),
      localName: field.localName,
      optionalMark: field.presence === "optional" ? "?" : "",
      typeText: [
        valueType(writer, field.value),
        field.presence === "optional" ? " | undefined" : "",
      ],
      schemaText: valueSchema(writer, field.value, schemaEnding(field)),
    })),
  };
}

const scalarTypes: Readonly<Record<ConfigScalar, string>> = {
  string: "string",
  boolean: "boolean",
  int32: "number",
  uint32: "number",
  int64: "number",
  uint64: "number",
  integer: "string",
  float: "number",
  bytes: "Uint8Array",
  duration: "number",
  timestamp: "Date",
  struct: "{ readonly [key: string]: unknown }",
  array: "readonly unknown[]",
  anything: "unknown",
  empty: "{ readonly [key: string]: never }",
};

function valueType(writer: Writer, value: ConfigValue): Printable {
  switch (value.kind) {
    case "message":
    case "enum":
      return configSymbol(writer, value.desc, "type");
    case "list":
      return ["readonly ", parenthesise(writer, value.item), "[]"];
    case "map":
      return ["{ readonly [key: string]: ", valueType(writer, value.item), " }"];
    case "bytes":
    case "timestamp":
      return writer.global(scalarTypes[value.kind]);
    default:
      return scalarTypes[value.kind];
  }
}

function parenthesise(writer: Writer, item: ConfigValue): Printable {
  const type = valueType(writer, item);
  return item.kind === "array" ? ["(", type, ")"] : type;
}

/** What follows the schema of the value itself: how absence is read. */
function schemaEnding({ value, presence, defaultValue }: ConfigFieldFacts): string {
  if (presence === "optional") return ".optional()";
  if (presence === "required") return "";
  if (defaultValue !== undefined) return `.default(${JSON.stringify(defaultValue)})`;
  switch (value.kind) {
    case "message":
    case "empty":
      return "";
    case "list":
    case "array":
      return ".default([])";
    case "map":
    case "struct":
      return ".default({})";
    case "string":
      return '.default("")';
    case "integer":
      return '.default("0")';
    case "boolean":
      return ".default(false)";
    case "bytes":
      return ".default(new Uint8Array(0))";
    default:
      return ".default(0)";
  }
}

function valueSchema(writer: Writer, value: ConfigValue, ending: string): Printable {
  const { z } = writer;
  const read = (reader: string, schema: string): Printable => {
    const preprocess = [z, ".preprocess(", writer.value(reader), ", "];
    return [preprocess, z, schema, ending, ")"];
  };
  switch (value.kind) {
    case "message":
    case "enum":
      return [configSymbol(writer, value.desc, "schema"), ending];
    case "list":
      return [z, ".array(", valueSchema(writer, value.item, ""), ")", ending];
    case "map":
      return [
        z,
        ".record(",
        keySchema(z, value.key),
        ", ",
        valueSchema(writer, value.item, ""),
        ")",
        ending,
      ];
    case "string":
      return [z, ".string()", ending];
    case "boolean":
      return read("configBoolean", ".boolean()");
    case "int32":
      return read("configNumber", ".int32()");
    case "uint32":
      return read("configNumber", ".uint32()");
    case "int64":
      return read("configNumber", ".int()");
    case "uint64":
      return read("configNumber", ".int().nonnegative()");
    case "integer":
      return read("configInteger", ".string().regex(/^-?\\d+$/)");
    case "float":
      return read("configNumber", ".number()");
    case "bytes":
      return read("configBytes", ".instanceof(Uint8Array)");
    case "duration":
      return read("configDuration", ".number()");
    case "timestamp":
      return read("configTimestamp", ".date()");
    case "struct":
      return [z, ".record(", z, ".string(), ", z, ".unknown())", ending];
    case "array":
      return [z, ".array(", z, ".unknown())", ending];
    case "anything":
      return [z, ".unknown()", ending];
    case "empty":
      return [
        z,
        ".preprocess(",
        writer.value("configMessage"),
        "({}), ",
        z,
        ".strictObject({}))",
        ending,
      ];
  }
}

function keySchema(z: Printable, key: "string" | "integer" | "boolean"): Printable {
  switch (key) {
    case "string":
      return [z, ".string()"];
    case "integer":
      return [z, ".string().regex(/^-?\\d+$/)"];
    case "boolean":
      return [z, ".string().regex(/^(?:true|false)$/)"];
  }
}

/** A type or schema of a configuration file: this one, or another beside its own proto. */
function configSymbol(
  { f, namesOf }: Writer,
  desc: DescMessage | DescEnum,
  what: "type" | "schema",
): Printable {
  return f.import(namesOf(desc)[what], `./${desc.file.name}_config.js`, what === "type");
}
