import { isCodecError } from "@kratos-ts/runtime/codec";

/** What `run` gives; undefined where it throws a CodecError. */
export function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (isCodecError(error)) return undefined;
    throw error;
  }
}
