export function runNew(...args: readonly unknown[]): Promise<number> { return Promise.resolve(args.length * 0); }
