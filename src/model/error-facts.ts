import { getOption, type DescEnum, type DescEnumValue, type DescFile } from "@bufbuild/protobuf";
import { code, default_code } from "@kratos-ts/runtime/protos/errors/errors_pb.ts";
import type { Reporter } from "./reporter.ts";

/** A reason that services answer errors with: a value of an enum that has a code. */
export interface ErrorFacts {
  readonly desc: DescEnumValue;
  /** As in the proto, and on the wire: `ORDER_NOT_FOUND`. */
  readonly reason: string;
  /** In names of functions: `OrderNotFound`. */
  readonly name: string;
  /** 100 to 599. */
  readonly code: number;
}

const enumOptionsField = 3;

/** Reads the top-level enums of a file that carry `errors.default_code` or `errors.code`. */
export function readErrors(file: DescFile, reporter: Reporter): ErrorFacts[] {
  const errors = file.enums.flatMap((desc) => readEnum(desc, reporter));
  reportDuplicates(errors, reporter);
  return errors;
}

/** Reports reasons of one package whose functions would have the same names, across files. */
export function reportDuplicateErrors(
  errorsByFile: readonly (readonly ErrorFacts[])[],
  reporter: Reporter,
): void {
  const first = new Map<string, ErrorFacts>();
  for (const errors of errorsByFile) {
    for (const error of errors) {
      const { file } = error.desc.parent;
      const key = `${file.proto.package}.${error.name}`;
      const earlier = first.get(key);
      if (earlier === undefined) first.set(key, error);
      else if (earlier.desc.parent.file !== file) reportDuplicate(earlier, error, reporter);
    }
  }
}

/**
 * The name of a reason in functions, as Kratos makes it: `USER_NOT_FOUND` → `UserNotFound`. Segments
 * without a lower-case letter are lowered, then each begins with a capital.
 */
export function toErrorName(reason: string): string {
  const segments = reason.includes("_") ? reason.split("_") : [reason];
  return segments
    .map((segment) => (/\p{Ll}/u.test(segment) ? segment : segment.toLowerCase()))
    .map((segment) => segment.charAt(0).toUpperCase() + segment.slice(1))
    .join("");
}

function readEnum(desc: DescEnum, reporter: Reporter): ErrorFacts[] {
  const base = getOption(desc, default_code);
  const basePlace = { declaration: desc, inner: [enumOptionsField, default_code.number] };
  if (!isCode(base)) {
    const message = `default_code ${base} of enum "${desc.name}" is no HTTP status`;
    reporter.error(basePlace, message, "take one from 100 to 599");
  }
  const errors = desc.values.flatMap((value) => {
    const own = getOption(value, code);
    if (!isCode(own)) {
      const message = `code ${own} of "${value.name}" is no HTTP status`;
      const place = { declaration: value, inner: [enumOptionsField, code.number] };
      reporter.error(place, message, "take one from 100 to 599");
      return [];
    }
    const httpCode = own === 0 ? base : own;
    if (httpCode === 0 || !isCode(httpCode)) return [];
    return [{ desc: value, reason: value.name, name: toErrorName(value.name), code: httpCode }];
  });
  if (errors.length === 0 && isCode(base) && desc.name.endsWith("ErrorReason")) {
    reporter.warn(
      { declaration: desc, inner: [1] },
      `enum "${desc.name}" has no codes, so nothing is generated for it`,
      "add option (errors.default_code) = 500; and [(errors.code) = 404] to values, from errors/errors.proto",
    );
  }
  return errors;
}

/** 0 stands for a code that is not given. */
function isCode(value: number): boolean {
  return value === 0 || (value >= 100 && value <= 599);
}

function reportDuplicates(errors: readonly ErrorFacts[], reporter: Reporter): void {
  const first = new Map<string, ErrorFacts>();
  for (const error of errors) {
    const earlier = first.get(error.name);
    if (earlier === undefined) first.set(error.name, error);
    else reportDuplicate(earlier, error, reporter);
  }
}

function reportDuplicate(earlier: ErrorFacts, error: ErrorFacts, reporter: Reporter): void {
  const other = reporter.describe({ declaration: earlier.desc });
  reporter.error(
    { declaration: error.desc },
    `"${error.reason}" and "${earlier.reason}" (${other}) are both "is${error.name}" in TypeScript`,
    "rename one of them",
  );
}
