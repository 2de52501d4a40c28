import type { Engine } from "./codec-set.ts";
import { interpretBinary } from "./interpreted-binary.ts";
import { interpretJson } from "./interpreted-json.ts";

/**
 * Operations that walk a message's plan. They are the plain statement of what compiled operations
 * do, name the field in every error, and stand in where compiling is not allowed.
 */
export const interpret: Engine = (plan, options, extensions) => {
  const { writeJson, readJson } = interpretJson(plan, options, extensions);
  const { writeBinary, readBinary } = interpretBinary(plan);
  return {
    writeJson: () => writeJson,
    readJson: () => readJson,
    writeBinary: () => writeBinary,
    readBinary: () => readBinary,
  };
};
