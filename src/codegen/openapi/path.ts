import type { PathPattern, PathTemplate } from "@kratos-ts/runtime/path-template";

/** A path template as OpenAPI writes it, where a parameter is one segment. */
export interface DocumentPath {
  /** `/v1/shelves/{name}`. */
  readonly path: string;
  /** The path with all parameters called the same: paths that agree in it are one to OpenAPI. */
  readonly shape: string;
  readonly parameters: readonly PathParameter[];
}

/** A wildcard of a path template. */
export interface PathParameter {
  readonly name: string;
  /** The field it is a part of, by proto names; undefined: none. */
  readonly fieldPath: readonly string[] | undefined;
  /** Whether it holds the whole of its field. */
  readonly whole: boolean;
  /** Whether it may hold slashes, and be empty. */
  readonly deep: boolean;
  /** The pattern of its field, such as `shelves/*`; undefined: this wildcard alone. */
  readonly pattern: string | undefined;
}

/**
 * Takes a path template apart: `{name=shelves/*}` becomes `/shelves/{name}`, and a variable with several
 * wildcards has a parameter for each, `{name_1}` and so on. `names` are the names that another path of this
 * shape has.
 */
export function documentPath(template: PathTemplate, names?: readonly string[]): DocumentPath {
  const parameters: PathParameter[] = [];
  const taken = new Set<string>();
  const texts: string[] = [];
  const add = (parameter: Omit<PathParameter, "name">, wanted: string): void => {
    let name = names?.[parameters.length] ?? wanted;
    while (taken.has(name)) name += "_";
    taken.add(name);
    parameters.push({ ...parameter, name });
    texts.push(`{${name}}`);
  };
  for (const segment of template.segments) {
    if (segment.kind === "literal") {
      texts.push(escapeLiteral(segment.text));
    } else if (segment.kind === "variable") {
      const { fieldPath, pattern } = segment;
      const wildcards = pattern.filter(({ kind }) => kind !== "literal").length;
      const plain = pattern.length === 1;
      let count = 0;
      for (const part of pattern) {
        if (part.kind === "literal") {
          texts.push(escapeLiteral(part.text));
          continue;
        }
        const field = fieldPath.join(".");
        const name = wildcards === 1 ? field : `${field}_${++count}`;
        const whole = pattern.length === 1;
        const text = plain ? undefined : pattern.map(toText).join("/");
        add({ fieldPath, whole, deep: part.kind === "deep-wildcard", pattern: text }, name);
      }
    } else {
      const deep = segment.kind === "deep-wildcard";
      const name = `segment_${parameters.length + 1}`;
      add({ fieldPath: undefined, whole: false, deep, pattern: undefined }, name);
    }
  }
  const verb = template.verb === undefined ? "" : `:${template.verb}`;
  const path = `/${texts.join("/")}${verb}`;
  return { path, shape: path.replaceAll(/\{[^}]*\}/g, "{}"), parameters };
}

function toText(part: PathPattern): string {
  if (part.kind === "literal") return part.text;
  return part.kind === "wildcard" ? "*" : "**";
}

/** Braces of a literal would begin a parameter. */
function escapeLiteral(text: string): string {
  return text.replaceAll("{", "%7B").replaceAll("}", "%7D");
}
