import type { JsonObject } from "@bufbuild/protobuf";
import type { HttpServerOptions } from "@kratos-ts/runtime/http";

/** A request, the rules that it meets, and what has to become of it. */
export interface RequestCase extends Details, Outcome {
  readonly id: string;
  /** A fact. */
  readonly title: string;
  /** Separated by commas, each as `parseRule` reads it. */
  readonly rules: string;
  /** Method and target, as they go over the wire. */
  readonly request: string;
}

/** What most requests do without. */
export interface Details {
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly options?: HttpServerOptions;
}

/** What is said of a response; what is not said is not looked at. */
export interface Outcome {
  /** The handler was called by this rule. */
  readonly route?: string;
  /** The handler was given this message. */
  readonly message?: JsonObject;
  /** Default: 200. */
  readonly status?: number;
  /** The error's message; its reason is `CODEC` where the status is 400. */
  readonly error?: RegExp;
  readonly allow?: string;
}

/** A rule, the message, the error of a 400, or the status alone. */
export type Want = string | JsonObject | RegExp | number;

/** Spells a {@link Want} out. */
export function toOutcome(want: Want): Outcome {
  if (typeof want === "string") return { route: want };
  if (typeof want === "number") return { status: want };
  return want instanceof RegExp ? { status: 400, error: want } : { message: want };
}
