import { GrpcServer } from "@kratos-ts/runtime/grpc";
import { HttpServer } from "@kratos-ts/runtime/http";
import { logging, recovery } from "@kratos-ts/runtime/middleware";
import {
  createRecordingLogger,
  type InMemoryService,
  type RecordingLogger,
  startInMemory,
} from "@kratos-ts/runtime/testing";
import { expect, onTestFinished, test } from "vitest";
import { isInvalidName, isUserNotFound } from "../../../api/helloworld/v1/error_reason_errors.ts";
import {
  createGreeterGrpcClient,
  registerGreeterGrpcServer,
} from "../../../api/helloworld/v1/greeter_grpc.ts";
import {
  createGreeterHttpClient,
  registerGreeterHttpServer,
} from "../../../api/helloworld/v1/greeter_http.ts";
import { type GreeterRepo, GreeterUsecase } from "../../../internal/biz/greeter.ts";
import { GreeterService } from "../../../internal/service/greeter.ts";
import { newFakeGreeterRepo } from "../biz/fake-greeter-repo.ts";

/** This service alone, without a port and without a database. */
async function startGreeter(
  repo: GreeterRepo = newFakeGreeterRepo(),
): Promise<InMemoryService & { readonly logger: RecordingLogger }> {
  const logger = createRecordingLogger();
  const greeter = new GreeterService({ greeters: new GreeterUsecase({ repo, logger }) });
  const options = { logger, middleware: [recovery(), logging()] };
  const http = new HttpServer(options);
  registerGreeterHttpServer(http, greeter);
  const grpc = new GrpcServer(options);
  registerGreeterGrpcServer(grpc, greeter);
  const service = await startInMemory({ http, grpc });
  onTestFinished(() => service.close());
  return Object.assign(service, { logger });
}

test("fails with the same error over HTTP and gRPC", async () => {
  const service = await startGreeter();
  const clients = [
    createGreeterHttpClient(service.httpClient()),
    createGreeterGrpcClient(service.grpcClient()),
  ];

  for (const client of clients) {
    await expect(client.getGreeter({ name: "nobody" })).rejects.toSatisfy(isUserNotFound);
    await expect(client.getGreeter({ name: "nobody" })).rejects.toMatchObject({
      message: 'nobody called "nobody" was greeted yet',
      metadata: { name: "nobody" },
    });
    await expect(client.sayHello({ name: "line\nbreak" })).rejects.toSatisfy(isInvalidName);
  }
});

test("answers with JSON", async () => {
  const service = await startGreeter();

  const response = await service.fetch("/helloworld/kratos");

  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(await response.text()).toBe('{"message":"Hello kratos"}');
});

test("tells callers nothing of a failure inside, and the log everything", async () => {
  const failure = new Error("disk full");
  const repo = { ...newFakeGreeterRepo(), addGreeting: () => Promise.reject(failure) };
  const service = await startGreeter(repo);

  const response = await service.fetch("/helloworld/kratos");

  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain("disk full");
  expect(service.logger.records.map(({ fields }) => fields["err"])).toContain(failure);
});
