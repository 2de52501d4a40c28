import type { DescFile } from "@bufbuild/protobuf";
import type { Diagnostic } from "../diagnostic.ts";
import { createSourceLocator, fileOf, type Declaration } from "./source-position.ts";

/** Where a problem is: a declaration, and the part of it at `inner` (field numbers of its descriptor). */
export interface Place {
  readonly declaration: Declaration;
  readonly inner?: readonly number[];
}

/** Collects problems with their positions, so that a run tells all of them. */
export interface Reporter {
  readonly diagnostics: readonly Diagnostic[];
  error(place: Place, message: string, hint?: string): void;
  warn(place: Place, message: string, hint?: string): void;
  /** `api/order/v1/order.proto:12:3`, to name a second place in a message. */
  describe(place: Place): string;
}

/** Makes a {@link Reporter}; `displayPath` gives a file's name as the user knows it. */
export function createReporter(displayPath: (file: DescFile) => string): Reporter {
  const diagnostics: Diagnostic[] = [];
  const locate = createSourceLocator();
  return {
    diagnostics,
    error: (place, message, hint) => add("error", place, message, hint),
    warn: (place, message, hint) => add("warning", place, message, hint),
    describe(place) {
      const { file, line, column } = at(place);
      return `${file}:${line}:${column}`;
    },
  };

  function add(
    severity: Diagnostic["severity"],
    place: Place,
    message: string,
    hint: string | undefined,
  ): void {
    const diagnostic = { severity, ...at(place), message };
    diagnostics.push(hint === undefined ? diagnostic : { ...diagnostic, hint });
  }

  function at({ declaration, inner }: Place): { file: string; line: number; column: number } {
    return { file: displayPath(fileOf(declaration)), ...locate(declaration, inner) };
  }
}
