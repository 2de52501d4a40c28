import type { Schema } from "@bufbuild/protoplugin";
import type { FileFacts } from "../model/model.ts";
import { openFile } from "./codegen-file.ts";
import { methodSignature } from "./method-signature.ts";
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
      schema: f.importSchema(desc),
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
        ...methodSignature(file, method),
      })),
    })),
  });
}
