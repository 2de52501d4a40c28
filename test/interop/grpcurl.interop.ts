import { GrpcServer } from "@kratos-ts/runtime";
import { silentLogger } from "@kratos-ts/runtime/log";
import { execa } from "execa";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { EchoService } from "./echo-service.ts";
import { registerEchoServiceGrpcServer } from "./proto/interop/v1/echo_grpc.ts";
import { whileServing } from "./while-serving.ts";

const program = fileURLToPath(new URL("../../.cache/interop/bin/grpcurl", import.meta.url));

/** What grpcurl prints, which knows no more of the service than the server's reflection tells. */
async function grpcurl(flags: readonly string[], args: readonly string[]): Promise<string> {
  const server = new GrpcServer({ addr: "127.0.0.1:0", logger: silentLogger, channelz: true });
  registerEchoServiceGrpcServer(server, new EchoService());
  return whileServing(server, async () => {
    const { host } = await server.endpoint();
    const { stdout } = await execa(program, ["-plaintext", ...flags, host, ...args]);
    return stdout;
  });
}

const services = [
  "grpc.channelz.v1.Channelz",
  "grpc.health.v1.Health",
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
  "interop.v1.EchoService",
];

test("grpcurl lists services", async () => {
  expect(await grpcurl([], ["list"])).toBe(services.join("\n"));
});

test("grpcurl describes services, with the options of their methods", async () => {
  const text = await grpcurl([], ["describe", "interop.v1.EchoService"]);
  expect(text).toContain(
    "rpc Watch ( .interop.v1.WatchRequest ) returns ( stream .interop.v1.SayReply ) {",
  );
  expect(text).toContain('option (.google.api.http) = { post: "/v1/say", body: "*" };');
});

test.for([...services, "interop.v1.Mood", "interop.v1.SayRequest", "google.api.http"])(
  "grpcurl describes %s",
  async (symbol) => {
    expect(await grpcurl([], ["describe", symbol])).toContain(`${symbol} is a`);
  },
);

test("grpcurl calls a method", async () => {
  const said = await grpcurl(["-d", '{"text":"hello","number":7}'], ["interop.v1.EchoService/Say"]);
  expect(JSON.parse(said)).toMatchObject({ said: { text: "hello", number: "7" } });
});

test("grpcurl asks after health", async () => {
  const health = await grpcurl(
    ["-d", '{"service":"interop.v1.EchoService"}'],
    ["grpc.health.v1.Health/Check"],
  );
  expect(JSON.parse(health)).toEqual({ status: "SERVING" });
});

test("grpcurl asks what was counted", async () => {
  const counted = await grpcurl([], ["grpc.channelz.v1.Channelz/GetServers"]);
  expect(JSON.parse(counted)).toMatchObject({
    server: [{ ref: { serverId: "1" }, listenSocket: [{ socketId: "2" }] }],
    end: true,
  });
});
