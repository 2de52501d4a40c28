const nanosPerUnit: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/**
 * Turns a duration as Go writes it (`1m30s`, `1.5h`, `100ms`, `-2s`) into ProtoJSON's seconds (`90s`).
 * Undefined for any other text.
 */
export function parseGoDuration(text: string): string | undefined {
  const match = /^([+-]?)((?:\d{1,20}(?:\.\d{0,20})?(?:ns|us|µs|μs|ms|s|m|h))+)$/.exec(text);
  if (match === null) return undefined;
  let nanos = 0n;
  for (const [, whole, fraction = "", unit] of match[2]!.matchAll(/(\d+)(?:\.(\d*))?([a-zµμ]+)/g)) {
    const scale = nanosPerUnit[unit!]!;
    nanos += BigInt(whole!) * scale;
    nanos += (BigInt(fraction || "0") * scale) / 10n ** BigInt(fraction.length);
  }
  const seconds = nanos / 1_000_000_000n;
  const rest = (nanos % 1_000_000_000n).toString().padStart(9, "0").replace(/0+$/, "");
  const sign = match[1] === "-" && nanos !== 0n ? "-" : "";
  return `${sign}${seconds}${rest === "" ? "" : `.${rest}`}s`;
}
