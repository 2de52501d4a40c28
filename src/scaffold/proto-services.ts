import { create, createFileRegistry } from "@bufbuild/protobuf";
import type { DescFile, DescMessage } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import type { FileDescriptorSet } from "@bufbuild/protobuf/wkt";
import { createEcmaScriptPlugin } from "@bufbuild/protoplugin";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildDescriptorSet } from "../buf/build.ts";
import { displayPath, findRoot, openWorkspace, resolveImport } from "../buf/workspace.ts";
import { CliError } from "../cli-error.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { readModel } from "../model/model.ts";
import type { ServiceFacts } from "../model/service-facts.ts";
import { readOwnPackage } from "../project/own-package.ts";

/** The services of a proto, and where the generated code of what they use is. */
export interface ProtoServices {
  /** With an error among them, `services` is empty. */
  readonly diagnostics: readonly Diagnostic[];
  readonly services: readonly ServiceFacts[];
  /** The generated file beside the proto, absolute: `_http.ts` for the kind "http". */
  generatedFile(kind: "http" | "grpc"): string;
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
 * Compiles `file` (absolute) of the project at `root` and reads its services.
 * Throws USAGE for a file outside of the project's protos, TOOL_FAILED, CONFIG_INVALID.
 */
export async function readProtoServices(
  root: string,
  file: string,
  protoPaths: readonly string[],
): Promise<ProtoServices> {
  const bundledDir = join(readOwnPackage().root, "third_party");
  const workspace = openWorkspace({ root, paths: [file], protoPaths, bundledDir });
  const found = findRoot(workspace, file);
  if (found === undefined) {
    const folders = workspace.roots.filter(({ kind }) => kind === "project");
    const names = folders.map(({ dir }) => displayPath(root, dir));
    throw new CliError("USAGE", `"${displayPath(root, file)}" lies in no module of buf.yaml`, {
      hint: `move it to one of ${names.join(", ")}`,
    });
  }
  const generatedFile = (kind: "http" | "grpc"): string => file.replace(/\.proto$/, `_${kind}.ts`);
  const built = await buildDescriptorSet(workspace, [file]);
  if (!built.ok) {
    const { diagnostics } = built;
    return { diagnostics, services: [], generatedFile, locate: () => fail("nothing was built") };
  }
  const { set } = built;
  const registry = createFileRegistry(set);
  const desc = registry.getFile(found.importPath) ?? fail(`buf left "${found.importPath}" out`);
  const model = readModel([desc], {
    emit: () => new Set(["http", "grpc"] as const),
    displayPath: (other) =>
      displayPath(root, resolveImport(workspace, `${other.name}.proto`) ?? `${other.name}.proto`),
    isConfig: () => false,
    allowGetBody: false,
  });
  const failed = model.diagnostics.some(({ severity }) => severity === "error");
  const names = readMessageNames(set, found.importPath);
  return {
    diagnostics: model.diagnostics,
    services: failed ? [] : model.files.flatMap(({ services }) => services),
    generatedFile,
    locate(message) {
      const { type, schema, from } = names.get(message.typeName) ?? fail(message.typeName);
      return { type, schema, from: locateModule(from, message.file) };
    },
  };

  function locateModule(from: string, { name }: DescFile): MessageLocation["from"] {
    if (!from.startsWith("./")) return { module: from };
    // Where the user has a copy of these, it only serves imports too.
    if (existsSync(join(bundledDir, `${name}.proto`))) {
      return { module: `@kratos-ts/runtime/protos/${name}_pb.ts` };
    }
    const proto = resolveImport(workspace, `${name}.proto`) ?? fail(`no root has "${name}.proto"`);
    return { file: proto.replace(/\.proto$/, "_pb.ts") };
  }
}

interface MessageNames {
  readonly type: string;
  readonly schema: string;
  readonly from: string;
}

/** What protoc-gen-es calls the inputs and outputs of a file's methods: asked of the library it is made with. */
function readMessageNames(set: FileDescriptorSet, importPath: string): Map<string, MessageNames> {
  const names = new Map<string, MessageNames>();
  const plugin = createEcmaScriptPlugin({
    name: "names",
    version: "v1",
    generateTs(schema) {
      const f = schema.generateFile("names.ts");
      for (const { services } of schema.files) {
        const methods = services.flatMap((service) => service.methods);
        for (const message of methods.flatMap(({ input, output }) => [input, output])) {
          const type = f.importShape(message);
          const { name } = f.importSchema(message);
          names.set(message.typeName, { type: type.name, schema: name, from: type.from });
        }
      }
    },
  });
  plugin.run(
    create(CodeGeneratorRequestSchema, {
      fileToGenerate: [importPath],
      protoFile: set.file,
      parameter: "target=ts",
    }),
  );
  return names;
}

function fail(message: string): never {
  throw new Error(message);
}
