import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCli, startCli } from "./cli-process.ts";
import { lint, makeProject, readOwn, runTests, typecheck, writeAll } from "./made-project.ts";

/** Fields of every kind, names that mean something elsewhere, and services that are about nothing. */
const odd = `syntax = "proto3";

package odd.v1;

import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/timestamp.proto";

service DateService {
  rpc CreateDate(DateRequest) returns (Date);
  rpc GetDate(Key) returns (Date);
  rpc UpdateDate(DateRequest) returns (Date);
  rpc DeleteDate(Key) returns (google.protobuf.Empty);
  rpc ListDates(Page) returns (Dates);
  rpc Watch(google.protobuf.Empty) returns (stream Date.Inner);
  rpc delete(Key) returns (Key);
  rpc then(Key) returns (Key);
  rpc constructor(Key) returns (Key);
  rpc ToString(Key) returns (Key);
}

message Date {
  message Inner {}
  string id = 1;
  optional string note = 2;
  bool done = 3;
  uint32 count = 4;
  double weight = 5;
  int64 big = 6;
  uint64 huge = 7;
  google.protobuf.Timestamp due_time = 8;
  google.protobuf.Timestamp created_at = 9;
  repeated string tags = 10;
  string class = 11;
  string order = 12;
  oneof either {
    string a = 13;
    string b = 14;
  }
  optional bool flag = 15;
  optional uint64 limit = 16;
}

message DateRequest {
  Date date = 1;
}
message Key {
  string id = 1;
}
message Page {
  string page_token = 1;
}
message Dates {
  repeated Date dates = 1;
  string next_page_token = 2;
}

service HTTP2Chat {
  rpc Say(google.protobuf.Empty) returns (google.protobuf.Empty);
}
service delete {
  rpc delete(Key) returns (Key);
}
service News {
  rpc Read(Key) returns (Key);
  rpc UpdateNews(UpdateNewsRequest) returns (Key);
}
message UpdateNewsRequest {
  string id = 1;
  google.protobuf.FieldMask mask = 2;
}
`;

const layered = ["--layers", "service,biz,data"];

test("writes layers that compile, pass the linter and their tests, for services of every kind", async () => {
  const cwd = await makeProject();
  await writeAll(cwd, { "api/odd/v1/odd.proto": odd });
  await runCli(["proto", "client", "api/odd"], { cwd });
  const { code, stdout, stderr } = await runCli(["proto", "server", "api/odd", ...layered], {
    cwd,
  });
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: "note: left to you: tags, a, b of odd.v1.Date\n",
  });
  for (const name of ["date", "http2-chat", "delete", "news"]) {
    expect(stdout).toContain(`created internal/service/${name}.ts\n`);
    expect(stdout).toContain(`created internal/biz/${name}.ts\n`);
    expect(stdout).toContain(`created internal/data/${name}-repo.ts\n`);
    expect(stdout).toContain(`created test/internal/service/${name}.test.ts\n`);
  }
  expect(typecheck(cwd)).toBe("");
  expect(lint(cwd)).toBe("");
  expect(runTests(cwd, "test/internal")).toBe("");

  const before = await readOwn(cwd);
  const again = await runCli(["proto", "server", "api/odd", ...layered], { cwd });
  expect(again).toMatchObject({ code: 0, stderr: "" });
  expect(await readOwn(cwd)).toEqual(before);
}, 120_000);

test("a new proto is served from the database at once, and keeps what is written when it grows", async () => {
  const cwd = await makeProject();
  const proto = "api/order/v1/order.proto";
  await runCli(["proto", "add", proto], { cwd });
  await runCli(["proto", "client", "api"], { cwd });
  const { code, stdout, stderr } = await runCli(["proto", "server", proto, ...layered], { cwd });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const page = await readFile(new URL("../../docs/proto-server.md", import.meta.url), "utf8");
  expect(page).toContain(
    `\n$ npx kratos-ts proto server ${proto} ${layered.join(" ")}\n${stdout}\`\`\`\n`,
  );

  const config = join(cwd, "configs/config.yaml");
  const text = await readFile(config, "utf8");
  await writeFile(config, text.replaceAll(/0\.0\.0\.0:\d+/g, "127.0.0.1:0"));
  const first = await startService(cwd);
  const posted = await fetch(`${first.url}/v1/orders`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"title":"two chairs"}',
  });
  const { order } = (await posted.json()) as { order: { orderId: string } };
  expect(order).toMatchObject({ title: "two chairs" });
  await first.stop();
  const second = await startService(cwd);
  const found = await fetch(`${second.url}/v1/orders/${order.orderId}`);
  expect(await found.json()).toEqual({ order });
  const none = await fetch(`${second.url}/v1/orders/none`);
  expect(await none.json()).toMatchObject({ code: 404, reason: "ORDER_NOT_FOUND" });
  await second.stop();

  const before = await readOwn(cwd);
  const rpc =
    "  rpc CancelOrder(GetOrderRequest) returns (GetOrderResponse);\n" +
    "  rpc WatchOrder(GetOrderRequest) returns (stream GetOrderResponse);\n";
  const grown = (await readFile(join(cwd, proto), "utf8")).replace(
    "  // Returns orders",
    `${rpc}$&`,
  );
  await writeFile(join(cwd, proto), grown);
  await runCli(["proto", "client", "api"], { cwd });
  const added = await runCli(["proto", "server", proto, ...layered], { cwd });
  expect(added.stdout).toBe("updated internal/service/order.ts: cancelOrder, watchOrder\n");
  const after = await readOwn(cwd);
  const changed = Object.keys(after).filter((path) => after[path] !== before[path]);
  expect(changed).toEqual(["internal/service/order.ts"]);
  expect(typecheck(cwd)).toBe("");
  expect(lint(cwd)).toBe("");
}, 120_000);

/** Runs the project's service until it listens. */
async function startService(cwd: string): Promise<{ url: string; stop(): Promise<void> }> {
  const cli = startCli(["run", "--no-watch"], { cwd });
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    const look = (chunk: unknown): void => {
      output += String(chunk);
      const found =
        /\[HTTP\] server listening.*?(127\.0\.0\.1:\d+)|(127\.0\.0\.1:\d+).*\[HTTP\] server listening/.exec(
          output,
        );
      if (found !== null) resolve(`http://${found[1] ?? found[2]}`);
    };
    cli.process.stdout?.on("data", look);
    cli.process.stderr?.on("data", look);
    void cli.result.then(({ code }) => reject(new Error(`ended with ${code}:\n${output}`)));
  });
  return {
    url,
    async stop() {
      cli.process.kill("SIGTERM");
      await cli.result;
    },
  };
}

const simple = `syntax = "proto3";

package order.v1;

service OrderService {
  rpc Place(Order) returns (Order);
}

message Order {}
`;

test("writes the layers that are named, and says what is left to wire", async () => {
  const cwd = await makeProject();
  await writeAll(cwd, { "api/order/v1/order.proto": simple });
  await runCli(["proto", "client", "api/order"], { cwd });
  const biz = await runCli(["proto", "server", "api/order", "--layers", "biz"], { cwd });
  expect(biz).toMatchObject({ code: 0, stderr: "" });
  expect(biz.stdout).toBe(`created internal/biz/order.ts
created test/internal/biz/fake-order-repo.ts
created test/internal/biz/order.test.ts
`);
  const service = await runCli(["proto", "server", "api/order", "--layers", "service,biz"], {
    cwd,
  });
  expect(service.code).toBe(1);
  expect(service.stderr).toContain(
    "cmd/shop/wire.ts: add `const orders = new OrderUsecase({ repo: …(data.database), logger });` to where the services are made\n" +
      "  cmd/shop/wire.ts: add `order: new OrderService({ orders }),` to the object of type Services\n",
  );
  const data = await runCli(["proto", "server", "api/order", "--layers", "data"], { cwd });
  expect(data.stdout).toContain("created internal/data/order-repo.ts\n");
  expect(data.stdout).toContain("updated internal/data/schema.ts\n");
}, 60_000);

test.for([
  [
    "a layer that there is not",
    "service,web",
    {},
    2,
    'error[USAGE]: --layers: "web" can be service, biz, data, such as "service,biz,data"\n',
  ],
  [
    "data without a use case",
    "data",
    {},
    1,
    'order.ts" does not exist\nhint: name biz in --layers, too\n',
  ],
  [
    "a use case of another kind",
    "service,biz,data",
    { "internal/biz/order.ts": "export function place(): void {}\n" },
    1,
    'order.ts" has no OrderUsecase and OrderRepo\n',
  ],
  [
    "a repository of another kind",
    "service,biz,data",
    {
      "internal/biz/order.ts":
        "export interface OrderRepo {\n  save(): void;\n}\nexport class OrderUsecase {}\n",
    },
    1,
    'order.ts" is not as a new one is\n',
  ],
  [
    "a project that keeps its data in another way",
    "service,biz,data",
    { "internal/data/schema.ts": "export {};\n", "internal/data/sql-database.ts": undefined },
    1,
    "keeps its data in another way than the layout\n",
  ],
] as const)("refuses %s, and writes nothing", async ([, layers, files, code, message]) => {
  const cwd = await makeProject();
  await writeAll(cwd, { "api/order/v1/order.proto": simple });
  for (const [path, text] of Object.entries(files)) {
    if (text === undefined) await rm(join(cwd, path));
    else await writeAll(cwd, { [path]: text });
  }
  const before = await readOwn(cwd);
  const result = await runCli(["proto", "server", "api/order", "--layers", layers], { cwd });
  expect(result.stderr).toContain(message);
  expect(result.code).toBe(code);
  expect(await readOwn(cwd)).toEqual(before);
});

test("takes back what it has written when a folder cannot be made", async () => {
  const cwd = await makeProject();
  await writeAll(cwd, { "api/order/v1/order.proto": simple });
  await rm(join(cwd, "test/internal"), { recursive: true });
  await writeAll(cwd, { "test/internal": "a file" });
  const before = await readOwn(cwd);
  const result = await runCli(["proto", "server", "api/order", ...layered], { cwd });
  expect(result.stderr).toMatch(/^error\[(WRITE_FAILED|FILE_EXISTS)\]: .*test\/internal/);
  expect(result.code).toBe(1);
  expect(await readOwn(cwd)).toEqual(before);
});
