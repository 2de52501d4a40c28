import type { DescEnumValue, DescEnum, DescField, DescMessage } from "@bufbuild/protobuf";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { getComments } from "@bufbuild/protoplugin";

/** What can have a comment in a proto that a document tells. */
type Commented = DescMessage | DescField | DescEnum | DescEnumValue | DescService | DescMethod;

/** For other tools than readers: instructions of linters, and what Google's protos say among themselves. */
const directive = /^(?:buf:lint:ignore|@exclude|api-linter:)/;
const internalNote = /\(--[\s\S]*?--\)/g;

/**
 * Whether comments of a proto are told: not those of schemas that everybody knows, which not every way of
 * generating has at hand.
 */
export function carriesComments(importPath: string): boolean {
  return !/^(?:google\/(?:api|protobuf|rpc)|buf\/validate|errors|openapi|validate)\//.test(
    importPath,
  );
}

/** The comment above a declaration, or behind it on its line; undefined without one. */
export function describe(desc: Commented): string | undefined {
  const { file } = "file" in desc ? desc : desc.parent;
  if (!carriesComments(file.proto.name)) return undefined;
  const { leading, trailing } = getComments(desc);
  const text = clean(leading ?? "");
  const found = text === "" ? clean(trailing ?? "") : text;
  return found === "" ? undefined : found;
}

/** A comment as a title of one line and, where it says more, the whole of it. */
export function summarize(text: string): { summary: string; description: string | undefined } {
  const [paragraph = ""] = text.split("\n\n", 1);
  const joined = paragraph.replaceAll("\n", " ");
  const sentence = /^.*?[.!?](?=\s|$)/.exec(joined)?.[0] ?? joined;
  const summary = sentence.endsWith("...") ? sentence : sentence.replace(/\.$/, "");
  return { summary, description: joined === text && sentence === joined ? undefined : text };
}

function clean(comment: string): string {
  const lines = comment
    .replaceAll("\r", "")
    .replaceAll(internalNote, "")
    .split("\n")
    .map((line) => line.replace(/^ /, "").trimEnd())
    .filter((line) => !directive.test(line.trimStart()));
  // Control characters are no part of any text, and YAML could not hold them as a block.
  return lines
    .join("\n")
    .replaceAll(/[^\P{Cc}\n\t]/gu, "")
    .trim();
}
