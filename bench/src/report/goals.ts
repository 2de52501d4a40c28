import type { FieldResult } from "../measure/measure-field.ts";
import { isSaturated } from "../measure/measure-field.ts";
import type { StartUpResult } from "../measure/measure-start-up.ts";
import { ownId } from "../peers.ts";

/** Everything that one run found out. Parts that were not asked for are absent. */
export interface BenchResult {
  readonly http?: readonly FieldResult[];
  readonly grpc?: readonly FieldResult[];
  readonly startUp?: StartUpResult;
}

/** A goal and what was reached. */
export interface Goal {
  readonly title: string;
  readonly wanted: string;
  readonly reached: number;
  readonly met: boolean;
}

const httpRatio = 0.9;
const grpcRatio = 0.85;
const helpRatio = 1.5;
const newSeconds = 0.7;

/** Compares medians with the goals, for the parts and servers that were measured. */
export function judge(result: BenchResult): Goal[] {
  const goals: Goal[] = [];
  for (const field of result.http ?? []) goals.push(...ownRatio(field, httpRatio));
  for (const field of result.grpc ?? []) goals.push(...ownRatio(field, grpcRatio));
  if (result.startUp !== undefined) {
    goals.push(
      atMost("--help ÷ node -e 0", result.startUp.helpRatio.median, helpRatio),
      atMost("new --no-install, seconds", result.startUp.newProject.median, newSeconds),
    );
  }
  return goals;
}

function ownRatio(field: FieldResult, wanted: number): Goal[] {
  const [mark] = field.rows;
  const own = field.rows.find((row) => row.peer.id === ownId);
  if (own === undefined) return [];
  // An idle server shows the generator's pace, which is the same for all.
  const byLoad = field.rows.filter((row) => row === own || row === mark).every(isSaturated);
  const reached = byLoad ? own.ratio.median : own.cpuRatio;
  const title = `${field.title} ÷ mark${byLoad ? "" : ", by CPU"}`;
  return [{ title, wanted: `≥ ${wanted}`, reached, met: reached >= wanted }];
}

function atMost(title: string, reached: number, wanted: number): Goal {
  return { title, wanted: `≤ ${wanted}`, reached, met: reached <= wanted };
}
