import {
  create,
  createFileRegistry,
  fromBinary,
  maximumEdition,
  minimumEdition,
  toBinary,
  type DescFile,
} from "@bufbuild/protobuf";
import {
  CodeGeneratorRequestSchema,
  CodeGeneratorResponse_Feature as Feature,
  CodeGeneratorResponseSchema,
  FileDescriptorSetSchema,
  type CodeGeneratorRequest,
  type CodeGeneratorResponse,
} from "@bufbuild/protobuf/wkt";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { printCode, type PrintedFile } from "../codegen/print-code.ts";
import { printOpenApi } from "../codegen/openapi/print-openapi.ts";
import { formatDiagnostic, hasErrors, type Diagnostic } from "../diagnostic.ts";
import { findBundled } from "../generate/bundled.ts";
import { isConfigImport } from "../generate/config-file.ts";
import { readTemplates } from "../generate/read-templates.ts";
import { rewriteProvided } from "../generate/rewrite-imports.ts";
import type { Emit } from "../model/emit.ts";
import type { HttpRuleOptions } from "../model/http-rule.ts";
import { readModel } from "../model/model.ts";
import { readOwnPackage } from "../project/own-package.ts";

/** What a plugin needs of its process. */
export interface PluginProcess {
  readonly argv: readonly string[];
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: { write(data: Uint8Array | string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/**
 * Runs as the protoc plugin `protoc-gen-kratos-<emit>`: a CodeGeneratorRequest on stdin, its response on
 * stdout. Problems of the protos and of parameters are part of the response, as protoc wants them;
 * warnings go to stderr. Returns the exit code.
 */
export async function runPlugin(emit: Emit, process: PluginProcess): Promise<number> {
  const name = `protoc-gen-kratos-${emit}`;
  const args = process.argv.slice(2);
  if (args.length > 0) {
    if (args[0] === "--version" || args[0] === "-v") {
      process.stdout.write(`${name} ${readOwnPackage().version}\n`);
      return 0;
    }
    process.stderr.write(`${name} is run by buf or protoc and takes no arguments\n`);
    return 2;
  }
  const request = fromBinary(CodeGeneratorRequestSchema, await buffer(process.stdin));
  const { response, warnings } = answer(request, emit);
  for (const warning of warnings) process.stderr.write(`${formatDiagnostic(warning)}\n`);
  process.stdout.write(toBinary(CodeGeneratorResponseSchema, response));
  return 0;
}

const none: ReadonlySet<Emit> = new Set();

interface Answer {
  readonly response: CodeGeneratorResponse;
  readonly warnings: readonly Diagnostic[];
}

/** Generates for a request; never throws for what is wrong with it. */
export function answer(request: CodeGeneratorRequest, emit: Emit): Answer {
  const own = readOwnPackage();
  const provided = new Set(findBundled(join(own.root, "third_party")));
  const { http, parameter } = readParameter(request.parameter);
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: request.protoFile }));
  const kinds: ReadonlySet<Emit> = new Set([emit]);
  const isConfig = (file: DescFile): boolean => isConfigImport(file.proto.name);
  const { files, diagnostics } = readModel(
    request.fileToGenerate.flatMap((file) => registry.getFile(file) ?? []),
    {
      emit: (file) => (emit === "config" && !isConfig(file) ? none : kinds),
      isConfig,
      displayPath: (file: DescFile) => file.proto.name,
      http,
    },
  );
  const warnings = diagnostics.filter(({ severity }) => severity === "warning");
  if (hasErrors(diagnostics)) {
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    const error = errors.map(formatDiagnostic).join("\n");
    return { response: toResponse({ error }), warnings };
  }
  const withImports = [parameter, ...rewriteProvided(provided)].filter((part) => part !== "");
  try {
    const asked = { ...request, parameter: withImports.join() };
    return {
      response: toResponse({
        file:
          emit === "openapi"
            ? printOpenApi(files)
            : printCode(asked, files, readTemplates(own.root)),
      }),
      warnings,
    };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "PluginOptionError") throw error;
    return { response: toResponse({ error: error.message }), warnings };
  }
}

/** Takes our own options out of a parameter; protoplugin refuses what it does not know of the rest. */
function readParameter(parameter: string): { http: HttpRuleOptions; parameter: string } {
  const chosen = new Map<string, boolean>();
  const rest = parameter.split(",").filter((part) => {
    const [, name = "", value = "true"] =
      /^(allow_get_body|unbound_methods)(?:=(true|false))?$/.exec(part) ?? [];
    if (name !== "") chosen.set(name, value === "true");
    return name === "";
  });
  return {
    http: {
      allowGetBody: chosen.get("allow_get_body") ?? false,
      unboundMethods: chosen.get("unbound_methods") ?? false,
    },
    parameter: rest.join(),
  };
}

function toResponse(init: { file?: PrintedFile[]; error?: string }): CodeGeneratorResponse {
  return create(CodeGeneratorResponseSchema, {
    ...init,
    supportedFeatures: BigInt(Feature.PROTO3_OPTIONAL | Feature.SUPPORTS_EDITIONS),
    minimumEdition,
    maximumEdition,
  });
}
