import type { MethodFacts, ServiceFacts } from "../model/service-facts.ts";
import { CliError } from "../cli-error.ts";
import type { Drafts } from "./drafts.ts";
import { findGoneMethods } from "./find-gone-methods.ts";
import { insertMethods } from "./insert-methods.ts";
import { callNotImplemented, describeMethod, throwNotImplemented } from "./method-stub.ts";
import { printOnce } from "./print-once.ts";
import type { ProtoServices } from "./proto-services.ts";
import { listClasses, nameMember, readMembers } from "./service-classes.ts";
import type { FoundClass } from "./service-classes.ts";
import { SourceImports } from "./source-imports.ts";
import { formatTypescript, readStyle } from "./source-style.ts";
import { indentAt, parseTypescript } from "./typescript-source.ts";
import type { TypescriptSource } from "./typescript-source.ts";

/** What came of {@link addMissingMethods}. */
export interface AddedMethods {
  /** In the order of the proto. */
  readonly added: readonly string[];
  /** Methods of the class whose rpc is gone. */
  readonly gone: readonly string[];
  /** Methods that a class above it, which cannot be read, may have or lack; and how that is called. */
  readonly unseen: { readonly base: string; readonly methods: readonly string[] } | undefined;
}

/**
 * Drafts the class called `name` in the file at `path` with the methods of `service` that it lacks: each behind
 * the one before it in the proto, by insertion only. Throws SOURCE_INVALID.
 */
export async function addMissingMethods(
  service: ServiceFacts,
  name: string,
  path: string,
  { proto, drafts }: { readonly proto: ProtoServices; readonly drafts: Drafts },
): Promise<AddedMethods> {
  const source = parseTypescript((await drafts.read(path)) ?? "", path);
  const found = findNamed(source, name);
  const members = await readMembers(source, path, found, drafts);
  const missing = service.methods.filter(
    ({ localName }) => !members.own.has(localName) && !members.inherited.has(localName),
  );
  const known = service.methods.map(({ localName }) => localName);
  const gone = findGoneMethods(source, members, known);
  const names = missing.map(({ localName }) => localName);
  if (members.unseen !== undefined && names.length > 0) {
    return { added: [], gone, unseen: { base: members.unseen, methods: names } };
  }
  if (names.length === 0) return { added: [], gone, unseen: undefined };

  const imports = new SourceImports(source);
  const hasHelper = declaresNotImplemented(source, service);
  const init = imports.add("MessageInitShape", "@bufbuild/protobuf", true);
  const place = { path, proto, imports };
  const methods = missing.map((method) =>
    describeMethod(
      method,
      place,
      hasHelper ? callNotImplemented(method) : throwNotImplemented(method, place),
    ),
  );
  const printed = await formatTypescript(await printOnce("methods.ts", { methods, init }), path, {
    ...readStyle(source),
    endOfLine: "lf",
  });
  const texts = readMethods(printed, path);
  insertMethods(
    source,
    found,
    missing.map((method) => ({
      text: texts.get(method.localName) ?? "",
      after: findBefore(method, service, members.own),
    })),
  );
  imports.insert();
  const text = source.print();
  checkAdded(text, path, name, names);
  await drafts.set(path, text);
  return { added: names, gone, unseen: undefined };
}

function findNamed(source: TypescriptSource, name: string): FoundClass {
  const found = listClasses(source).find((each) => each.name === name);
  if (found === undefined) throw new Error(`the class "${name}" was there before`);
  return found;
}

/** Our own function that new classes have; the user may have removed it with the last call. */
function declaresNotImplemented(source: TypescriptSource, { typeName }: ServiceFacts): boolean {
  return source.program.body.some(
    (statement) =>
      statement.type === "FunctionDeclaration" &&
      statement.id?.name === "notImplemented" &&
      source.original.slice(statement.start, statement.end).includes(`${typeName}/`),
  );
}

/** The member of the nearest method before it in the proto that the class has. */
function findBefore<T>(
  method: MethodFacts,
  { methods }: ServiceFacts,
  own: ReadonlyMap<string, T>,
): T | undefined {
  const before = methods.slice(0, methods.indexOf(method));
  const nearest = before.findLast(({ localName }) => own.has(localName));
  return nearest && own.get(nearest.localName);
}

/** The methods of the class in `printed`, by name and without their indentation. */
function readMethods(printed: string, path: string): Map<string, string> {
  const texts = new Map<string, string>();
  const source = parseTypescript(printed, path);
  for (const { node } of listClasses(source)) {
    for (const member of node.body.body) {
      const name = nameMember(member);
      const indent = indentAt(printed, member.start);
      const text = printed.slice(member.start, member.end).replaceAll(`\n${indent}`, "\n");
      if (name !== undefined) texts.set(name, text);
    }
  }
  return texts;
}

/** An insertion that a file is not made for must not get into it. */
function checkAdded(text: string, path: string, name: string, names: readonly string[]): void {
  const problem = (cause?: unknown): CliError =>
    new CliError("CLASS_UNCLEAR", `cannot add ${names.join(", ")} to "${name}" in "${path}"`, {
      hint: "write one of them by hand; nothing was changed",
      cause,
    });
  let source: TypescriptSource;
  try {
    source = parseTypescript(text, path);
  } catch (cause) {
    throw problem(cause);
  }
  const members = findNamed(source, name).node.body.body.map(nameMember);
  if (!names.every((each) => members.includes(each))) throw problem();
}
