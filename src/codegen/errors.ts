import type { Schema } from "@bufbuild/protoplugin";
import type { FileFacts } from "../model/model.ts";
import { openFile } from "./codegen-file.ts";
import type { PrintTemplate } from "./templates.ts";

/** Prints `*_errors.ts`: for each reason a function that makes the error and one that knows it. */
export function printErrors(schema: Schema, facts: FileFacts, print: PrintTemplate): void {
  if (facts.errors.length === 0) return;

  const { f, exportName, type, value } = openFile(schema, facts, "_errors");
  print(f, {
    KratosError: value("KratosError"),
    KratosErrorOptions: type("KratosErrorOptions"),
    hasReason: value("hasReason"),
    errors: facts.errors.map(({ desc, reason, name, code }) => ({
      reason,
      httpCode: code,
      doc: f.jsDoc(desc),
      create: exportName("function", `error${name}`),
      test: exportName("function", `is${name}`),
    })),
  });
}
