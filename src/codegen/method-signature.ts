import type { Printable } from "@bufbuild/protoplugin";
import type { MethodFacts } from "../model/service-facts.ts";
import type { CodegenFile } from "./codegen-file.ts";

/** How a method is written in the interfaces of its server and of its client. */
export interface MethodSignature {
  /** What the parameter is called. */
  readonly request: "request" | "requests";
  readonly serverRequest: Printable;
  readonly serverReply: Printable;
  readonly clientRequest: Printable;
  readonly clientReply: Printable;
}

/** The signature of a method, by how many messages go each way. */
export function methodSignature(file: CodegenFile, { desc, kind }: MethodFacts): MethodSignature {
  const { f } = file;
  const initShape = f.import("MessageInitShape", "@bufbuild/protobuf", true);
  const init = (schema: Printable): Printable => [initShape, "<typeof ", schema, ">"];
  const iterable = (item: Printable): Printable => [file.global("AsyncIterable"), "<", item, ">"];
  const promise = (value: Printable): Printable => [file.global("Promise"), "<", value, ">"];
  const awaitable = (value: Printable): Printable => [file.type("Awaitable"), "<", value, ">"];

  const streamsRequests = kind === "clientStreaming" || kind === "bidiStreaming";
  const streamsReplies = kind === "serverStreaming" || kind === "bidiStreaming";
  const request = f.importShape(desc.input);
  const requestInit = init(f.importSchema(desc.input));
  const reply = f.importShape(desc.output);
  const replyInit = init(f.importSchema(desc.output));
  return {
    request: streamsRequests ? "requests" : "request",
    serverRequest: streamsRequests ? iterable(request) : request,
    serverReply: streamsReplies ? iterable(replyInit) : awaitable(replyInit),
    clientRequest: streamsRequests ? iterable(requestInit) : requestInit,
    clientReply: streamsReplies ? iterable(reply) : promise(reply),
  };
}
