import type { DescFile } from "@bufbuild/protobuf";
import type { Diagnostic } from "../diagnostic.ts";
import { sortDiagnostics } from "../diagnostic.ts";
import { readConfigTypes, type ConfigTypeFacts } from "./config-facts.ts";
import type { Emit } from "./emit.ts";
import { readErrors, reportDuplicateErrors, type ErrorFacts } from "./error-facts.ts";
import type { HttpRuleOptions } from "./http-rule.ts";
import { createReporter, type Reporter } from "./reporter.ts";
import { reportRouteCollisions } from "./route-collisions.ts";
import { readServices, type ServiceFacts } from "./service-facts.ts";

/** What generators need to know of a proto file, read once. */
export interface FileFacts {
  readonly desc: DescFile;
  /** Kinds of files to make of it. */
  readonly emit: ReadonlySet<Emit>;
  readonly services: readonly ServiceFacts[];
  readonly errors: readonly ErrorFacts[];
  readonly configTypes: readonly ConfigTypeFacts[];
}

/** The facts of a run. A diagnostic may depend on all of its files; facts only on their own file. */
export interface Model {
  readonly files: readonly FileFacts[];
  readonly diagnostics: readonly Diagnostic[];
}

/** How to read a {@link Model}. */
export interface ModelOptions {
  /** Kinds of files to make of a file; decides what is read and checked. */
  readonly emit: (file: DescFile) => ReadonlySet<Emit>;
  /** A file's name as the user knows it. */
  readonly displayPath: (file: DescFile) => string;
  /** Whether a file is, or would be, generated as configuration. */
  readonly isConfig: (file: DescFile) => boolean;
  /** How to read `google.api.http` rules. */
  readonly http: HttpRuleOptions;
}

/** Reads `files`, with every problem that they hold. */
export function readModel(files: readonly DescFile[], options: ModelOptions): Model {
  const reporter = createReporter(options.displayPath);
  const facts = files
    .map((desc): FileFacts => {
      const emit = options.emit(desc);
      const http = emit.has("http") || emit.has("openapi") ? options.http : undefined;
      if (emit.has("messages")) reportImpossibleNames(desc, reporter);
      return {
        desc,
        emit,
        services: http !== undefined || emit.has("grpc") ? readServices(desc, http, reporter) : [],
        errors: emit.has("errors") || emit.has("openapi") ? readErrors(desc, reporter) : [],
        configTypes: emit.has("config") ? readConfigTypes(desc, options.isConfig, reporter) : [],
      };
    })
    // Which of two colliding places is reported must not depend on the order of the arguments.
    .sort((a, b) => (a.desc.name < b.desc.name ? -1 : 1));
  reportRouteCollisions(
    facts.flatMap(({ services }) => services),
    reporter,
  );
  reportDuplicateErrors(
    facts.map(({ errors }) => errors),
    reporter,
  );
  return { files: facts, diagnostics: sortDiagnostics(reporter.diagnostics) };
}

/** Of all names, protoc-gen-es lets this one through, which no module may declare. */
const impossibleName = "await";

function reportImpossibleNames({ messages, enums }: DescFile, reporter: Reporter): void {
  for (const desc of [...messages, ...enums]) {
    if (desc.name !== impossibleName) continue;
    reporter.error(
      { declaration: desc, inner: [1] },
      `${desc.kind} "${desc.name}" cannot be declared in a TypeScript module`,
      "rename it",
    );
  }
}
