import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { ContentCodec } from "@kratos-ts/runtime/http";

/** XML without attributes: elements are named after fields, the root after the message or field. */
export const xml: ContentCodec = {
  over: "json",
  contentTypes: ["application/xml", "text/xml"],
  encode: (value, desc) => element(desc.name, value),
  decode(bytes, desc) {
    const { name, content } = readElement(Buffer.from(bytes).toString());
    if (name !== desc.name) throw new Error(`the root is "${name}", not "${desc.name}"`);
    return toValue(content, desc);
  },
};

function element(name: string, value: unknown): string {
  if (value === null) return "";
  if (Array.isArray(value)) return value.map((item) => element(name, item)).join("");
  const inner =
    typeof value === "object"
      ? Object.entries(value as object)
          .map(([key, item]) => element(key, item))
          .join("")
      : String(value).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<${name}>${inner}</${name}>`;
}

type Content = string | readonly Element[];

interface Element {
  readonly name: string;
  readonly content: Content;
}

function readElement(text: string): Element {
  const [, name, inner] = /^\s*<(\w+)>(.*)<\/\1>\s*$/s.exec(text) ?? [];
  if (name === undefined || inner === undefined) throw new Error("it is no element");
  const children = Array.from(inner.matchAll(/<(\w+)>.*?<\/\1>/gs), ([child]) =>
    readElement(child),
  );
  const content =
    children.length > 0 ? children : inner.replaceAll("&lt;", "<").replaceAll("&amp;", "&");
  return { name, content };
}

/** Only the descriptor knows what one element is: a value, or a list of one. */
function toValue(content: Content, desc: DescMessage | DescField): unknown {
  if (typeof content === "string") {
    const isObject = desc.kind === "message" || desc.fieldKind === "map" || desc.message;
    if (content === "" && isObject) return {};
    return content === "true" || content === "false" ? content === "true" : content;
  }
  const message = desc.kind === "message" ? desc : desc.message;
  const value: Record<string, unknown> = {};
  for (const { name, content: inner } of content) {
    const field = message?.fields.find((each) => each.name === name || each.jsonName === name);
    if (field === undefined) continue;
    const item = toValue(inner, field);
    if (field.fieldKind === "list") value[name] = [...((value[name] as []) ?? []), item];
    else value[name] = item;
  }
  return value;
}
