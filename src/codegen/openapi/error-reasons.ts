import type { DescFile } from "@bufbuild/protobuf";
import type { ErrorFacts } from "../../model/error-facts.ts";
import type { Describe } from "./description.ts";
import { compact, type JsonObject } from "./json-object.ts";

/** The reasons of a proto and of those that it imports, each once, in the order of their names. */
export function errorReasons(
  file: DescFile,
  readErrors: (file: DescFile) => readonly ErrorFacts[],
  describe: Describe,
): JsonObject[] {
  const files = new Set<DescFile>();
  const visit = (desc: DescFile): void => {
    if (files.has(desc)) return;
    files.add(desc);
    desc.dependencies.forEach(visit);
  };
  visit(file);
  return [...files]
    .flatMap((each) => [...readErrors(each)])
    .map(({ desc, reason, code }) =>
      compact({ reason, code, enum: desc.parent.typeName, description: describe(desc) }),
    )
    .sort((a, b) => compare(keyOf(a), keyOf(b)));
}

/** The schema of all errors, as servers write them; `reasons` are examples of what they can be about. */
export function errorSchema(reasons: readonly JsonObject[]): JsonObject {
  const examples = [...new Set(reasons.map(({ reason }) => reason ?? ""))];
  return {
    type: "object",
    description: "An error, as every call may end with one.",
    properties: {
      code: { type: "integer", format: "int32", description: "The status of HTTP." },
      reason: compact({
        type: "string",
        description:
          "What went wrong, for programs. Beside those of the service there are `CODEC` for requests that cannot be read, `DEADLINE_EXCEEDED`, and `UNKNOWN` for faults of the server.",
        examples: examples.length === 0 ? undefined : examples,
      }),
      message: { type: "string", description: "What went wrong, for people." },
      metadata: {
        type: "object",
        description: "What the error is about.",
        additionalProperties: { type: "string" },
      },
    },
    required: ["code", "reason", "message", "metadata"],
  };
}

function keyOf({ reason, enum: name }: JsonObject): string {
  return `${String(reason)} ${String(name)}`;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
