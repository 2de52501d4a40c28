import { EmptySchema } from "@bufbuild/protobuf/wkt";
import type { GrpcServer, GrpcServerOptions } from "@kratos-ts/runtime/grpc";
import { expect, test } from "vitest";
import { Echo, findService, HealthCheck } from "./echo-schema.ts";
import { createDeferred } from "./deferred.ts";
import { startServer } from "./kratos-peer.ts";
import { frame, rawCall } from "./raw-call.ts";
import { askForever, fileNames, type Question, readFiles, reflect } from "./reflect.ts";

const catalog = "catalog/v1/catalog.proto";
const item = "catalog/v1/item.proto";
const empty = "google/protobuf/empty.proto";
const own = [
  "grpc.health.v1.Health",
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
];

function register(server: GrpcServer): void {
  const service = findService("test.catalog.v1.Cellar");
  const [input, output] = [EmptySchema, EmptySchema];
  const operation = "/test.catalog.v1.Cellar/Dig";
  server.handle({ operation, kind: "unary", input, output, service }, () => ({}));
}

async function start(options: GrpcServerOptions = {}): Promise<string> {
  return (await startServer(register, options)).address;
}

test.for(["v1", "v1alpha"])("lists all services (%s)", async (version) => {
  const [reply] = await reflect(await start(), [{ case: "listServices", value: "" }], version);
  expect(reply?.validHost).toBe("here");
  expect(reply?.originalRequest?.messageRequest).toEqual({ case: "listServices", value: "" });
  const { messageResponse } = reply!;
  expect(messageResponse.case).toBe("listServicesResponse");
  const { service } = messageResponse.value as { service: { name: string }[] };
  expect(service.map(({ name }) => name)).toEqual([...own, "test.catalog.v1.Cellar"]);
});

test.for<[title: string, symbol: string, file: string]>([
  ["a service", "test.catalog.v1.Cellar", catalog],
  ["another service of the file", "test.catalog.v1.Catalog", catalog],
  ["a method", "test.catalog.v1.Cellar.Dig", catalog],
  ["a message", "test.catalog.v1.Item", item],
  ["a nested message", "test.catalog.v1.Item.Part", item],
  ["an enum", "test.catalog.v1.Shelf", item],
  ["a nested enum", "test.catalog.v1.Item.Colour", item],
  ["a value of an enum", "test.catalog.v1.SHELF_TOP", item],
  ["a value of a nested enum", "test.catalog.v1.Item.COLOUR_RED", item],
  ["a field", "test.catalog.v1.Item.Part.name", item],
  ["a oneof", "test.catalog.v1.Item.price", item],
  ["an extension", "test.catalog.v1.tag", catalog],
  ["a nested extension", "test.catalog.v1.Note.weight", catalog],
  ["a message that is imported", "google.protobuf.Empty", empty],
  [
    "the service itself",
    "grpc.reflection.v1.ServerReflection",
    "grpc/reflection/v1/reflection.proto",
  ],
  ["the health service", "grpc.health.v1.Health.Check", "grpc/health/v1/health.proto"],
])("finds the file of %s", async ([, value, file]) => {
  const [reply] = await reflect(await start(), [{ case: "fileContainingSymbol", value }]);
  expect(fileNames(reply!)[0]).toBe(file);
});

test("sends a file with those that it needs, of which none twice, but those asked for", async () => {
  const replies = await reflect(await start(), [
    { case: "fileByFilename", value: catalog },
    { case: "fileByFilename", value: item },
    { case: "fileContainingSymbol", value: "test.catalog.v1.Catalog" },
  ]);
  expect(replies.map(fileNames)).toEqual([[catalog, item, empty], [item], [catalog]]);
});

test("sends files that clients can build on", async () => {
  const replies = await reflect(await start(), [{ case: "fileByFilename", value: catalog }]);
  const files = readFiles(replies);
  const { methods } = files.getService("test.catalog.v1.Catalog")!;
  expect(methods.map(({ name, input }) => `${name}(${input.typeName})`)).toEqual([
    "Find(test.catalog.v1.Item)",
    "Clear(google.protobuf.Empty)",
  ]);
  expect(files.getExtension("test.catalog.v1.Note.weight")?.number).toBe(150);
});

test("finds extensions by what they extend", async () => {
  const of = (containingType: string, extensionNumber: number): Question => ({
    case: "fileContainingExtension",
    value: { containingType, extensionNumber },
  });
  const replies = await reflect(await start(), [
    of("test.catalog.v1.Item", 150),
    { case: "allExtensionNumbersOfType", value: "test.catalog.v1.Item" },
    { case: "allExtensionNumbersOfType", value: "test.catalog.v1.Note" },
  ]);
  expect(fileNames(replies[0]!)[0]).toBe(catalog);
  expect(replies.slice(1).map(({ messageResponse }) => messageResponse)).toMatchObject([
    { value: { baseTypeName: "test.catalog.v1.Item", extensionNumber: [100, 150] } },
    { value: { baseTypeName: "test.catalog.v1.Note", extensionNumber: [] } },
  ]);
});

test.for<[text: string, question: Question]>([
  ['file "no.proto"', { case: "fileByFilename", value: "no.proto" }],
  ['symbol "no.Such"', { case: "fileContainingSymbol", value: "no.Such" }],
  ['symbol ""', { case: "fileContainingSymbol", value: "" }],
  ['symbol "test.catalog.v1"', { case: "fileContainingSymbol", value: "test.catalog.v1" }],
  [
    'extension 101 of "test.catalog.v1.Item"',
    {
      case: "fileContainingExtension",
      value: { containingType: "test.catalog.v1.Item", extensionNumber: 101 },
    },
  ],
  ['message "no.Such"', { case: "allExtensionNumbersOfType", value: "no.Such" }],
])("goes on after a question for what is not there: %s", async ([text, question]) => {
  const replies = await reflect(await start(), [question, { case: "listServices", value: "" }]);
  const value = { errorCode: 5, errorMessage: `the server knows no ${text}` };
  expect(replies[0]?.messageResponse).toMatchObject({ case: "errorResponse", value });
  expect(replies[1]?.messageResponse.case).toBe("listServicesResponse");
});

test("fails for a question that is none", async () => {
  const nothing = { case: undefined } as unknown as Question;
  await expect(reflect(await start(), [nothing])).rejects.toMatchObject({ code: 400 });
});

test("looks for a service in the files of its messages when its methods do not name it", async () => {
  const { address } = await startServer((server) => server.handle(Echo, () => ({})));
  const value = "test.echo.v1.EchoService";
  const [reply] = await reflect(address, [{ case: "fileContainingSymbol", value }]);
  expect(fileNames(reply!)).toEqual(["echo.proto"]);
});

test("tells of a health service that is registered in place of the server's", async () => {
  const { address } = await startServer((server) => server.handle(HealthCheck, () => ({})));
  const replies = await reflect(address, [
    { case: "listServices", value: "" },
    { case: "fileContainingSymbol", value: "grpc.health.v1.Health" },
  ]);
  const { service } = replies[0]!.messageResponse.value as { service: { name: string }[] };
  expect(service.map(({ name }) => name)).toEqual(own);
  const methods = readFiles(replies).getService("grpc.health.v1.Health")?.methods;
  expect(methods?.map(({ name }) => name)).toEqual(["Check", "Watch"]);
});

test("can be turned off", async () => {
  const asked = reflect(await start({ reflection: false }), [{ case: "listServices", value: "" }]);
  await expect(asked).rejects.toMatchObject({ code: 501 });
});

test("speaks JSON", async () => {
  const reply = await rawCall(await start(), {
    path: "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    headers: { "content-type": "application/grpc+json" },
    chunks: [frame(Buffer.from('{"listServices":""}'))],
  });
  expect(JSON.parse(reply.body.subarray(5).toString())).toMatchObject({
    listServicesResponse: { service: [...own, "test.catalog.v1.Cellar"].map((name) => ({ name })) },
  });
});

test("lets go of clients that leave in the middle", async () => {
  const { server, address } = await startServer(register);
  const leaving = new AbortController();
  const answered = createDeferred();
  const asked = askForever(address, leaving.signal, answered.resolve);
  await answered.promise;
  expect(server.stats().calls).toMatchObject({ open: 1 });
  leaving.abort();
  await expect(asked).rejects.toMatchObject({ code: 499 });
  await server.stop(new AbortController().signal);
  expect(server.stats().calls).toMatchObject({ open: 0, failed: 1 });
});
