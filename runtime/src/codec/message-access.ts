import type { DescOneof } from "@bufbuild/protobuf";
import type { FieldPlan, MessagePlan } from "./field-plan.ts";
import { checkDepth } from "./nesting.ts";
import { checkOneof, missingField, requireMessage } from "./presence.ts";
import { memberOf } from "./source.ts";
import type { Source } from "./source.ts";

/** Compiled code that looks at the fields of a message to be written; see {@link findValue}. */
export class MessageAccess {
  private readonly source: Source;
  private readonly groups: Map<DescOneof, string>;

  /** Adds the beginning of the function, which has the parameters `message` and `depth`. */
  constructor(source: Source, { desc }: MessagePlan) {
    this.source = source;
    this.groups = new Map(desc.oneofs.map((oneof, i) => [oneof, `group${i}`]));
    const typeName = JSON.stringify(desc.typeName);
    source.add(
      `${source.use(checkDepth)}(depth);`,
      `if (typeof message !== "object" || message === null || message.$typeName !== ${typeName})`,
      `  ${source.use(requireMessage)}(message, ${typeName});`,
      "let v;",
    );
    for (const [oneof, group] of this.groups) {
      const value = memberOf("message", oneof.localName);
      const names = source.use(new Set(oneof.fields.map((field) => field.localName)));
      source.add(
        `let ${group} = ${value};`,
        `if (${group} === undefined || ${group} === null) ${group} = ${source.use(NOTHING)};`,
        `else if (typeof ${group} !== "object" || (${group}.case !== undefined && !${names}.has(${group}.case)))`,
        `  ${source.use(checkOneof)}(message, ${source.use(oneof)});`,
      );
    }
  }

  /** Adds `then` for a field that is set, `otherwise` for one that is not. Its value is in `v`. */
  field(plan: FieldPlan, then: () => void, otherwise: () => void = () => undefined): void {
    const { source } = this;
    const { field, oneof } = plan;
    if (oneof !== undefined) {
      const group = String(this.groups.get(oneof));
      source.add(
        `if (${group}.case === ${JSON.stringify(field.localName)}) {`,
        `v = ${group}.value ?? ${plan.value.zero === undefined ? "{}" : source.use(plan.value.zero)};`,
      );
      then();
      source.add("}");
      return;
    }
    source.add(`v = ${memberOf("message", field.localName)};`);
    const own = `(Object.hasOwn(message, ${JSON.stringify(field.localName)}) || !("$typeName" in message))`;
    source.add(
      `if (v !== undefined && v !== null${plan.presence === "own" ? ` && ${own}` : ""}) {`,
    );
    then();
    source.add("} else {");
    if (plan.required) source.add(`throw ${source.use(missingField)}();`);
    else otherwise();
    source.add("}");
  }
}

/** Stands for a oneof that is not set. */
const NOTHING = Object.freeze({ case: undefined, value: undefined });
