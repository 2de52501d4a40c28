import type { FieldResult } from "../measure/measure-field.ts";
import { isSaturated } from "../measure/measure-field.ts";
import type { StartUpResult } from "../measure/measure-start-up.ts";
import type { Spread } from "../measure/statistics.ts";
import type { Goal } from "./goals.ts";

/** One scenario as a table. */
export function fieldTable(field: FieldResult): string {
  const rows = field.rows.map((row) => [
    row.peer.title,
    range(row.ratio, 2),
    row.cpuRatio.toFixed(2),
    Math.round(row.requestsPerSecond.median).toLocaleString("en"),
    row.cpuPerRequest.median.toFixed(1),
    `${Math.round(Math.min(1, row.busy.median) * 100)} %`,
  ]);
  const idle = field.rows.filter((row) => !isSaturated(row));
  const note =
    idle.length === 0
      ? ""
      : "  Not kept busy, by a slow load generator or by other work on this machine:\n" +
        `  ${idle.map((row) => row.peer.title).join("; ")}. Read their ratio by CPU.\n`;
  return `${field.title}\n${table(["server", "ratio (min–max)", "by CPU", "requests/s", "CPU µs/request", "busy"], rows)}${note}`;
}

/** The start-up times as a table. */
export function startUpTable(result: StartUpResult): string {
  const rows = [
    ["node -e 0", "1.00", `${range(result.node, 0)} ms`],
    ["kratos-ts --help", range(result.helpRatio, 2), `${range(result.help, 0)} ms`],
    ["kratos-ts new --no-install", "", `${range(result.newProject, 2)} s`],
  ];
  return `CLI start-up\n${table(["command", "ratio (min–max)", "time (min–max)"], rows)}`;
}

/** The goals as a table. */
export function goalTable(goals: readonly Goal[]): string {
  const rows = goals.map(({ title, wanted, reached, met }) => [
    title,
    wanted,
    reached.toFixed(2),
    met ? "met" : "missed",
  ]);
  return `Goals\n${table(["what", "goal", "reached", ""], rows)}`;
}

function range({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

/** The first column flush left, the others flush right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const lines = all.map((row) => {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    });
    return `  ${cells.join("  ").trimEnd()}`;
  });
  lines.splice(1, 0, `  ${widths.map((width) => "-".repeat(width)).join("  ")}`);
  return `${lines.join("\n")}\n`;
}
