import type { Command } from "commander";
import { addExamples, protoPathOption, type Declaring } from "./declaring.ts";

/** Declares `kratos-ts proto server`. */
export function declareProtoServer(proto: Command, { shell, finish }: Declaring): void {
  const command = proto
    .command("server")
    .summary("write a class for each service")
    .description(
      "Write a class for each service of a .proto, ready to be filled in, and register it in " +
        "internal/server/services.ts and cmd/*/wire.ts. A class that exists gets the methods that it " +
        "lacks, and nothing else in it is touched.",
    )
    .argument("<file or folder...>", ".proto files, or folders that hold some")
    .option(
      "-t, --target-dir <folder>",
      "where the class goes (default: the project's internal/service)",
    )
    .addOption(protoPathOption())
    .option("--allow-get-body", "accept a body on GET, HEAD and DELETE")
    .option(
      "--layers <names>",
      "what to write, of service,biz,data: use case, repository and tests too (default: service)",
    )
    .option("--dry-run", "print what would change, as a diff, and write nothing")
    .action((paths: string[], flags: unknown) =>
      finish(() =>
        import("../commands/proto-server.ts").then((m) => m.runProtoServer(paths, flags, shell)),
      ),
    );
  addExamples(command, [
    "kratos-ts proto server api/order/v1/order.proto",
    "kratos-ts proto server api/order/v1/order.proto --layers service,biz,data",
    "kratos-ts proto server api internal --dry-run",
    "kratos-ts proto server api/order/v1/order.proto -t internal/handler",
  ]);
}
