export type { CheckNote, CheckPart, CheckProblem } from "./problem.ts";
export type { CheckOptions, CheckResult } from "./check.ts";
export { checkProject } from "./check.ts";
export { describe } from "./breaking.ts";
export { fixProject } from "./fix.ts";
