import { expect, test } from "vitest";
import { completeTlsOptions, type TlsOptions } from "../../src/transport/tls-options.ts";
import { createAuthority } from "./certificates.ts";

const { cert, key } = createAuthority();

test("text wins no argument over paths: each part is given once", () => {
  expect(completeTlsOptions({ cert, keyFile: "tls.key", certFile: "" })).toEqual({
    cert: { kind: "text", text: cert },
    key: { kind: "file", path: "tls.key" },
    ca: undefined,
    requestClientCert: false,
    minVersion: "TLSv1.2",
    reload: 10_000,
  });
});

test("authorities alone ask for client certificates", () => {
  expect(completeTlsOptions({ cert, key, ca: cert }).requestClientCert).toBe(true);
  const options = completeTlsOptions({ cert, key, ca: cert, requestClientCert: false });
  expect(options.requestClientCert).toBe(false);
});

test("false and 0 turn reloading off", () => {
  expect(completeTlsOptions({ cert, key, reload: false }).reload).toBe(0);
  expect(completeTlsOptions({ cert, key, reload: 0 }).reload).toBe(0);
});

test.for<[title: string, options: TlsOptions, message: string]>([
  ["no certificate", { key }, 'give the certificate as "cert" or "certFile"'],
  ["no key", { cert }, 'give the private key as "key" or "keyFile"'],
  ["both text and path", { cert, key, keyFile: "k" }, 'either "key" or "keyFile", not both'],
  ["a path for text", { cert: "tls.crt", key }, '"cert" must be PEM text'],
  ["no authorities", { cert, key, requestClientCert: true }, 'as "ca" or "caFile"'],
  [
    "a version that is none",
    { cert, key, minVersion: "TLSv1" as "TLSv1.2" },
    '"minVersion" must be "TLSv1.2" or "TLSv1.3", not "TLSv1"',
  ],
])("refuses %s", ([, options, message]) => {
  expect(() => completeTlsOptions(options)).toThrow(message);
});

test("tells all problems at once", () => {
  expect(() => completeTlsOptions({})).toThrow(/certificate.*; .*private key/);
});
