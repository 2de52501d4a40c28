import type { Command } from "commander";
import { declareProtoAdd } from "./declare-proto-add.ts";
import { declareProtoClient } from "./declare-proto-client.ts";
import { declareProtoServer } from "./declare-proto-server.ts";
import type { Declaring } from "./declaring.ts";

/** Declares `kratos-ts proto` and the commands of this group. */
export function declareProto(parent: Command, declaring: Declaring): void {
  const proto = parent
    .command("proto")
    .summary("write .proto files and generate code from them")
    .description("Write .proto files and generate code from them.")
    .helpCommand(false);
  declareProtoAdd(proto, declaring);
  declareProtoClient(proto, declaring);
  declareProtoServer(proto, declaring);
}
