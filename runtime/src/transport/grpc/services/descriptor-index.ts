import { type DescFile, type DescMessage, type DescService, toBinary } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** Finds the proto files that services are described in, by what they declare. */
export class DescriptorIndex {
  readonly #files = new Map<string, DescFile>();
  /** Files by the full names of all that they declare, but for fields, oneofs and methods: they are in one of these. */
  readonly #symbols = new Map<string, DescFile>();
  readonly #messages = new Map<string, DescMessage>();
  readonly #services = new Map<string, DescService>();
  /** Files by the numbers of the extensions that they declare, by what is extended. */
  readonly #extensions = new Map<string, Map<number, DescFile>>();
  readonly #bytes = new Map<DescFile, Uint8Array>();

  /** Of several files with one name the first counts, as do those that they import. */
  constructor(files: Iterable<DescFile>) {
    for (const file of files) this.#add(file);
  }

  findFile(name: string): DescFile | undefined {
    return this.#files.get(name);
  }

  /** The file that declares `name`: a type, service, extension, value of an enum, field, oneof or method. */
  findSymbol(name: string): DescFile | undefined {
    const file = this.#symbols.get(name);
    if (file !== undefined) return file;
    const dot = name.lastIndexOf(".");
    const [parent, member] = [name.slice(0, Math.max(0, dot)), name.slice(dot + 1)];
    const message = this.#messages.get(parent);
    if (message?.members.some((m) => m.name === member) === true) return message.file;
    const service = this.#services.get(parent);
    return service?.methods.some((m) => m.name === member) === true ? service.file : undefined;
  }

  findExtension(extendee: string, number: number): DescFile | undefined {
    return this.#extensions.get(extendee)?.get(number);
  }

  /** In ascending order; undefined: there is no such message. */
  findExtensionNumbers(extendee: string): number[] | undefined {
    const numbers = this.#extensions.get(extendee)?.keys();
    if (numbers !== undefined) return [...numbers].sort((a, b) => a - b);
    return this.#messages.has(extendee) ? [] : undefined;
  }

  /** The `google.protobuf.FileDescriptorProto` of a file, in binary. */
  encode(file: DescFile): Uint8Array {
    let bytes = this.#bytes.get(file);
    if (bytes === undefined) {
      bytes = toBinary(FileDescriptorProtoSchema, file.proto);
      this.#bytes.set(file, bytes);
    }
    return bytes;
  }

  #add(file: DescFile): void {
    const { name } = file.proto;
    if (this.#files.has(name)) return;
    this.#files.set(name, file);
    for (const type of nestedTypes(file)) {
      this.#symbols.set(type.typeName, file);
      if (type.kind === "message") this.#messages.set(type.typeName, type);
      else if (type.kind === "service") this.#services.set(type.typeName, type);
      else if (type.kind === "enum") {
        // Names of values stand beside that of their enum.
        const scope = type.typeName.slice(0, type.typeName.lastIndexOf(".") + 1);
        for (const value of type.values) this.#symbols.set(`${scope}${value.name}`, file);
      } else {
        const extendee = type.extendee.typeName;
        const numbers = this.#extensions.get(extendee) ?? new Map<number, DescFile>();
        this.#extensions.set(extendee, numbers.set(type.number, file));
      }
    }
    for (const dependency of file.dependencies) this.#add(dependency);
  }
}
