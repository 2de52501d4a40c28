import type { Command } from "commander";
import { addExamples, type Declaring } from "./declaring.ts";

/** Declares `kratos-ts proto add`. */
export function declareProtoAdd(proto: Command, { shell, finish }: Declaring): void {
  const command = proto
    .command("add")
    .summary("write a new .proto with a service")
    .description(
      "Write a new .proto: a service with create, get, list, update and delete, " +
        "their HTTP routes, and an error_reason.proto beside it when there is none.",
    )
    .argument("<path>", "where, such as api/order/v1/order.proto")
    .action((path: string) =>
      finish(() => import("../commands/proto-add.ts").then((m) => m.runProtoAdd(path, shell))),
    );
  addExamples(command, ["kratos-ts proto add api/order/v1/order.proto"]);
}
