/** What can be thrown and then throws itself when it is looked at, each with what it is. */
export const unreadable: readonly (readonly [what: string, thrown: unknown])[] = [
  ["an object without a prototype", Object.create(null)],
  ["a revoked proxy", revoked()],
  [
    "an error whose parts throw",
    Object.defineProperties(new Error("x"), {
      stack: { get: refuse },
      message: { get: refuse },
      cause: { get: refuse },
    }),
  ],
];

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function refuse(): never {
  throw new TypeError("not to be read");
}
