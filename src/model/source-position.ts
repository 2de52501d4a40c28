import type {
  DescEnum,
  DescEnumValue,
  DescField,
  DescFile,
  DescMessage,
  DescMethod,
  DescService,
} from "@bufbuild/protobuf";
import {
  DescriptorProtoSchema,
  EnumDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  ServiceDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";

/** Something declared in a proto file that a problem can be about. */
export type Declaration =
  DescFile | DescMessage | DescField | DescEnum | DescEnumValue | DescService | DescMethod;

/** Counted from 1. */
export interface SourcePosition {
  readonly line: number;
  readonly column: number;
}

/** Finds where something is declared, or the part of it at `inner` (field numbers of its descriptor). */
export type LocateSource = (declaration: Declaration, inner?: readonly number[]) => SourcePosition;

/** Makes a {@link LocateSource} that reads the positions of each file once. */
export function createSourceLocator(): LocateSource {
  const spansByFile = new Map<DescFile, ReadonlyMap<string, readonly number[]>>();
  return (declaration, inner = []) => {
    const file = fileOf(declaration);
    let spans = spansByFile.get(file);
    if (spans === undefined) {
      const locations = file.proto.sourceCodeInfo?.location ?? [];
      spans = new Map(locations.map(({ path, span }) => [path.join(), span]));
      spansByFile.set(file, spans);
    }
    // The compiler records no position for what lies deep inside an option: take what holds it.
    const path = [...sourcePath(declaration), ...inner];
    for (let length = path.length; length > 0; length--) {
      const span = spans.get(path.slice(0, length).join());
      if (span !== undefined) return { line: (span[0] ?? 0) + 1, column: (span[1] ?? 0) + 1 };
    }
    return { line: 1, column: 1 };
  };
}

/** The file that holds `declaration`. */
export function fileOf(declaration: Declaration): DescFile {
  switch (declaration.kind) {
    case "file":
      return declaration;
    case "message":
    case "enum":
    case "service":
      return declaration.file;
    default:
      return declaration.parent.file;
  }
}

const inFile = FileDescriptorProtoSchema.field;
const inMessage = DescriptorProtoSchema.field;

/** The path of `declaration` in `SourceCodeInfo`: field numbers and indices from the file down. */
export function sourcePath(declaration: Declaration): number[] {
  switch (declaration.kind) {
    case "file":
      return [];
    case "message": {
      const { parent, file, proto } = declaration;
      return parent === undefined
        ? [inFile.messageType.number, file.proto.messageType.indexOf(proto)]
        : [
            ...sourcePath(parent),
            inMessage.nestedType.number,
            parent.proto.nestedType.indexOf(proto),
          ];
    }
    case "enum": {
      const { parent, file, proto } = declaration;
      return parent === undefined
        ? [inFile.enumType.number, file.proto.enumType.indexOf(proto)]
        : [...sourcePath(parent), inMessage.enumType.number, parent.proto.enumType.indexOf(proto)];
    }
    case "service":
      return [inFile.service.number, declaration.file.proto.service.indexOf(declaration.proto)];
    case "field":
      return [
        ...sourcePath(declaration.parent),
        inMessage.field.number,
        declaration.parent.proto.field.indexOf(declaration.proto),
      ];
    case "enum_value":
      return [
        ...sourcePath(declaration.parent),
        EnumDescriptorProtoSchema.field.value.number,
        declaration.parent.proto.value.indexOf(declaration.proto),
      ];
    case "rpc":
      return [
        ...sourcePath(declaration.parent),
        ServiceDescriptorProtoSchema.field.method.number,
        declaration.parent.proto.method.indexOf(declaration.proto),
      ];
  }
}
