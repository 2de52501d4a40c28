/** Sets an own property, also one called `__proto__`, which assignment would take as the prototype. */
export function setEntry(target: object, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  } else {
    (target as Record<string, unknown>)[key] = value;
  }
}

/** Names that every object seems to have, so that reading them needs a look at who owns them. */
export function isInherited(name: string): boolean {
  return name in Object.prototype;
}
