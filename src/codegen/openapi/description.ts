import type {
  DescEnum,
  DescEnumValue,
  DescField,
  DescFile,
  DescMessage,
  DescMethod,
  DescService,
} from "@bufbuild/protobuf";
import { fileOf, sourcePath } from "../../model/source-position.ts";

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

/** Gives the comment above a declaration, or behind it on its line; undefined without one. */
export type Describe = (desc: Commented) => string | undefined;

/** Makes a {@link Describe} that reads the comments of each file once. */
export function createDescribe(): Describe {
  const commentsByFile = new Map<DescFile, ReadonlyMap<string, string>>();
  return (desc) => {
    const file = fileOf(desc);
    let comments = commentsByFile.get(file);
    if (comments === undefined) commentsByFile.set(file, (comments = readComments(file)));
    return comments.size === 0 ? undefined : comments.get(sourcePath(desc).join());
  };
}

function readComments({ proto }: DescFile): ReadonlyMap<string, string> {
  const comments = new Map<string, string>();
  if (!carriesComments(proto.name)) return comments;
  for (const { path, leadingComments, trailingComments } of proto.sourceCodeInfo?.location ?? []) {
    if (leadingComments === "" && trailingComments === "") continue;
    const key = path.join();
    const text = clean(leadingComments) || clean(trailingComments);
    if (text !== "" && !comments.has(key)) comments.set(key, text);
  }
  return comments;
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
