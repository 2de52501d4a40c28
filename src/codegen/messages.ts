import { create } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  SourceCodeInfoSchema,
  type CodeGeneratorRequest,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { protocGenEs } from "@bufbuild/protoc-gen-es/dist/cjs/src/protoc-gen-es-plugin.js";
import type { PrintedFile } from "./print-code.ts";

const parameters = ["target=ts", "import_extension=ts", "erasable_syntax=true"];

/**
 * Generates messages (`*_pb.ts`) with protoc-gen-es, the bytes that its own program prints. The request's
 * parameter may hold further options of it.
 */
export function printMessages(request: CodeGeneratorRequest): PrintedFile[] {
  const parameter = [...parameters, request.parameter].filter((part) => part !== "").join();
  const protoFile = request.protoFile.map(withCommentsOnly);
  const response = protocGenEs.run({ ...request, protoFile, parameter });
  return response.file.map(({ name, content }) => ({ name, content }));
}

/**
 * protoc-gen-es searches all positions of a file for the comments of each declaration, in time that grows
 * with the square of the file. Positions without comments make no difference to it but for that.
 */
function withCommentsOnly(file: FileDescriptorProto): FileDescriptorProto {
  const { sourceCodeInfo } = file;
  if (sourceCodeInfo === undefined) return file;
  const location = sourceCodeInfo.location.filter(
    ({ leadingComments, trailingComments, leadingDetachedComments }) =>
      leadingComments !== "" || trailingComments !== "" || leadingDetachedComments.length > 0,
  );
  // Not a spread: what is unset has its default on the prototype.
  return Object.assign(create(FileDescriptorProtoSchema), file, {
    sourceCodeInfo: create(SourceCodeInfoSchema, { location }),
  });
}
