import type { FieldResult } from "../measure/measure-field.ts";
import { isSaturated } from "../measure/measure-field.ts";
import type { StartUpResult } from "../measure/measure-start-up.ts";
import { ownId } from "../peers.ts";

/** Everything that one run found out. Parts that were not asked for are absent. */
export interface BenchResult {
  readonly http?: readonly FieldResult[];
  readonly grpc?: readonly FieldResult[];
  readonly streams?: readonly FieldResult[];
  readonly clients?: readonly FieldResult[];
  readonly startUp?: StartUpResult;
}

/** A goal and what was reached. */
export interface Goal {
  readonly title: string;
  readonly wanted: string;
  readonly reached: number;
  readonly met: boolean;
}

/** How many times as fast as another server this project is to be; without an id: as the mark. */
interface RatioGoal {
  readonly than?: string;
  readonly wanted: number;
}

const httpGoals: readonly RatioGoal[] = [
  { wanted: 0.95 },
  { than: "fastify-schemas", wanted: 1 },
  { than: "fastify", wanted: 1 },
];
const grpcGoals: readonly RatioGoal[] = [{ wanted: 0.92 }, { than: "grpc-js", wanted: 1.9 }];
const streamGoals: readonly RatioGoal[] = [{ than: "grpc-js", wanted: 1 }];
const clientGoals: readonly RatioGoal[] = [{ than: "grpc-js", wanted: 1 }];
const helpRatio = 1.5;
const newSeconds = 0.7;

/** Compares medians with the goals, for the parts and servers that were measured. */
export function judge(result: BenchResult): Goal[] {
  const goals: Goal[] = [];
  for (const field of result.http ?? []) goals.push(...ratios(field, httpGoals));
  for (const field of result.grpc ?? []) goals.push(...ratios(field, grpcGoals));
  for (const field of result.streams ?? []) goals.push(...ratios(field, streamGoals));
  for (const field of result.clients ?? []) goals.push(...ratios(field, clientGoals));
  if (result.startUp !== undefined) {
    goals.push(
      atMost("--help ÷ node -e 0", result.startUp.helpRatio.median, helpRatio),
      atMost("new --no-install, seconds", result.startUp.newProject.median, newSeconds),
    );
  }
  return goals;
}

function ratios(field: FieldResult, goals: readonly RatioGoal[]): Goal[] {
  const own = field.rows.find((row) => row.peer.id === ownId);
  if (own === undefined) return [];
  return goals.flatMap(({ than, wanted }) => {
    const other = than === undefined ? field.rows[0] : field.rows.find((r) => r.peer.id === than);
    if (other === undefined) return [];
    // An idle server shows the generator's pace, which is the same for all.
    const byLoad = isSaturated(own) && isSaturated(other);
    const reached = byLoad ? own.ratio.median / other.ratio.median : own.cpuRatio / other.cpuRatio;
    const title = `${field.title} ÷ ${than ?? "mark"}${byLoad ? "" : ", by CPU"}`;
    return [{ title, wanted: `≥ ${wanted}`, reached, met: reached >= wanted }];
  });
}

function atMost(title: string, reached: number, wanted: number): Goal {
  return { title, wanted: `≤ ${wanted}`, reached, met: reached <= wanted };
}
