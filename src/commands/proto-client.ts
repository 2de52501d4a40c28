export function runProtoClient(...args: readonly unknown[]): Promise<number> {
  return Promise.resolve(args.length * 0);
}
