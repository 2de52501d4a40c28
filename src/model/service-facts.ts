import type { DescFile, DescMethod, DescService } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { readHttpBindings, type HttpBindingFacts, type HttpRuleOptions } from "./http-rule.ts";
import type { Reporter } from "./reporter.ts";

/** How many messages go each way. */
export type MethodKind = "unary" | "serverStreaming" | "clientStreaming" | "bidiStreaming";

/** A service and its methods, in the order of the proto. */
export interface ServiceFacts {
  readonly desc: DescService;
  /** As in the proto: `OrderService`. */
  readonly name: string;
  /** With its package: `order.v1.OrderService`. */
  readonly typeName: string;
  readonly methods: readonly MethodFacts[];
}

/** A method of a service. */
export interface MethodFacts {
  readonly desc: DescMethod;
  /** As in the proto: `GetOrder`. */
  readonly name: string;
  /** As a property in TypeScript: `getOrder`. */
  readonly localName: string;
  /** `/order.v1.OrderService/GetOrder`. */
  readonly operation: string;
  readonly kind: MethodKind;
  /** `undefined`: the proto says nothing. */
  readonly idempotency: "noSideEffects" | "idempotent" | undefined;
  /**
   * Where it is served over HTTP: the rule first, then its additional bindings; without a rule nowhere, or
   * by its name where that was asked for.
   */
  readonly bindings: readonly HttpBindingFacts[];
}

const kinds = {
  unary: "unary",
  server_streaming: "serverStreaming",
  client_streaming: "clientStreaming",
  bidi_streaming: "bidiStreaming",
} as const satisfies Record<DescMethod["methodKind"], MethodKind>;

/** Reads the services of a file, and their `google.api.http` rules as `http` says; `undefined`: not these. */
export function readServices(
  file: DescFile,
  http: HttpRuleOptions | undefined,
  reporter: Reporter,
): ServiceFacts[] {
  return file.services.map((desc) => {
    const methods = desc.methods.map((method) => readMethod(method, http, reporter));
    reportNameClashes(methods, reporter);
    return { desc, name: desc.name, typeName: desc.typeName, methods };
  });
}

function readMethod(
  desc: DescMethod,
  http: HttpRuleOptions | undefined,
  reporter: Reporter,
): MethodFacts {
  return {
    desc,
    name: desc.name,
    localName: safeMethodName(desc.localName),
    operation: `/${desc.parent.typeName}/${desc.name}`,
    kind: kinds[desc.methodKind],
    idempotency: readIdempotency(desc),
    bindings: http === undefined ? [] : readHttpBindings(desc, http, reporter),
  };
}

function safeMethodName(localName: string): string {
  // A client with a method "then" would be taken for a promise by every await.
  return localName === "then" ? "then$" : localName;
}

function readIdempotency(desc: DescMethod): MethodFacts["idempotency"] {
  switch (desc.idempotency) {
    case IdempotencyLevel.NO_SIDE_EFFECTS:
      return "noSideEffects";
    case IdempotencyLevel.IDEMPOTENT:
      return "idempotent";
    default:
      return undefined;
  }
}

function reportNameClashes(methods: readonly MethodFacts[], reporter: Reporter): void {
  const firstByName = new Map<string, MethodFacts>();
  for (const method of methods) {
    const first = firstByName.get(method.localName);
    if (first === undefined) {
      firstByName.set(method.localName, method);
      continue;
    }
    reporter.error(
      { declaration: method.desc, inner: [1] },
      `methods "${first.name}" and "${method.name}" are both "${method.localName}" in TypeScript`,
      "rename one of them",
    );
  }
}
