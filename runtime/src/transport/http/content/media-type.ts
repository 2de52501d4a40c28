/** Whether a body of this type holds a message, and how. */
export function findMessageFormat(type: string): "json" | "binary" | undefined {
  switch (type) {
    case "application/json":
    case "application/protojson":
    case "text/json":
      return "json";
    case "application/proto":
    case "application/protobuf":
    case "application/x-protobuf":
      return "binary";
    default:
      return type.endsWith("+json") ? "json" : undefined;
  }
}

/** A media type without its parameters, in lower case. */
export function bareType(contentType: string): string {
  const end = contentType.indexOf(";");
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}

/**
 * A parameter of a header's value, such as `charset` of `text/plain; charset=utf-8`, without its quotes.
 * `name` in lower case. Undefined when it is not there.
 */
export function findParameter(value: string, name: string): string | undefined {
  const end = value.indexOf(";");
  if (end < 0) return undefined;
  for (const [, key = "", text = ""] of value.slice(end).matchAll(parameter)) {
    if (key.toLowerCase() === name) return unquote(text);
  }
  return undefined;
}

// RFC 9110, section 5.6.6; spaces around the equals sign are let pass.
const parameter = /;\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;"\s]*)/g;

function unquote(text: string): string {
  // Only the quote and the backslash are unescaped: browsers of old sent "C:\file" as it was.
  return text.startsWith('"') ? text.slice(1, -1).replaceAll(/\\(["\\])/g, "$1") : text;
}
