import type { Property, PropertyKind } from "./resource.ts";

/** How a kind of property is written in TypeScript and in SQL. */
interface KindColumn {
  /** Its type in TypeScript. */
  readonly type: string;
  readonly sqlite: string;
  readonly postgres: string;
  /** A schema of zod for what either driver gives. */
  readonly row: string;
  /** What a statement is given for `value`. */
  toRow(value: string): string;
  /** The property from what the schema made of `value`. */
  fromRow(value: string): string;
  /** Two values for tests, in TypeScript. */
  readonly samples: readonly [string, string];
}

const same = (value: string): string => value;

const columns: Readonly<Record<PropertyKind, KindColumn>> = {
  string: {
    type: "string",
    sqlite: "text",
    postgres: "text",
    row: "z.string()",
    toRow: same,
    fromRow: same,
    samples: ['"one"', '"two"'],
  },
  boolean: {
    type: "boolean",
    sqlite: "integer",
    postgres: "smallint",
    row: "z.number()",
    toRow: (value) => `Number(${value})`,
    fromRow: (value) => `${value} !== 0`,
    samples: ["true", "false"],
  },
  integer: {
    type: "number",
    sqlite: "integer",
    // Unsigned ones do not fit into an integer.
    postgres: "bigint",
    row: "z.coerce.number()",
    toRow: same,
    fromRow: same,
    samples: ["1", "2"],
  },
  number: {
    type: "number",
    sqlite: "real",
    postgres: "double precision",
    row: "z.number()",
    toRow: same,
    fromRow: same,
    samples: ["1.5", "2.5"],
  },
  int64: {
    type: "bigint",
    sqlite: "integer",
    postgres: "bigint",
    row: "z.coerce.bigint()",
    toRow: same,
    fromRow: same,
    samples: ["1n", "2n"],
  },
  uint64: {
    type: "bigint",
    // No integer of a database has as many bits without a sign.
    sqlite: "text",
    postgres: "text",
    row: "z.coerce.bigint()",
    toRow: (value) => `String(${value})`,
    fromRow: same,
    samples: ["1n", "2n ** 64n - 1n"],
  },
  time: {
    type: "Date",
    sqlite: "integer",
    postgres: "bigint",
    row: "z.coerce.number()",
    toRow: (value) => `${value}.getTime()`,
    fromRow: (value) => `new Date(${value})`,
    samples: ['new Date("2026-01-01T12:00:00Z")', 'new Date("2026-01-02T12:00:00Z")'],
  },
};

/** A property as the templates take it. */
export interface Column {
  readonly name: string;
  readonly column: string;
  readonly type: string;
  readonly sqlite: string;
  readonly postgres: string;
  readonly row: string;
  /** An expression for a statement's value, from the resource `one`. */
  readonly toRow: string;
  /** An expression for the property, from the row `row`. */
  readonly fromRow: string;
  readonly first: string;
  readonly second: string;
}

/** Writes a property out for the templates, where the resource is called `one`. */
export function toColumn(property: Property, one: string): Column {
  const { name, column, kind, optional } = property;
  const { type, sqlite, postgres, row, toRow, fromRow, samples } = columns[kind];
  const value = `${one}.${name}`;
  const cell = `row.${column}`;
  const strict = optional ? "" : " not null";
  return {
    name,
    column,
    type: optional ? `${type} | undefined` : type,
    sqlite: sqlite + strict,
    postgres: postgres + strict,
    row: optional ? `${row}.nullable()` : row,
    toRow: optional ? `${value} === undefined ? null : ${toRow(value)}` : toRow(value),
    fromRow: optional ? `${cell} === null ? undefined : ${fromRow(cell)}` : fromRow(cell),
    first: samples[0],
    second: samples[1],
  };
}
