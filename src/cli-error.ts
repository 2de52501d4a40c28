/**
 * Every way in which the CLI can fail that is not our bug: the exit code, and what the code stands for.
 * `docs/cli-errors.md` lists the same codes; a test holds the two together.
 */
export const cliErrorCodes = {
  USAGE: { exitCode: 2, meaning: "the command line cannot be understood" },
  INVALID_NAME: { exitCode: 2, meaning: "a name that npm, a path or protobuf refuses" },
  CLASS_UNCLEAR: {
    exitCode: 1,
    meaning: "the class of a service cannot be told from the project's files",
  },
  CONFIG_INVALID: { exitCode: 1, meaning: "a configuration file of the project is wrong" },
  ENTRY_AMBIGUOUS: { exitCode: 1, meaning: "more than one program could be meant" },
  ENTRY_NOT_FOUND: { exitCode: 1, meaning: "there is no program to run" },
  FILE_EDITED: { exitCode: 1, meaning: "a generated file was edited by hand" },
  FILE_EXISTS: { exitCode: 1, meaning: "a file that would be written is there already" },
  FILE_NOT_FOUND: { exitCode: 1, meaning: "a file or folder that was named does not exist" },
  FOLDER_NOT_EMPTY: { exitCode: 1, meaning: "the folder of a new project holds something" },
  GENERATION_FAILED: { exitCode: 1, meaning: "proto files hold problems; nothing was written" },
  INCOMPLETE: { exitCode: 1, meaning: "a step was done in part; the rest is left to the user" },
  INSTALL_FAILED: { exitCode: 1, meaning: "npm could not install the dependencies" },
  PROJECT_NOT_FOUND: { exitCode: 1, meaning: "the command needs a project and is not in one" },
  SOURCE_INVALID: { exitCode: 1, meaning: "a TypeScript file of the project cannot be parsed" },
  TEMPLATE_INVALID: { exitCode: 1, meaning: "the template is not a project" },
  TEMPLATE_UNREACHABLE: { exitCode: 1, meaning: "the template could not be fetched" },
  TOOL_FAILED: { exitCode: 1, meaning: "a program that the CLI needs is missing or failed" },
  WRITE_FAILED: { exitCode: 1, meaning: "the file system refused to write" },
  CANCELLED: { exitCode: 130, meaning: "the user ended the command" },
} as const satisfies Record<string, { readonly exitCode: number; readonly meaning: string }>;

/** A key of {@link cliErrorCodes}. */
export type CliErrorCode = keyof typeof cliErrorCodes;

/** Optional parts of a {@link CliError}. */
export interface CliErrorOptions {
  /** What the user can do about it: an imperative sentence without a full stop. */
  readonly hint?: string;
  /** Text from another program (git, npm), printed indented below the message. */
  readonly details?: string;
  readonly cause?: unknown;
}

/**
 * A problem in the user's set-up or input, printed as `error: message` with its hint and no stack.
 * Anything else that reaches the top is our bug and keeps its stack.
 */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: CliErrorCode;
  readonly hint: string | undefined;
  readonly details: string | undefined;

  constructor(code: CliErrorCode, message: string, options: CliErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.hint = options.hint;
    this.details = options.details;
  }

  /** What the process ends with: 2 for a wrong command line, 1 for everything that went wrong. */
  get exitCode(): number {
    return cliErrorCodes[this.code].exitCode;
  }
}

/** Tells by shape, so that errors cross bundle chunks safely. */
export function isCliError(error: unknown): error is CliError {
  return error instanceof Error && error.name === "CliError" && "exitCode" in error;
}
