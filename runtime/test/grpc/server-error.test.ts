import { GrpcCode, KratosError } from "@kratos-ts/runtime";
import { createLogger } from "@kratos-ts/runtime/log";
import { describe, expect, test } from "vitest";
import { Echo } from "./echo-schema.ts";
import { createClient, startEcho, startServer } from "./kratos-peer.ts";
import { rawCall, requestFrame } from "./raw-call.ts";

describe("errors", () => {
  test("that are no KratosErrors are logged, and told to nobody", async () => {
    const records: string[] = [];
    const logger = createLogger({ write: (text) => records.push(text), format: "json" });
    const { address } = await startServer(
      (server) => {
        server.handle(Echo, () => {
          throw new Error("password is hunter2");
        });
      },
      { logger },
    );
    const reply = await rawCall(address, { chunks: [requestFrame({})] });
    expect(reply).toMatchObject({ status: "2", message: "internal server error" });
    expect(JSON.stringify(reply)).not.toContain("hunter2");
    expect(records.join("")).toContain("hunter2");
  });

  test("in the causes of others keep code and reason", async () => {
    const address = await startEcho({
      echo() {
        throw new Error("while saving", { cause: new KratosError(409, "BUSY", "try later") });
      },
    });
    const reply = await rawCall(address, { chunks: [requestFrame({})] });
    expect(reply).toMatchObject({ status: "10", message: "try later" });
  });

  test("with code 200 are errors nevertheless", async () => {
    const address = await startEcho({
      echo() {
        throw new KratosError(200, "ODD", "fine?");
      },
    });
    const reply = await rawCall(address, { chunks: [requestFrame({})] });
    expect(reply.status).toBe("2");
    expect(reply.message).toContain("code = 200 reason = ODD");
  });

  test.for([
    ["a synchronous throw", "throw"],
    ["a reply that does not fit", "reply"],
    ["no reply", "nothing"],
  ] as const)("come from %s", async ([, how]) => {
    const address = await startEcho({
      echo() {
        if (how === "throw") throw new Error("bug");
        return (how === "reply" ? { count: "three" } : undefined) as never;
      },
    });
    const reply = await rawCall(address, { chunks: [requestFrame({})] });
    expect(reply.status).toBe("2");
  });

  test("keep the headers that the handler set", async () => {
    const address = await startEcho({
      echo(_, call) {
        call.reply("x-set", "yes");
        throw new KratosError(404, "GONE", "gone");
      },
    });
    const reply = await rawCall(address, { chunks: [requestFrame({})] });
    expect(reply.headers["x-set"]).toBe("yes");
    expect(reply.trailers["grpc-status"]).toBe("5");
  });

  test("with a gRPC code of their own keep it, over any number of servers", async () => {
    const first = await startServer((server) => {
      server.handle(Echo, () => {
        throw new KratosError(409, "", "there", { grpcCode: GrpcCode.ALREADY_EXISTS });
      });
    });
    const echo = createClient(first.address).method(Echo);
    const second = await startServer((server) => server.handle(Echo, () => echo({})));
    const again = createClient(second.address).method(Echo);
    await expect(again({})).rejects.toMatchObject({ code: 409, grpcCode: 6, message: "there" });
  });

  test("in the headers that a handler set do not cost the reply", async () => {
    const { address } = await startServer((server) => {
      server.handle(Echo, (_, { replyHeader }) => {
        replyHeader.add("etag", "1");
        replyHeader.add("etag", "2");
        return { text: "here" };
      });
    });
    const reply = await rawCall(address, { chunks: [requestFrame({})] });
    expect(reply.status).toBe("0");
    expect(reply.headers["etag"]).toBe("1");
  });
});
