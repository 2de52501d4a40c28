import type { DescFile } from "@bufbuild/protobuf";
import { createCodecs } from "../../../codec/index.ts";
import { GrpcCode } from "../../../errors/grpc-code.ts";
import { KratosError } from "../../../errors/kratos-error.ts";
import { compileFormats } from "../protocol/message-format.ts";
import { DescriptorIndex } from "./descriptor-index.ts";
import type { OwnMethod, OwnMethods } from "./own-service.ts";
import {
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
} from "./protos/grpc/reflection/v1/reflection_pb.ts";

/** What a server has to tell of itself. */
export interface ReflectedServices {
  /** The full names of all services. */
  readonly names: readonly string[];
  /** The files that describe them, and perhaps others. */
  readonly files: readonly DescFile[];
}

/** The methods of `grpc.reflection.v1.ServerReflection`, and of `v1alpha`, which looks the same on the wire. */
export function reflectionMethods({ names, files }: ReflectedServices): OwnMethods {
  const services = names.toSorted().map((name) => ({ name }));
  const index = new DescriptorIndex(files);
  const codecs = createCodecs();
  const info: OwnMethod = {
    kind: "bidiStreaming",
    formats: compileFormats(codecs, ServerReflectionRequestSchema, ServerReflectionResponseSchema),
    async *answer(requests: AsyncIterable<ServerReflectionRequest>) {
      const sent = new Set<DescFile>();
      for await (const originalRequest of requests) {
        const messageResponse = answer(originalRequest, services, index, sent);
        yield { validHost: originalRequest.host, originalRequest, messageResponse };
      }
    },
  };
  return {
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": info,
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": info,
  };
}

function answer(
  { messageRequest: asked }: ServerReflectionRequest,
  services: readonly { readonly name: string }[],
  index: DescriptorIndex,
  sent: Set<DescFile>,
): unknown {
  switch (asked.case) {
    case "listServices":
      return { case: "listServicesResponse", value: { service: services } };
    case "fileByFilename":
      return describe(index.findFile(asked.value), `file "${asked.value}"`, index, sent);
    case "fileContainingSymbol":
      return describe(index.findSymbol(asked.value), `symbol "${asked.value}"`, index, sent);
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = asked.value;
      const file = index.findExtension(containingType, extensionNumber);
      return describe(file, `extension ${extensionNumber} of "${containingType}"`, index, sent);
    }
    case "allExtensionNumbersOfType": {
      const extensionNumber = index.findExtensionNumbers(asked.value);
      if (extensionNumber === undefined) return notFound(`message "${asked.value}"`);
      const value = { baseTypeName: asked.value, extensionNumber };
      return { case: "allExtensionNumbersResponse", value };
    }
    default:
      throw new KratosError(400, "", "the request asks for nothing that is known here");
  }
}

/** The file and all that it needs, but for what was sent on this stream: the first is sent in any case. */
function describe(
  file: DescFile | undefined,
  what: string,
  index: DescriptorIndex,
  sent: Set<DescFile>,
): unknown {
  if (file === undefined) return notFound(what);
  sent.delete(file);
  const files = [...collectNew(file, sent)];
  const fileDescriptorProto = files.map((each) => index.encode(each));
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto } };
}

function* collectNew(file: DescFile, sent: Set<DescFile>): Iterable<DescFile> {
  if (sent.has(file)) return;
  sent.add(file);
  yield file;
  for (const dependency of file.dependencies) yield* collectNew(dependency, sent);
}

function notFound(what: string): unknown {
  const value = { errorCode: GrpcCode.NOT_FOUND, errorMessage: `the server knows no ${what}` };
  return { case: "errorResponse", value };
}
