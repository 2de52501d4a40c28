/** Whether `path` matches one of `patterns`: `*` is any part of a name, `**` any number of folders, `{a,b}` a choice. */
export function matchesAny(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => toRegExp(pattern).test(path));
}

function toRegExp(pattern: string): RegExp {
  const source = pattern.replaceAll(/\*\*\/|\*\*|\*|[{},]|[.+?^$()|[\]\\]/g, (token) => {
    switch (token) {
      case "**/":
        return "(?:[^/]+/)*";
      case "**":
        return ".*";
      case "*":
        return "[^/]*";
      case "{":
        return "(?:";
      case "}":
        return ")";
      case ",":
        return "|";
      default:
        return `\\${token}`;
    }
  });
  return new RegExp(`^${source}$`);
}
