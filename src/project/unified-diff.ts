/** Which file a diff is about, and what it holds. */
export interface FileChange {
  /** As it is to be shown, with slashes. */
  readonly path: string;
  /** `undefined`: there is no such file. */
  readonly before: string | undefined;
  /** `undefined`: the file goes. */
  readonly after: string | undefined;
}

/** Lines around a change that show where it is, as many as git shows. */
const contextLines = 3;

/** Beyond as many pairs of lines, what lies between two equal ends is shown as replaced. */
const maxPairs = 4_000_000;

/**
 * The change of a file as `git apply` and `patch -p1` read it; empty when nothing changes. Line endings are part of
 * the lines, and a missing one at the end is told, so that applying it gives the same bytes.
 */
export function printUnifiedDiff({ path, before, after }: FileChange): string {
  if (before === after) return "";
  const from = before === undefined ? "/dev/null" : `a/${path}`;
  const to = after === undefined ? "/dev/null" : `b/${path}`;
  const steps = compareLines(splitLines(before ?? ""), splitLines(after ?? ""));
  return `--- ${from}\n+++ ${to}\n${listHunks(steps).map(printHunk).join("")}`;
}

/** A line that stays, goes or comes. */
interface Step {
  readonly kind: " " | "-" | "+";
  readonly line: string;
}

/** Each line with its end. */
function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function compareLines(before: readonly string[], after: readonly string[]): Step[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let same = 0;
  const most = Math.min(before.length, after.length) - start;
  while (same < most && before.at(-1 - same) === after.at(-1 - same)) same++;
  const stay = (lines: readonly string[]): Step[] => lines.map((line) => ({ kind: " ", line }));
  return [
    ...stay(before.slice(0, start)),
    ...compareMiddle(
      before.slice(start, before.length - same),
      after.slice(start, after.length - same),
    ),
    ...stay(before.slice(before.length - same)),
  ];
}

/** By the longest common subsequence. */
function compareMiddle(before: readonly string[], after: readonly string[]): Step[] {
  const go = (line: string): Step => ({ kind: "-", line });
  const come = (line: string): Step => ({ kind: "+", line });
  if (before.length * after.length > maxPairs) return [...before.map(go), ...after.map(come)];
  const width = after.length + 1;
  const lengths = new Uint32Array((before.length + 1) * width);
  const common = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        before[i] === after[j]
          ? common(i + 1, j + 1) + 1
          : Math.max(common(i + 1, j), common(i, j + 1));
    }
  }
  const steps: Step[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const old = before[i];
    const fresh = after[j];
    if (old !== undefined && old === fresh) {
      steps.push({ kind: " ", line: old });
      i++;
      j++;
    } else if (old !== undefined && (fresh === undefined || common(i + 1, j) >= common(i, j + 1))) {
      steps.push(go(old));
      i++;
    } else if (fresh !== undefined) {
      steps.push(come(fresh));
      j++;
    }
  }
  return steps;
}

interface Hunk {
  /** How many lines come before it, in either file. */
  readonly oldStart: number;
  readonly newStart: number;
  readonly steps: Step[];
}

/** Changes with what is around them; those whose surroundings meet make one hunk. */
function listHunks(steps: readonly Step[]): Hunk[] {
  const hunks: Hunk[] = [];
  let oldLine = 0;
  let newLine = 0;
  let shownUntil = 0;
  let changedUntil = -1;
  for (const [index, { kind }] of steps.entries()) {
    if (kind !== " ") {
      const from = Math.max(index - contextLines, 0);
      if (changedUntil === -1 || from > changedUntil + contextLines) {
        finish();
        const skipped = index - from;
        hunks.push({ oldStart: oldLine - skipped, newStart: newLine - skipped, steps: [] });
        shownUntil = from;
      }
      changedUntil = index + 1;
    }
    if (kind !== "+") oldLine++;
    if (kind !== "-") newLine++;
  }
  finish();
  return hunks;

  function finish(): void {
    hunks.at(-1)?.steps.push(...steps.slice(shownUntil, changedUntil + contextLines));
  }
}

function printHunk({ oldStart, newStart, steps }: Hunk): string {
  const range = (start: number, kind: "+" | "-"): string => {
    const count = steps.filter((step) => step.kind === " " || step.kind === kind).length;
    // Of no lines at all, the line before them is named.
    return `${count === 0 ? start : start + 1},${count}`;
  };
  const lines = steps.map(({ kind, line }) =>
    line.endsWith("\n") ? kind + line : `${kind}${line}\n\\ No newline at end of file\n`,
  );
  return `@@ -${range(oldStart, "-")} +${range(newStart, "+")} @@\n${lines.join("")}`;
}
