import { createServer } from "node:net";
import type { NetworkInterfaceInfo } from "node:os";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import {
  endpointText,
  ListenError,
  listenError,
  parseListenAddress,
  publicEndpoint,
} from "../../src/transport/listen-address.ts";

describe("parseListenAddress", () => {
  test.for([
    ["", "", { port: 0 }],
    ["tcp", ":8000", { port: 8000 }],
    ["tcp", "0.0.0.0:8000", { host: "0.0.0.0", port: 8000 }],
    ["tcp", "localhost:9000", { host: "localhost", port: 9000 }],
    ["tcp", "[::1]:9000", { host: "::1", port: 9000 }],
    ["tcp", "[fe80::1%eth0]:9000", { host: "fe80::1%eth0", port: 9000 }],
    ["tcp4", ":8000", { host: "0.0.0.0", port: 8000 }],
    ["tcp6", ":8000", { host: "::", port: 8000, ipv6Only: true }],
    ["unix", "/tmp/a.sock", { path: "/tmp/a.sock" }],
  ] as const)("reads %j %j", ([network, addr, want]) => {
    expect(parseListenAddress(network, addr)).toEqual(want);
  });

  test.for(["8000", "localhost", ":http", ":70000", "::1:8000", "http://x:80", "a b:80", ":"])(
    "refuses %j and names it",
    (addr) => {
      expect(() => parseListenAddress("tcp", addr)).toThrow(
        `"${addr}" is no address to listen on, use "host:port"`,
      );
    },
  );

  test.for(["/tmp/a\0b", `/tmp/${"x".repeat(103)}`, `/tmp/${"é".repeat(52)}`])(
    "refuses a path that a unix socket cannot have: %j",
    (path) => {
      expect(() => parseListenAddress("unix", path)).toThrow("at most");
    },
  );

  test("refuses an unknown network and a unix socket without a path", () => {
    expect(() => parseListenAddress("udp", ":1")).toThrow('cannot listen on network "udp"');
    expect(() => parseListenAddress("unix", "")).toThrow("needs the path of a socket");
  });
});

function address(family: "IPv4" | "IPv6", text: string, internal = false): NetworkInterfaceInfo {
  const base = { address: text, netmask: "", mac: "", internal, cidr: null };
  return family === "IPv4" ? { ...base, family } : { ...base, family, scopeid: 0 };
}

describe("publicEndpoint", () => {
  const machine = () => ({
    lo: [address("IPv4", "127.0.0.1", true)],
    eth0: [
      address("IPv6", "fe80::1"),
      address("IPv6", "2001:db8::7"),
      address("IPv4", "169.254.1.1"),
      address("IPv4", "10.0.0.7"),
    ],
  });
  const onlyIpv6 = () => ({ eth0: [address("IPv6", "fe80::1"), address("IPv6", "2001:db8::7")] });

  test.for([
    ["localhost:9001", machine, "http://localhost:1234"],
    ["[::1]:9001", machine, "http://[::1]:1234"],
    ["[fe80::1%eth0]:9001", machine, "http://[fe80::1]:1234"],
    ["", machine, "http://10.0.0.7:1234"],
    [":8000", machine, "http://10.0.0.7:1234"],
    ["0.0.0.0:8000", machine, "http://10.0.0.7:1234"],
    ["[::]:8000", machine, "http://10.0.0.7:1234"],
    [":8000", onlyIpv6, "http://[2001:db8::7]:1234"],
    ["0.0.0.0:8000", onlyIpv6, "http://127.0.0.1:1234"],
    [":8000", () => ({}), "http://127.0.0.1:1234"],
  ] as const)("gives for %j the address others can reach (case %#)", ([addr, interfaces, want]) => {
    expect(endpointText(publicEndpoint("http", addr, 1234, interfaces))).toBe(want);
  });

  test("keeps a port that is the scheme's own", () => {
    expect(endpointText(publicEndpoint("http", "10.0.0.7:0", 80))).toBe("http://10.0.0.7:80");
    expect(endpointText(publicEndpoint("https", "10.0.0.7:0", 443))).toBe("https://10.0.0.7:443");
    expect(endpointText(publicEndpoint("grpc", "10.0.0.7:0", 80))).toBe("grpc://10.0.0.7:80");
  });

  test("gives a unix URL for a socket without a port", () => {
    expect(endpointText(publicEndpoint("grpc", "/tmp/a.sock", undefined))).toBe(
      "unix:///tmp/a.sock",
    );
  });
});

describe("listenError", () => {
  test("names the address of a port in use and what to do", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address() as { port: number };
    const late = createServer();
    const failed = once(late, "error");
    late.listen(port, "127.0.0.1");
    const [error] = (await failed) as [Error];
    const readable = listenError(error, `127.0.0.1:${port}`);
    expect(readable.message).toBe(
      `cannot listen on "127.0.0.1:${port}": the address is in use, stop the process that holds it or configure another port`,
    );
    expect(readable).toMatchObject({ code: "EADDRINUSE", cause: error });
    holder.close();
  });

  test.for(["EACCES", "EADDRNOTAVAIL", "ENOTFOUND", "EAFNOSUPPORT", "ENOENT"])(
    "says what to do about %s",
    (code) => {
      const error = Object.assign(new Error("raw"), { code });
      expect(listenError(error, ":80").message).toMatch(/^cannot listen on ":80": .*, /);
    },
  );

  test("keeps the text of any other failure and leaves its own errors alone", () => {
    expect(listenError(new Error("odd"), "").message).toBe('cannot listen on ":0": odd');
    const own = new ListenError("EINVAL", "x", "bad");
    expect(listenError(own, "x")).toBe(own);
  });
});
