import type { MessageInitShape } from "@bufbuild/protobuf";
import { isIPv4, isIPv6 } from "node:net";
import type { AddressSchema } from "./protos/grpc/channelz/v1/channelz_pb.ts";

/** An address of a socket from its text: `host:port`, a path, or nothing for clients of Unix sockets. */
export function toAddress(text: string): MessageInitShape<typeof AddressSchema> {
  const match = /^\[?(.*?)\]?:(\d+)$/.exec(text);
  const ipAddress = toBytes(match?.[1] ?? "");
  if (ipAddress !== undefined) {
    const port = Number(match?.[2]);
    return { address: { case: "tcpipAddress", value: { ipAddress, port } } };
  }
  if (text.startsWith("/")) return { address: { case: "udsAddress", value: { filename: text } } };
  return { address: { case: "otherAddress", value: { name: text } } };
}

/** The bytes of an address in network order: 4 or 16; undefined when it is none. */
function toBytes(host: string): Uint8Array | undefined {
  const mapped = host.replace(/^::ffff:/i, "");
  if (isIPv4(mapped)) return Uint8Array.from(mapped.split("."), Number);
  if (!isIPv6(host)) return undefined;
  // A URL writes every IPv6 address in numbers of 16 bits, the last two as well.
  const [head = "", tail] = new URL(`http://[${host.split("%")[0]}]`).hostname
    .slice(1, -1)
    .split("::");
  const [before, after] = [toNumbers(head), toNumbers(tail ?? "")];
  const numbers = [...before, ...zeros(8 - before.length - after.length), ...after];
  return Uint8Array.from(numbers.flatMap((number) => [number >> 8, number & 0xff]));
}

function toNumbers(text: string): number[] {
  return text === "" ? [] : text.split(":").map((digits) => Number.parseInt(digits, 16));
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}
