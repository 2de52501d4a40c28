import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import picocolors from "picocolors";
import { expect, test } from "vitest";
import { isCliError } from "../../src/cli-error.ts";
import { runProtoServer } from "../../src/commands/proto-server.ts";
import type { Shell, Sink } from "../../src/shell.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const proto = `syntax = "proto3";

package order.v1;

import "google/protobuf/empty.proto";

service OrderService {
  rpc Create(Order) returns (Order);
  rpc Cancel(Order.Key) returns (google.protobuf.Empty);
  rpc Delete(Order.Key) returns (google.protobuf.Empty);
  rpc Watch(google.protobuf.Empty) returns (stream Order);
}

message Order {
  message Key {}
}
`;

const create = `  async create(request: Order): Promise<MessageInitShape<typeof OrderSchema>> {
    return request;
  }
`;

/** All that the missing methods use, so that they alone come. */
const allImported = `import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Empty, EmptySchema } from "@bufbuild/protobuf/wkt";
import { KratosError } from "@kratos-ts/runtime";
import type { OrderServiceGrpcServer } from "../../api/order/v1/order_grpc.ts";
import type { Order, OrderSchema, Order_Key } from "../../api/order/v1/order_pb.ts";

`;

/** A file with a class that has \`create\` alone; \`parts\` stand in for pieces of it. */
function classFile(parts: { readonly head?: string; readonly body?: string } = {}): string {
  return `${allImported}${parts.head ?? "export class OrderService implements OrderServiceGrpcServer"} {
${parts.body ?? create}}
`;
}

interface Outcome {
  readonly out: string;
  readonly err: string;
  readonly project: string;
  read(path: string): Promise<string>;
}

/** Runs \`proto server api\` in a project with these files. */
async function run(
  files: Readonly<Record<string, string>>,
  flags: Readonly<Record<string, unknown>> = {},
  paths: readonly string[] = ["api"],
): Promise<Outcome> {
  const project = await temporaryFolder();
  const all = { "package.json": "{}", "api/order/v1/order.proto": proto, ...files };
  for (const [path, text] of Object.entries(all)) {
    await mkdir(dirname(join(project, path)), { recursive: true });
    await writeFile(join(project, path), text);
  }
  const [out, err] = [createSink(), createSink()];
  const shell: Shell = {
    cwd: project,
    env: {},
    out,
    err,
    node: { path: process.execPath, stripsTypes: false },
    terminal: false,
    interactive: false,
    signal: new AbortController().signal,
    onSignal: () => () => undefined,
  };
  await runProtoServer(paths, flags, shell);
  const read = (path: string): Promise<string> => readFile(join(project, path), "utf8");
  return { out: out.text(), err: err.text(), project, read };
}

function createSink(): Sink & { text(): string } {
  let text = "";
  const write = (more: string): void => void (text += more);
  return {
    colors: picocolors.createColors(false),
    write,
    line: (line) => write(`${line}\n`),
    text: () => text,
  };
}

/** What came between the two texts' equal ends, when nothing else has changed: several places joined by "…". */
function insertions(before: string, after: string): string[] {
  const found: string[] = [];
  let at = 0;
  let inserted = "";
  const lines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const old = lines(before);
  for (const line of lines(after)) {
    if (line === old[at]) {
      at++;
      if (inserted !== "") found.push(inserted);
      inserted = "";
    } else inserted += line;
  }
  if (inserted !== "") found.push(inserted);
  expect(at, `a line of the file is gone:\n${after}`).toBe(old.length);
  return found;
}

const path = "internal/service/order.ts";

test("adds the methods that are missing in the order of the proto, and what they import", async () => {
  const before = `import type { MessageInitShape } from "@bufbuild/protobuf";
import type { OrderServiceGrpcServer } from "../../api/order/v1/order_grpc.ts";
import type { Order, OrderSchema } from "../../api/order/v1/order_pb.ts";

export class OrderService implements OrderServiceGrpcServer {
${create}}
`;
  const { out, read } = await run({ [path]: before });
  expect(out).toBe(`updated ${path}: cancel, delete, watch\n`);
  expect(await read(path)).toBe(`import type { MessageInitShape } from "@bufbuild/protobuf";
import type { OrderServiceGrpcServer } from "../../api/order/v1/order_grpc.ts";
import type { Order, OrderSchema, Order_Key } from "../../api/order/v1/order_pb.ts";
import { KratosError } from "@kratos-ts/runtime";
import type { Empty, EmptySchema } from "@bufbuild/protobuf/wkt";

export class OrderService implements OrderServiceGrpcServer {
  async create(request: Order): Promise<MessageInitShape<typeof OrderSchema>> {
    return request;
  }

  async cancel(_request: Order_Key): Promise<MessageInitShape<typeof EmptySchema>> {
    throw new KratosError(501, "NOT_IMPLEMENTED", "Cancel is not implemented yet");
  }

  async delete(_request: Order_Key): Promise<MessageInitShape<typeof EmptySchema>> {
    throw new KratosError(501, "NOT_IMPLEMENTED", "Delete is not implemented yet");
  }

  async *watch(_request: Empty): AsyncGenerator<MessageInitShape<typeof OrderSchema>> {
    yield Promise.reject(new KratosError(501, "NOT_IMPLEMENTED", "Watch is not implemented yet"));
  }
}
`);
});

const deletion = `  async delete(_request: Order_Key): Promise<MessageInitShape<typeof EmptySchema>> {
    throw new KratosError(501, "NOT_IMPLEMENTED", "Delete is not implemented yet");
  }
`;
const tabbed = deletion.replaceAll(/^ {4}/gm, "\t\t").replaceAll(/^ {2}/gm, "\t");
const wide = deletion.replaceAll(/^ +/gm, "$&$&");

test.for([
  ["two blanks", "\n  create() {}\n\n  cancel() {}\n\n  watch() {}\n", `${deletion}\n`],
  ["tabs", "\n\tcreate() {}\n\n\tcancel() {}\n\n\twatch() {}\n", `${tabbed}\n`],
  ["four blanks", "\n    create() {}\n\n    cancel() {}\n\n    watch() {}\n", `${wide}\n`],
  [
    "comments before and behind a method",
    "\n  create() {}\n\n  /** Ends it. */\n  cancel() {} // at once\n\n  // Goes on.\n  watch() {}\n  // The end.\n",
    `${deletion}\n`,
  ],
  [
    "a comment of two lines behind a method",
    "\n  create() {}\n  cancel() {} /* at\n  once */\n\n  watch() {}\n",
    `${deletion}\n`,
  ],
  [
    "braces in comments and strings",
    "\n  create() { return '}'; } // }\n  cancel() { /* } */ return `}${'}'}`; } // {\n\n  watch() {}\n",
    `${deletion}\n`,
  ],
  ["members that stand close", "\n  create() {}\n  cancel() {}\n  watch() {}\n", `\n${deletion}\n`],
  [
    "decorators",
    "\n  @log()\n  @trace({ deep: true })\n  create() {}\n\n  @log() cancel() {}\n\n  @log()\n  watch() {}\n",
    `${deletion}\n`,
  ],
  [
    "functions in properties",
    "\n  create = async () => ({})\n  cancel = () => {};\n\n  watch = async function* () {}\n",
    `${deletion}\n`,
  ],
  [
    "overloads",
    "\n  create() {}\n  cancel(a: string): void;\n  cancel(a: number): void;\n  cancel() {}\n\n  watch() {}\n",
    `${deletion}\n`,
  ],
  [
    "names in quotes and brackets",
    '\n  "create"() {}\n  ["cancel"]() {}\n\n  [`other`]() {}\n  watch() {}\n',
    `${deletion}\n`,
  ],
  [
    "something static or private of the name",
    "\n  create() {}\n  cancel() {}\n\n  #delete() {}\n  static delete() {}\n  watch() {}\n",
    `${deletion}\n`,
  ],
  [
    "no line end after the class",
    "\n  create() {}\n  watch() {}\n  cancel() {}\n",
    `\n${deletion}`,
  ],
] as const)("touches nothing else in a class with %s", async ([, body, expected]) => {
  const before = `${allImported}export class OrderService implements OrderServiceGrpcServer {${body}}`;
  const { read } = await run({ [path]: before });
  const after = await read(path);
  expect(insertions(before, after)).toEqual([expected]);

  const windows = before.replaceAll("\n", "\r\n");
  const inWindows = await run({ [path]: `\uFEFF${windows}` });
  expect(await inWindows.read(path)).toBe(`\uFEFF${after.replaceAll("\n", "\r\n")}`);
});

test.for([
  ["no member", "{}"],
  ["a blank between its braces", "{ }"],
  ["an empty line", "{\n\n}"],
  ["a comment", "{\n  // Nothing yet.\n}"],
  ["all on one line", "{ cancel() {} }"],
  ["two members on a line", "{\n  cancel() {} helper() {}\n}"],
  ["fields without semicolons", "{\n  x = 1\n  y\n}"],
  [
    "a constructor and a static block",
    "{\n  static { void 0; }\n  constructor(readonly a: string) {}\n}",
  ],
] as const)("adds all methods to a class with %s", async ([, braces]) => {
  const before = `${allImported}export class OrderService implements OrderServiceGrpcServer ${braces}\n`;
  const { out, read } = await run({ [path]: before });
  expect(out).toMatch(/^updated .*: create, (cancel, )?delete, watch\n$/);
  const after = await read(path);
  for (const method of ["create", "delete", "*watch"]) {
    expect(after).toContain(`\n  async ${method}(`);
  }
  // What it had is all there, in its order.
  const rest = [...before].reduce((at, char) => after.indexOf(char, at) + 1, 0);
  expect(rest).toBeGreaterThan(0);
  const again = await run({ [path]: after });
  expect(again.out).toBe(`kept ${path}\n`);
});

test("writes as the file is written: quotes, semicolons, imports over several lines", async () => {
  const before = `import type { MessageInitShape } from '@bufbuild/protobuf'
import { type OrderServiceGrpcServer } from '../../api/order/v1/order_grpc.js'
import type {
\tOrder, // what is kept
\tOrderSchema /* of it */,
} from '../../api/order/v1/order_pb.js'
import { errorOrderNotFound, } from '../../api/order/v1/error_reason_errors.js'

export class OrderService implements OrderServiceGrpcServer {
\tcreate() {}
\tcancel() {}
\twatch() {}
}
`;
  const { read } = await run({ [path]: before });
  expect(insertions(before, await read(path))).toEqual([
    "\tOrder_Key,\n",
    `import { KratosError } from '@kratos-ts/runtime'
import type { EmptySchema } from '@bufbuild/protobuf/wkt'
`,
    `
\tasync delete(_request: Order_Key): Promise<MessageInitShape<typeof EmptySchema>> {
\t\tthrow new KratosError(501, 'NOT_IMPLEMENTED', 'Delete is not implemented yet')
\t}

`,
  ]);
});

test("calls what the file has already by the names that it has there, and shadows nothing", async () => {
  const before = `import type { MessageInitShape as Init } from "@bufbuild/protobuf";
import type * as wkt from "@bufbuild/protobuf/wkt";
import type { KratosError } from "@kratos-ts/runtime";
import type * as api from "../../api/order/v1/order_grpc.ts";
import type { Order_Key as Key } from "../../api/order/v1/order_pb.ts";

class Order {}
export class OrderService implements api.OrderServiceGrpcServer {
  create(key: Key): Init<KratosError> {}
  cancel(empty: EmptySchema) {}
  delete() {}
}
`;
  const { read } = await run({ [path]: before });
  expect((await read(path)).slice(-260)).toContain(`
  async *watch(_request: Empty): AsyncGenerator<Init<typeof OrderSchema>> {
    yield Promise.reject(new KratosError1(501, "NOT_IMPLEMENTED", "Watch is not implemented yet"));
  }
`);
  expect(await read(path)).toContain(
    'import { KratosError as KratosError1 } from "@kratos-ts/runtime";',
  );
});

test("uses the function of new classes as long as it is there", async () => {
  const { read } = await run({});
  const before = await read(path);
  expect(before).toContain('return notImplemented("Create");');
  const grown = proto.replace("  rpc Watch", "  rpc List(Order.Key) returns (Order);\n  rpc Watch");
  const again = await run({ [path]: before, "api/order/v1/order.proto": grown });
  expect(insertions(before, await again.read(path))).toEqual([
    `  async list(_request: Order_Key): Promise<MessageInitShape<typeof OrderSchema>> {
    return notImplemented("List");
  }

`,
  ]);
});

test("the page on classes shows the diff of a new method", async () => {
  const { read } = await run({});
  const before = await read(path);
  const grown = proto.replace(
    "  rpc Watch",
    "  rpc Refund(Order.Key) returns (Order);\n  rpc Watch",
  );
  const { out } = await run(
    { [path]: before, "api/order/v1/order.proto": grown },
    { dryRun: true },
  );
  const page = await readFile(new URL("../../docs/proto-server.md", import.meta.url), "utf8");
  // The page has no blanks at the end of a line.
  const shown = out.replaceAll(/ $/gm, "");
  expect(page).toContain(`\n$ npx kratos-ts proto server api --dry-run\n${shown}\`\`\`\n`);
});

test("keeps methods whose names mean something in JavaScript apart from these", async () => {
  const words = proto.replace(
    "  rpc Create(Order) returns (Order);\n",
    ["Create", "Constructor", "Then", "ToString", "HTTPGet2", "Delete2", "New", "Class", "_x"]
      .map((name) => `  rpc ${name}(Order) returns (Order);\n`)
      .join(""),
  );
  const { out, read } = await run({ [path]: classFile(), "api/order/v1/order.proto": words });
  expect(out).toContain(
    ": constructor$, then$, toString$, hTTPGet2, delete2, new, class, _x, cancel",
  );
  const after = await read(path);
  const again = await run({ [path]: after, "api/order/v1/order.proto": words });
  expect(again.out).toBe(`kept ${path}\n`);
});

test.for([
  ["called something else", path, "export class Orders implements OrderServiceGrpcServer"],
  [
    "in a file of another name",
    "internal/service/shop.ts",
    "export class A implements B, OrderServiceGrpcServer",
  ],
  ["that is a constant", path, "export const Orders = class implements OrderServiceGrpcServer"],
  [
    "that implements a part",
    path,
    'export class A implements Pick<OrderServiceGrpcServer, "create">',
    "",
  ],
  ["without an interface", path, "export class OrderService"],
  [
    "beside others",
    path,
    "class Helper {}\nabstract class B {}\nexport class A<T> extends B implements OrderServiceGrpcServer",
  ],
] as const)("finds a class %s", async ([, file, head]) => {
  const before = classFile({ head });
  const { out, read } = await run({ [file]: before });
  expect(out).toBe(`updated ${file}: cancel, delete, watch\n`);
  expect(insertions(before, await read(file)).join("")).toContain("  async cancel(");
});

test.for([
  ["in the file", "class Base {\n  cancel() {}\n  delete() {}\n}\n", {}],
  [
    "in another file",
    'import { Root as Base } from "../base/root.ts";\n',
    { "internal/base/root.ts": "export class Root {\n  cancel() {}\n  delete() {}\n}\n" },
  ],
] as const)("counts what a class inherits from one %s", async ([, declared, files]) => {
  const text = `${declared}${classFile({ head: "export class A extends Base implements OrderServiceGrpcServer" })}`;
  const { out, read } = await run({ [path]: text, ...files });
  expect(out).toBe(`updated ${path}: watch\n`);
  expect(await read(path)).not.toContain("cancel(_request");
});

test("leaves a class alone that inherits what cannot be seen, and says so", async () => {
  const text = classFile({
    head: "export class A extends mixin(B) implements OrderServiceGrpcServer",
  });
  const { out, err, read } = await run({ [path]: text });
  expect(out).toBe(`kept ${path}\n`);
  expect(err).toContain(
    `note: ${path}: left as it is, since mixin(B) may have cancel, delete, watch\n`,
  );
  expect(await read(path)).toBe(text);
});

test("tells of methods whose rpc is gone, and of nothing else", async () => {
  const body = `${create}
  async gone(request: Order): Promise<MessageInitShape<typeof OrderSchema>> {
    return request;
  }
  async *flow(requests: AsyncIterable<Order>): AsyncGenerator<Order> {}
  async none(): Promise<MessageInitShape<typeof OrderSchema>> {}
  toOrder(row: Row): Order {}
  check(order: Order): void {}
  private async save(order: Order): Promise<Order> {}
  async #save(order: Order): Promise<Order> {}
  static async from(order: Order): Promise<Order> {}
  async load(id: string): Promise<Order> {}
`;
  const { err } = await run({ [path]: classFile({ body }) });
  expect(err.split("\n").filter((line) => line.includes("any more"))).toEqual(
    ["gone", "flow", "none"].map(
      (name) => `note: ${path}: order.v1.OrderService has no rpc for ${name} any more, remove it`,
    ),
  );
});

test("--dry-run prints the changes as a diff, and writes nothing", async () => {
  const before = classFile();
  const second =
    'syntax = "proto3";\n\npackage order.v1;\n\nimport "order/v1/order.proto";\n\nservice Books {\n  rpc Get(Order.Key) returns (Order);\n}\n';
  const files = { [path]: before, "api/order/v1/books.proto": second };
  const { out, err, read } = await run(files, { dryRun: true });
  expect(await read(path)).toBe(before);
  await expect(read("internal/service/books.ts")).rejects.toThrow("ENOENT");
  expect(out).toContain("--- /dev/null\n+++ b/internal/service/books.ts\n@@ -0,0 +1,");
  expect(out).toContain(`--- a/${path}\n+++ b/${path}\n@@ -8,4 +8,16 @@\n`);
  expect(out).toContain(
    "+  async delete(_request: Order_Key): Promise<MessageInitShape<typeof EmptySchema>> {\n",
  );
  expect(err).toContain("its code is not generated yet");
});

test('names classes after services, less one trailing "Service"', async () => {
  const names = [
    "Service",
    "UserService",
    "UserServiceService",
    "HTTPService",
    "OAuth2",
    "user_log",
    "V2Api3",
  ];
  const text = `syntax = "proto3";\n\npackage n.v1;\n\nmessage M {}\n${names
    .map((name) => `service ${name} {\n  rpc Do(M) returns (M);\n}\n`)
    .join("")}`;
  const { out, read } = await run({ "api/n/v1/n.proto": text }, {}, ["api/n/v1/n.proto"]);
  expect(out).toBe(
    ["service", "user", "user-service", "http", "o-auth2", "user-log", "v2-api3"]
      .map((file) => `created internal/service/${file}.ts\n`)
      .join(""),
  );
  expect(await read("internal/service/user-service.ts")).toContain(
    "export class UserServiceService implements UserServiceServiceGrpcServer {",
  );
});

test("takes files and folders of several projects in a call, and puts each class into its own", async () => {
  const service = (name: string): string =>
    `syntax = "proto3";\n\npackage ${name}.v1;\n\nservice ${name} {\n  rpc Do(M) returns (M);\n}\n\nmessage M {}\n`;
  const files = {
    "api/a/v1/a.proto": service("a"),
    "app/package.json": "{}",
    "app/api/b/v1/b.proto": service("b"),
    "app/api/b/v1/c.proto": service("c").replace("package c", "package b").replaceAll("M", "N"),
  };
  const { out } = await run(files, {}, ["api/a", "app/api/b/v1/b.proto", "app/api/b/v1/c.proto"]);
  expect(out.split("\n").toSorted()).toEqual([
    "",
    "created app/internal/service/b.ts",
    "created app/internal/service/c.ts",
    "created internal/service/a.ts",
  ]);
});

test.for([
  [
    "of another name, without an interface",
    { [path]: "export class Orders {}\n" },
    /no class in ".*order\.ts" is that of order\.v1\.OrderService: it declares "Orders"$/,
  ],
  [
    "that is no class",
    {
      [path]: `import type { OrderServiceGrpcServer } from "../../api/order/v1/order_grpc.ts";\nexport const orders: OrderServiceGrpcServer = {};\n`,
    },
    /no class in ".*order\.ts" is that of order\.v1\.OrderService: it declares none$/,
  ],
  [
    "that is there twice",
    {
      [path]: classFile({ head: "export class A implements OrderServiceGrpcServer" }),
      "internal/service/b.ts": classFile({
        head: "export class B implements OrderServiceGrpcServer",
      }),
    },
    /several classes implement order\.v1\.OrderService: B in ".*b\.ts", A in ".*order\.ts"$/,
  ],
  [
    "without a name",
    { [path]: classFile({ head: "export default class implements OrderServiceGrpcServer" }) },
    /the class in ".*order\.ts" has no name$/,
  ],
] as const)("refuses a class %s, with what to do", async ([, files, message]) => {
  const error: unknown = await run(files).catch((caught: unknown) => caught);
  if (!isCliError(error)) throw error;
  expect(error.code).toBe("CLASS_UNCLEAR");
  expect(error.message).toMatch(message);
  expect(error.hint).toContain("OrderService");
});

test("refuses a file that is not TypeScript, with the place", async () => {
  const error: unknown = await run({ [path]: `${classFile()}class {\n` }).catch((e: unknown) => e);
  expect(error).toMatchObject({ code: "SOURCE_INVALID" });
  expect(String(error)).toMatch(/order\.ts:\d+:\d+: /);
});
