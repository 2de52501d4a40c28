import { expect, test } from "vitest";
import { registerInWire } from "../../src/scaffold/register-in-wire.ts";
import { registerInServices } from "../../src/scaffold/register-service.ts";
import type { LeftOver, ServiceRegistration } from "../../src/scaffold/register-service.ts";
import { parseTypescript } from "../../src/scaffold/typescript-source.ts";

const order: ServiceRegistration = {
  key: "order",
  className: "OrderService",
  classAlias: "OrderV1Service",
  classModule: "../service/order.ts",
  http: {
    name: "registerOrderServiceHttpServer",
    otherwise: "registerOrderServiceV1HttpServer",
    module: "../../api/order/v1/order_http.ts",
  },
  grpc: {
    name: "registerOrderServiceGrpcServer",
    otherwise: "registerOrderServiceV1GrpcServer",
    module: "../../api/order/v1/order_grpc.ts",
  },
};

interface Edited {
  readonly text: string;
  readonly left: readonly LeftOver[];
}

function edit(edits: typeof registerInWire, text: string, registration = order): Edited {
  const source = parseTypescript(text, "file.ts");
  const left = edits(source, registration);
  return { text: source.print(), left };
}

const services = `import { registerGreeterGrpcServer } from "../../api/helloworld/v1/greeter_grpc.ts";
import type { GreeterService } from "../service/greeter.ts";

// A comment.
export interface Services {
  readonly greeter: GreeterService; // the first
}

export function registerHttpServices(router: HttpRouter, services: Services): void {}

export function registerGrpcServices(to: GrpcRouter, all: Services): void {
  registerGreeterGrpcServer(to, all.greeter);
}
`;

test("adds a service to the interface and to both functions", () => {
  const { text, left } = edit(registerInServices, services);
  expect(left).toEqual([]);
  expect(text)
    .toBe(`import { registerGreeterGrpcServer } from "../../api/helloworld/v1/greeter_grpc.ts";
import type { GreeterService } from "../service/greeter.ts";
import type { OrderService } from "../service/order.ts";
import { registerOrderServiceHttpServer } from "../../api/order/v1/order_http.ts";
import { registerOrderServiceGrpcServer } from "../../api/order/v1/order_grpc.ts";

// A comment.
export interface Services {
  readonly greeter: GreeterService; // the first
  readonly order: OrderService;
}

export function registerHttpServices(router: HttpRouter, services: Services): void {
  registerOrderServiceHttpServer(router, services.order);
}

export function registerGrpcServices(to: GrpcRouter, all: Services): void {
  registerGreeterGrpcServer(to, all.greeter);
  registerOrderServiceGrpcServer(to, all.order);
}
`);
});

test("a second time changes nothing", () => {
  const { text } = edit(registerInServices, services);
  expect(edit(registerInServices, text)).toEqual({ text, left: [] });
});

test("a service without routes is registered for gRPC alone", () => {
  const { text, left } = edit(registerInServices, services, { ...order, http: undefined });
  expect(left).toEqual([]);
  expect(text).not.toContain("HttpServer");
  expect(text).toContain("registerOrderServiceGrpcServer(to, all.order);");
});

test("two packages with a service of one name get on", () => {
  const { text } = edit(registerInServices, services);
  const second = edit(registerInServices, text, {
    key: "orderV2",
    className: "OrderServiceV2",
    classAlias: "OrderV2Service",
    classModule: "../service/order-v2.ts",
    http: undefined,
    grpc: {
      name: "registerOrderServiceGrpcServer",
      otherwise: "registerOrderServiceV2GrpcServer",
      module: "../../api/order/v2/order_grpc.ts",
    },
  });
  expect(second.text).toContain(
    'import { registerOrderServiceGrpcServer as registerOrderServiceV2GrpcServer } from "../../api/order/v2/order_grpc.ts";',
  );
  expect(second.text).toContain("registerOrderServiceV2GrpcServer(to, all.orderV2);");
  expect(second.text).toContain("registerOrderServiceGrpcServer(to, all.order);");
});

test("keeps line ends and indentation", () => {
  const windows = services.replaceAll("\n", "\r\n").replaceAll("  ", "\t");
  const { text } = edit(registerInServices, windows);
  expect(text.replaceAll("\r\n", "")).not.toContain("\n");
  expect(text).toContain("\r\n\treadonly order: OrderService;\r\n}");
});

test("tells what it found no place for", () => {
  const { text, left } = edit(registerInServices, "export const nothing = 1;\n");
  expect(text).toBe("export const nothing = 1;\n");
  expect(left).toEqual([
    { line: "readonly order: OrderService;", place: "interface Services" },
    {
      line: "registerOrderServiceHttpServer(router, services.order);",
      place: "function registerHttpServices",
    },
    {
      line: "registerOrderServiceGrpcServer(router, services.order);",
      place: "function registerGrpcServices",
    },
  ]);
});

test.for([
  [
    "const services: Services = {\n  greeter: new GreeterService({ greeters }),\n};\n",
    "const services: Services = {\n  greeter: new GreeterService({ greeters }),\n  order: new OrderService(),\n};\n",
  ],
  [
    "const services: Services = {\n  greeter: new GreeterService() // last\n};\n",
    "const services: Services = {\n  greeter: new GreeterService(), // last\n  order: new OrderService(),\n};\n",
  ],
  [
    "const s: Services = { greeter };\n",
    "const s: Services = { greeter, order: new OrderService() };\n",
  ],
  ["const s: Services = {};\n", "const s: Services = {\n  order: new OrderService(),\n};\n"],
  [
    "f(() => ({ greeter } satisfies Services));\n",
    "f(() => ({ greeter, order: new OrderService() } satisfies Services));\n",
  ],
])("wires a service into %j", ([before, after]) => {
  const { text, left } = edit(registerInWire, before ?? "");
  expect(left).toEqual([]);
  expect(text).toBe(`import { OrderService } from "../service/order.ts";\n${after}`);
  expect(edit(registerInWire, text).text).toBe(text);
});

test("a wire.ts without an object of services is left to its author", () => {
  expect(edit(registerInWire, "export {};\n")).toEqual({
    text: "export {};\n",
    left: [{ line: "order: new OrderService(),", place: "the object of type Services" }],
  });
});

test("a file that is not TypeScript is refused with its position", () => {
  expect(() => parseTypescript("const a = 1;\nconst b = ;\n", "cmd/x/wire.ts")).toThrow(
    expect.objectContaining({
      code: "SOURCE_INVALID",
      message: expect.stringMatching(/^cmd\/x\/wire\.ts:2:11: /) as string,
    }) as Error,
  );
});

const withUsecase: ServiceRegistration = {
  ...order,
  usecase: {
    name: "orders",
    className: "OrderUsecase",
    module: "../biz/order.ts",
    repo: { name: "newOrderRepo", module: "../data/order-repo.ts" },
  },
};

const made = "new OrderUsecase({ repo: newOrderRepo(data.database), logger });";

test.for([
  [
    "in front of the services",
    "const data = await newData({ logger });\n\n\tconst services: Services = {\n\t\ta,\n\t};\n",
    `const data = await newData({ logger });\n\n\tconst orders = ${made}\n\n\tconst services: Services = {\n\t\ta,\n\t\torder: new OrderService({ orders }),\n\t};\n`,
  ],
  [
    "by another name when its own is taken",
    "const orders = 1, data = newData(logger);\nconst services = { a } satisfies Services;\n",
    `const orders = 1, data = newData(logger);\nconst ordersUsecase = ${made}\n\nconst services = { a, order: new OrderService({ orders: ordersUsecase }) } satisfies Services;\n`,
  ],
  [
    "from the data, whatever that is called",
    "const store = await newData(logger);\nconst services = {} as Services;\n",
    `const store = await newData(logger);\nconst orders = ${made.replace("data.", "store.")}\n\nconst services = {\n  order: new OrderService({ orders }),\n} as Services;\n`,
  ],
] as const)("makes the use case of a service %s", ([, before, after]) => {
  const { text, left } = edit(registerInWire, before, withUsecase);
  expect(left).toEqual([]);
  expect(text.replace(/^import .*\n/gm, "")).toBe(after);
  expect(text).toContain('import { OrderUsecase } from "../biz/order.ts";\n');
  expect(edit(registerInWire, text, withUsecase).text).toBe(text);
});

test.for([
  ["no data", "const services: Services = { logger };\n"],
  ["no logger", "const data = newData();\nconst services: Services = {};\n"],
  ["no variable for the services", "const data = newData(logger);\nrun({} satisfies Services);\n"],
] as const)("leaves the use case to the user where there is %s", ([, before]) => {
  const { text, left } = edit(registerInWire, before, withUsecase);
  expect(text).toBe(before);
  expect(left).toEqual([
    { line: `const orders = ${made}`, place: "where the services are made" },
    { line: "order: new OrderService({ orders }),", place: "the object of type Services" },
  ]);
});
