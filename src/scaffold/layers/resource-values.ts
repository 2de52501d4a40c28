import { toColumn } from "./columns.ts";
import type { Column } from "./columns.ts";
import type { Property, Resource } from "./resource.ts";

/** What the templates of the layers are filled with. */
export interface ResourceValues extends Omit<Resource, "content"> {
  /** The article, with a capital. */
  readonly Article: string;
  readonly content: readonly Column[];
  /** Those of `content` that may be absent. */
  readonly optional: readonly Column[];
  /** All, the id first. */
  readonly columns: readonly Column[];
  /** Pieces of SQL. */
  readonly columnList: string;
  readonly placeholders: string;
  readonly setters: string;
}

/** Writes a resource out for the templates. */
export function toValues(resource: Resource): ResourceValues {
  const { id, content, createTime, updateTime, one, words } = resource;
  const write = (property: Property): Column => toColumn(property, one);
  const columns = [id, ...content, createTime, updateTime].map(write);
  return {
    ...resource,
    Article: words.article === "an" ? "An" : "A",
    content: content.map(write),
    optional: content.filter(({ optional }) => optional).map(write),
    columns,
    columnList: columns.map(({ column }) => `"${column}"`).join(", "),
    placeholders: columns.map((_, index) => `$${index + 1}`).join(", "),
    setters: columns
      .map(({ column }, index) => `"${column}" = $${index + 1}`)
      .slice(1)
      .join(", "),
  };
}

/** The step of a schema that makes the table, for one of the databases. */
export function printTable(resource: Resource, database: "sqlite" | "postgres"): string {
  const { columns, table } = toValues(resource);
  const [id, ...rest] = columns;
  const lines = [
    `"${id?.column}" text primary key`,
    ...rest.map((column) => `"${column.column}" ${column[database]}`),
  ];
  const end = database === "sqlite" ? ") strict" : ")";
  return [`create table "${table}" (`, lines.map((line) => `  ${line}`).join(",\n"), end].join(
    "\n",
  );
}
