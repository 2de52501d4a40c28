import type { Engine } from "./codec-set.ts";
import { compileBinaryReader, compileBinaryWriter } from "./compiled-binary.ts";
import { compileJsonReader } from "./compiled-json-reader.ts";
import { compileJsonWriter } from "./compiled-json-writer.ts";

/** Operations compiled into functions of their own. Their errors do not name the field. */
export const compile: Engine = (plan, options, extensions) => ({
  writeJson: () => compileJsonWriter(plan, options, extensions),
  readJson: () => compileJsonReader(plan, options, extensions),
  writeBinary: () => compileBinaryWriter(plan),
  readBinary: () => compileBinaryReader(plan),
});
