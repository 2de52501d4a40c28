import {
  create,
  type DescField,
  type DescMessage,
  type JsonValue,
  ScalarType,
} from "@bufbuild/protobuf";
import { type Codecs, type FieldCodec, isCodecError } from "../../../codec/index.ts";
import { bindingError, excerpt, fieldError } from "../binding-error.ts";
import { getField, indexFields, type MessageRecord, openField, setField } from "./field-access.ts";
import { isHttpBody } from "../content/http-body.ts";
import { bareType, findMessageFormat } from "../content/media-type.ts";
import { MultipartParser, type PartHeader } from "../content/multipart.ts";
import type { QueryBinder, QueryOptions } from "./query.ts";

/**
 * Binds the parts of a multipart form to the fields of a message, by the names that queries use. Files go into
 * fields of type `bytes` or `google.api.HttpBody`, which has their content type; parts in JSON into any other
 * field; texts are read as those of a query are.
 */
export class MultipartBinder {
  readonly #desc: DescMessage;
  readonly #ignored: ReadonlySet<string>;
  readonly #form: QueryBinder;
  readonly #options: QueryOptions & { readonly codecs: Codecs };
  readonly #fields = new Map<DescMessage, ReadonlyMap<string, DescField>>();
  readonly #codecs = new Map<DescField, FieldCodec>();

  /** `ignored` are paths in proto names, which are never bound; `form` binds texts. */
  constructor(
    desc: DescMessage,
    ignored: Iterable<string>,
    form: QueryBinder,
    options: QueryOptions & { readonly codecs: Codecs },
  ) {
    this.#desc = desc;
    this.#ignored = new Set(ignored);
    this.#form = form;
    this.#options = options;
  }

  /** Throws 400 `CODEC` that names the field, or the part. */
  bind(message: MessageRecord, body: Buffer, contentType: string): void {
    const given = new Map<string, string>();
    let header: PartHeader | undefined;
    let data: Buffer = nothing;
    const parser = new MultipartParser(contentType, {
      onPart(part) {
        header = part;
        data = nothing;
      },
      onData(bytes) {
        data = bytes; // all of it, since the body is given in one piece
      },
      onPartEnd: () => this.#bindPart(message, header!, data, given),
    });
    parser.write(body);
    parser.end();
  }

  #bindPart(
    message: MessageRecord,
    { name, fileName, contentType }: PartHeader,
    data: Buffer,
    given: Map<string, string>,
  ): void {
    // What browsers send for an empty choice of files.
    if (fileName === "" && data.length === 0) return;
    const type = bareType(contentType);
    const isText = fileName === undefined && (type === "" || type === "text/plain");
    const target = this.#resolve(name);
    if (target === undefined || (isText && !isHttpBody(target.field.message))) {
      this.#form.bindValue(message, name, () => decodeText(name, data), given);
      return;
    }
    claim(target, given);
    let parent = message;
    for (const field of target.parents) parent = openField(parent, field);
    if (isHttpBody(target.field.message)) {
      const body = create(target.field.message!, { contentType, data } as MessageRecord);
      putValue(parent, target.field, body);
    } else if (target.field.scalar === ScalarType.BYTES) {
      putValue(parent, target.field, data);
    } else if (findMessageFormat(type) === "json") {
      this.#putJson(parent, target, decodeText(name, data));
    } else {
      throw fieldError(target.name, "a file goes only into bytes or a google.api.HttpBody");
    }
  }

  #putJson(parent: MessageRecord, { name, field }: Target, text: string): void {
    let codec = this.#codecs.get(field);
    if (codec === undefined) {
      codec = this.#options.codecs.field(field);
      this.#codecs.set(field, codec);
    }
    let json: JsonValue;
    try {
      json = JSON.parse(text) as JsonValue;
    } catch (cause) {
      throw fieldError(name, `malformed JSON: ${(cause as Error).message}`, cause);
    }
    try {
      const value = codec.fromJson(json);
      if (value !== undefined) setField(parent, field, value);
    } catch (error) {
      if (isCodecError(error)) throw bindingError(error.message, error);
      throw error;
    }
  }

  /** The field that a name leads to, through messages alone; undefined for all else. */
  #resolve(key: string): Target | undefined {
    const parents: Target["parents"][number][] = [];
    const claims: [string, string][] = [];
    const names = key.split(".");
    let desc = this.#desc;
    let prefix = "";
    for (const [position, segment] of names.entries()) {
      const field = this.#fieldsOf(desc).get(segment);
      if (field === undefined) return undefined;
      const name = prefix + field.name;
      if (this.#ignored.has(name)) return undefined;
      if (field.oneof !== undefined) claims.push([prefix + field.oneof.name, name]);
      if (position === names.length - 1) {
        if (field.oneof === undefined && field.fieldKind !== "list") claims.push([name, name]);
        return { name, field, parents, claims };
      }
      if (field.fieldKind !== "message") return undefined;
      parents.push(field);
      desc = field.message;
      prefix = `${name}.`;
    }
    return undefined;
  }

  #fieldsOf(desc: DescMessage): ReadonlyMap<string, DescField> {
    let fields = this.#fields.get(desc);
    if (fields === undefined) this.#fields.set(desc, (fields = indexFields(desc)));
    return fields;
  }
}

interface Target {
  /** In proto names. */
  readonly name: string;
  readonly field: DescField;
  readonly parents: readonly (DescField & { fieldKind: "message" })[];
  /** Pairs of something that can be given once (a field, a oneof) and the field that takes it. */
  readonly claims: readonly (readonly [string, string])[];
}

const nothing = Buffer.alloc(0);

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeText(name: string, data: Buffer): string {
  try {
    return strictUtf8.decode(data);
  } catch (cause) {
    throw bindingError(`the part ${excerpt(name)} is not UTF-8`, cause);
  }
}

function claim({ name, claims }: Target, given: Map<string, string>): void {
  for (const [choice, member] of claims) {
    const other = given.get(choice);
    if (other === undefined) given.set(choice, member);
    else if (other !== member) {
      throw fieldError(member, `"${other}" is given too, and only one of them can be`);
    } else if (member === name) throw fieldError(member, "it is given more than once");
  }
}

function putValue(parent: MessageRecord, field: DescField, value: unknown): void {
  if (field.fieldKind === "list") (getField(parent, field) as unknown[]).push(value);
  else setField(parent, field, value);
}
