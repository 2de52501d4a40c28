import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** A certificate with its key, as PEM text. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Who signs certificates of tests. */
export interface TestAuthority extends TestCertificate {
  /** A certificate for `localhost` and `127.0.0.1`, as server and as client. */
  issue(name: string): TestCertificate;
}

/** An authority of one test; its certificates are valid for a day. */
export function createAuthority(name = "test authority"): TestAuthority {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const own = certify(name, publicKey, name, privateKey, [basicConstraints]);
  return {
    ...toPem(own, privateKey),
    issue(subject) {
      const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const der = certify(subject, keys.publicKey, name, privateKey, [alternativeNames]);
      return toPem(der, keys.privateKey);
    },
  };
}

function toPem(der: Buffer, key: KeyObject): TestCertificate {
  const lines = der.toString("base64").match(/.{1,64}/g)!;
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`,
    key: key.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** A certificate of X.509 (RFC 5280) in DER. */
function certify(
  subject: string,
  subjectKey: KeyObject,
  issuer: string,
  issuerKey: KeyObject,
  extensions: readonly Buffer[],
): Buffer {
  const day = 24 * 60 * 60 * 1000;
  const now = Date.now();
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    signatureAlgorithm,
    distinguishedName(issuer),
    sequence(time(now - day), time(now + day)),
    distinguishedName(subject),
    subjectKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign("sha256", body, issuerKey);
  return sequence(
    body,
    signatureAlgorithm,
    der(0x03, Buffer.concat([Buffer.from([0]), signature])),
  );
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function distinguishedName(commonName: string): Buffer {
  const name = sequence(der(0x06, Buffer.from([0x55, 4, 3])), der(0x0c, Buffer.from(commonName)));
  return sequence(der(0x31, name));
}

function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replace(/[-:T]|\..*/g, "");
  return der(0x17, Buffer.from(`${digits.slice(2)}Z`));
}

function extension(id: number, critical: boolean, value: Buffer): Buffer {
  return sequence(
    der(0x06, Buffer.from([0x55, 0x1d, id])),
    ...(critical ? [der(0x01, Buffer.from([0xff]))] : []),
    der(0x04, value),
  );
}

const signatureAlgorithm = sequence(
  der(0x06, Buffer.from([0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2])), // ecdsa-with-SHA256
);

const basicConstraints = extension(19, true, sequence(der(0x01, Buffer.from([0xff]))));

const alternativeNames = extension(
  17,
  false,
  sequence(der(0x82, Buffer.from("localhost")), der(0x87, Buffer.from([127, 0, 0, 1]))),
);
