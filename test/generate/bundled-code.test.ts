import { join } from "node:path";
import { rolldown } from "rolldown";
import { expect, test } from "vitest";

const golden = join(import.meta.dirname, "../../fixtures/golden");
const order = join(golden, "order-service/want/api/order/v1");

test("a file whose exports nobody uses leaves nothing behind", async () => {
  const files = [
    `${order}/order_pb.ts`,
    `${order}/order_http.ts`,
    `${order}/order_grpc.ts`,
    `${order}/error_reason_errors.ts`,
    join(golden, "config/want/internal/conf/conf_config.ts"),
  ];

  const { code } = await bundle(files.map((file) => `import ${JSON.stringify(file)};`).join("\n"));
  expect(code.replaceAll(/^\/\/.*$/gm, "").trim()).toBe("");
});

test("one client brings its own routes, not servers and other services", async () => {
  const { code } = await bundle(
    `export { createOrderServiceHttpClient } from ${JSON.stringify(`${order}/order_http.ts`)};`,
  );

  expect(code).toContain("/order.v1.OrderService/GetOrder");
  expect(code).not.toMatch(/registerOrderService|Grpc/);
});

test("HTTP clients and errors run in a browser", async () => {
  const { code, imports } = await bundle(
    [
      `export * from ${JSON.stringify(`${order}/order_http.ts`)};`,
      `export * from ${JSON.stringify(`${order}/error_reason_errors.ts`)};`,
    ].join("\n"),
  );

  expect(code).toContain("new KratosError(404");
  expect(imports).toEqual([]);
});

/** Bundles an entry with this source for browsers, with the runtime and protobuf in it. */
async function bundle(source: string): Promise<{ code: string; imports: string[] }> {
  const entry = "virtual:entry";
  const build = await rolldown({
    input: entry,
    platform: "browser",
    resolve: { conditionNames: ["@kratos-ts/source", "browser", "import", "default"] },
    treeshake: { moduleSideEffects: (id) => id.startsWith(golden) || id === entry },
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === entry ? id : null),
        load: (id) => (id === entry ? source : null),
      },
    ],
  });
  const { output } = await build.generate({ format: "esm" });
  await build.close();
  const [chunk] = output;
  return { code: chunk.code, imports: chunk.imports };
}
