import type { Command } from "commander";
import { addExamples, protoPathOption, type Declaring } from "./declaring.ts";

/** Declares `kratos-ts proto client`. */
export function declareProtoClient(proto: Command, { shell, finish }: Declaring): void {
  const command = proto
    .command("client")
    .summary("generate typed code beside each .proto")
    .description(
      "Generate TypeScript beside each .proto: messages, HTTP and gRPC servers and clients, " +
        "errors, configuration. Writes only what changed.",
    )
    .argument("<file or folder...>", ".proto files, or folders that hold some")
    .addOption(protoPathOption())
    .option("--allow-get-body", "accept a body on GET, HEAD and DELETE")
    .action((paths: string[], flags: unknown) =>
      finish(() =>
        import("../commands/proto-client.ts").then((m) => m.runProtoClient(paths, flags, shell)),
      ),
    );
  addExamples(command, [
    "kratos-ts proto client api/order/v1/order.proto",
    "kratos-ts proto client api internal",
    "kratos-ts proto client api -p ../protos",
  ]);
}
