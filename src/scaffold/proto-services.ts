import { create } from "@bufbuild/protobuf";
import type { DescFile, DescMessage } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import type { FileDescriptorSet } from "@bufbuild/protobuf/wkt";
import { createEcmaScriptPlugin } from "@bufbuild/protoplugin";
import { join } from "node:path";
import { resolveImport } from "../buf/workspace.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { GenerateOptions } from "../generate/options.ts";
import { planGeneration } from "../generate/plan.ts";
import type { ServiceFacts } from "../model/service-facts.ts";
import { readOwnPackage } from "../project/own-package.ts";

/** The services of some protos, and where the generated code of what they use is. */
export interface ProtoServices {
  /** With an error among them, `services` is empty. */
  readonly diagnostics: readonly Diagnostic[];
  readonly services: readonly ServiceFacts[];
  /** The generated file beside the proto of `service`, absolute: `_http.ts` for the kind "http". */
  generatedFile(service: ServiceFacts, kind: "http" | "grpc"): string;
  locate(message: DescMessage): MessageLocation;
}

/** Where to import a message from. */
export interface MessageLocation {
  /** The name of its type. */
  readonly type: string;
  /** The name of its schema. */
  readonly schema: string;
  /** A package's module, or the absolute path of a file. */
  readonly from: { readonly module: string } | { readonly file: string };
}

/**
 * Reads the services of protos, with the same eyes as generation: what that refuses has no services here
 * either. Throws FILE_NOT_FOUND for what holds no protos of the project, TOOL_FAILED, CONFIG_INVALID.
 */
export async function readProtoServices(options: GenerateOptions): Promise<ProtoServices> {
  const bundledDir = join(readOwnPackage().root, "third_party");
  const plan = await planGeneration(options, bundledDir);
  if (!plan.ok) {
    const { diagnostics } = plan;
    const nothing = (): never => fail("nothing was built");
    return { diagnostics, services: [], generatedFile: nothing, locate: nothing };
  }
  const { workspace, targets, set, files, provided, diagnostics } = plan;
  const importPaths = targets.map(({ importPath }) => importPath);
  const names = readMessageNames(set, importPaths);
  const findProto = ({ name }: DescFile): string =>
    resolveImport(workspace, `${name}.proto`) ?? fail(`no root has "${name}.proto"`);
  return {
    diagnostics,
    services: files.flatMap(({ services }) => services),
    generatedFile: ({ desc }, kind) => findProto(desc.file).replace(/\.proto$/, `_${kind}.ts`),
    locate(message) {
      const { type, schema, from } = names.get(message.typeName) ?? fail(message.typeName);
      return { type, schema, from: locateModule(from, message.file) };
    },
  };

  function locateModule(from: string, file: DescFile): MessageLocation["from"] {
    if (!from.startsWith("./")) return { module: from };
    // Where the user has a copy of these, it only serves imports too.
    if (provided.has(`${file.name}.proto`)) {
      return { module: `@kratos-ts/runtime/protos/${file.name}_pb.ts` };
    }
    return { file: findProto(file).replace(/\.proto$/, "_pb.ts") };
  }
}

interface MessageNames {
  readonly type: string;
  readonly schema: string;
  readonly from: string;
}

/** What protoc-gen-es calls the messages of the files and the inputs and outputs of their methods: asked of the library it is made with. */
function readMessageNames(
  set: FileDescriptorSet,
  importPaths: readonly string[],
): Map<string, MessageNames> {
  const names = new Map<string, MessageNames>();
  const plugin = createEcmaScriptPlugin({
    name: "names",
    version: "v1",
    generateTs(schema) {
      const f = schema.generateFile("names.ts");
      for (const { services, messages } of schema.files) {
        const methods = services.flatMap((service) => service.methods);
        const used = methods.flatMap(({ input, output }) => [input, output]);
        for (const message of [...used, ...messages]) {
          const type = f.importShape(message);
          const { name } = f.importSchema(message);
          names.set(message.typeName, { type: type.name, schema: name, from: type.from });
        }
      }
    },
  });
  plugin.run(
    create(CodeGeneratorRequestSchema, {
      fileToGenerate: [...importPaths],
      protoFile: set.file,
      parameter: "target=ts",
    }),
  );
  return names;
}

function fail(message: string): never {
  throw new Error(message);
}
