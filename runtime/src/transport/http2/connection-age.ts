/**
 * The age that one connection may reach, for all of them `age`: up to a tenth more or less, so that those of
 * a moment do not end in one (as in gRPC-Go). 0, no limit, stays 0.
 */
export function spreadAge(age: number): number {
  return age * (0.9 + 0.2 * Math.random());
}
