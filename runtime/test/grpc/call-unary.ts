import type { DescMessage, DescMethodUnary } from "@bufbuild/protobuf";
import type { CallByKind } from "../../src/transport/method.ts";
import { createClient } from "./kratos-peer.ts";

/** Calls a method that protobuf-es describes. */
export function callUnary<I extends DescMessage, O extends DescMessage>(
  address: string,
  { name, parent, input, output }: DescMethodUnary<I, O>,
): CallByKind<I, O>["unary"] {
  const operation = `/${parent.typeName}/${name}`;
  return createClient(address).method({ operation, kind: "unary", input, output });
}
