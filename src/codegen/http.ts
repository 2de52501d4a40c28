import type { Printable, Schema } from "@bufbuild/protoplugin";
import type { HttpBindingFacts } from "../model/http-rule.ts";
import type { FileFacts } from "../model/model.ts";
import { openFile, type CodegenFile } from "./codegen-file.ts";
import { methodSignature } from "./method-signature.ts";
import type { PrintTemplate } from "./templates.ts";

/** Prints `*_http.ts`: routes, server and client of the methods that are served over HTTP. */
export function printHttp(schema: Schema, facts: FileFacts, print: PrintTemplate): void {
  const services = facts.services
    .map((service) => ({
      ...service,
      methods: service.methods.filter((m) => m.bindings.length > 0),
    }))
    .filter(({ methods }) => methods.length > 0);
  if (services.length === 0) return;

  const file = openFile(schema, facts, "_http");
  const { f, exportName, type } = file;
  print(f, {
    CallContext: type("CallContext"),
    CallOptions: type("CallOptions"),
    HttpCaller: type("HttpCaller"),
    HttpRoute: type("HttpRoute"),
    HttpRouter: type("HttpRouter"),
    services: services.map(({ desc, name, typeName, methods }) => ({
      typeName,
      doc: f.jsDoc(desc),
      server: exportName("interface", `${name}HttpServer`),
      register: exportName("function", `register${name}HttpServer`),
      client: exportName("interface", `${name}HttpClient`),
      create: exportName("function", `create${name}HttpClient`),
      methods: methods.map((method) => ({
        localName: method.localName,
        operation: method.operation,
        operationText: f.string(method.operation),
        // Absent, as for most methods, it says unary.
        kind: method.kind === "unary" ? undefined : method.kind,
        idempotency: method.idempotency,
        doc: f.jsDoc(method.desc, "  "),
        route: exportName("const", `${name}${method.name}Route`),
        inputSchema: f.importSchema(method.desc.input),
        outputSchema: f.importSchema(method.desc.output),
        ...methodSignature(file, method),
        bindings: method.bindings.map((binding) => bindingProperties(file, binding)),
      })),
    })),
  });
}

function bindingProperties(
  { f }: CodegenFile,
  { method, path, body, responseBody }: HttpBindingFacts,
): { name: string; text: Printable }[] {
  return Object.entries({ method, path, body, responseBody }).flatMap(([name, text]) =>
    text === undefined ? [] : [{ name, text: f.string(text) }],
  );
}
