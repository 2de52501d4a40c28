import type { Printable, Schema } from "@bufbuild/protoplugin";
import type { FileFacts } from "../model/model.ts";
import type { MethodFacts } from "../model/service-facts.ts";
import { openFile, type CodegenFile } from "./codegen-file.ts";
import type { PrintTemplate } from "./templates.ts";

/** Prints `*_grpc.ts`: method descriptors, server and client of every service. */
export function printGrpc(schema: Schema, facts: FileFacts, print: PrintTemplate): void {
  const services = facts.services.filter(({ methods }) => methods.length > 0);
  if (services.length === 0) return;

  const file = openFile(schema, facts, "_grpc");
  const { f, exportName, type } = file;
  print(f, {
    CallContext: type("CallContext"),
    CallOptions: type("CallOptions"),
    GrpcCaller: type("GrpcCaller"),
    GrpcMethod: type("GrpcMethod"),
    GrpcRouter: type("GrpcRouter"),
    services: services.map(({ desc, name, typeName, methods }) => ({
      typeName,
      doc: f.jsDoc(desc),
      server: exportName("interface", `${name}GrpcServer`),
      register: exportName("function", `register${name}GrpcServer`),
      client: exportName("interface", `${name}GrpcClient`),
      create: exportName("function", `create${name}GrpcClient`),
      methods: methods.map((method) => ({
        localName: method.localName,
        operation: method.operation,
        operationText: f.string(method.operation),
        kind: method.kind,
        idempotency: method.idempotency,
        doc: f.jsDoc(method.desc, "  "),
        method: exportName("const", `${name}${method.name}Method`),
        inputSchema: f.importSchema(method.desc.input),
        outputSchema: f.importSchema(method.desc.output),
        ...signature(file, method),
      })),
    })),
  });
}

interface Signature {
  /** What the parameter is called. */
  readonly request: "request" | "requests";
  readonly serverRequest: Printable;
  readonly serverReply: Printable;
  readonly clientRequest: Printable;
  readonly clientReply: Printable;
}

function signature(file: CodegenFile, { desc, kind }: MethodFacts): Signature {
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
