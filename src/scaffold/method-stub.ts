import { dirname, relative } from "node:path";
import type { DescMessage } from "@bufbuild/protobuf";
import { toSlashes } from "../buf/workspace.ts";
import type { MethodFacts } from "../model/service-facts.ts";
import type { Imports } from "./import-list.ts";
import type { ProtoServices } from "./proto-services.ts";

/** The file that something is printed for. */
export interface PrintPlace {
  /** Absolute. */
  readonly path: string;
  readonly proto: ProtoServices;
  readonly imports: Imports;
}

/** A method of a service's class, as the template takes it. */
export interface MethodStub {
  readonly localName: string;
  readonly streamsReplies: boolean;
  /** Such as `_requests: AsyncIterable<Order>`. */
  readonly parameter: string;
  /** The local name of the reply's schema. */
  readonly reply: string;
  /** Its statements. */
  readonly body: string;
}

/** `path` (absolute) as a module of the file at `from` (absolute). */
export function toModule(from: string, path: string): string {
  const module = toSlashes(relative(dirname(from), path));
  return module.startsWith(".") ? module : `./${module}`;
}

/** The local name of a message's type or schema. */
export function importMessage(
  message: DescMessage,
  what: "type" | "schema",
  { path, proto, imports }: PrintPlace,
): string {
  const location = proto.locate(message);
  const { from } = location;
  const module = "module" in from ? from.module : toModule(path, from.file);
  return imports.add(location[what], module, true);
}

/** A method that does `body`; its parameter is called `request` or `requests`. */
export function describeMethod(method: MethodFacts, place: PrintPlace, body: string): MethodStub {
  const { localName, kind, desc } = method;
  const streamsRequests = kind === "clientStreaming" || kind === "bidiStreaming";
  const type = importMessage(desc.input, "type", place);
  const name = streamsRequests ? "requests" : "request";
  // The compiler asks for a mark on what is not used.
  const isUsed = new RegExp(`\\b${name}\\b`).test(body);
  return {
    localName,
    streamsReplies: streamsReplies(method),
    parameter: `${isUsed ? "" : "_"}${name}: ${streamsRequests ? `AsyncIterable<${type}>` : type}`,
    reply: importMessage(desc.output, "schema", place),
    body,
  };
}

/** Fails by the function `notImplemented` of the class's file. */
export function callNotImplemented(method: MethodFacts): string {
  return `${streamsReplies(method) ? "yield" : "return"} notImplemented("${method.name}");`;
}

/** Fails by itself. */
export function throwNotImplemented(method: MethodFacts, { imports }: PrintPlace): string {
  const kratosError = imports.add("KratosError", "@kratos-ts/runtime", false);
  const error = `new ${kratosError}(501, "NOT_IMPLEMENTED", "${method.name} is not implemented yet")`;
  // A generator that yields nothing is what linters ask about.
  return streamsReplies(method) ? `yield Promise.reject(${error});` : `throw ${error};`;
}

function streamsReplies({ kind }: MethodFacts): boolean {
  return kind === "serverStreaming" || kind === "bidiStreaming";
}
