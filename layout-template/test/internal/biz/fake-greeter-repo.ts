import type { Greeter, GreeterRepo } from "../../../internal/biz/greeter.ts";

/** Keeps greeters in memory, for tests of what lies above the data layer. */
export function newFakeGreeterRepo(): GreeterRepo {
  const greeters = new Map<string, Greeter>();
  return {
    async addGreeting(name, at) {
      const greetings = (greeters.get(name)?.greetings ?? 0) + 1;
      const greeter = { name, greetings, lastGreetedAt: at };
      greeters.set(name, greeter);
      return greeter;
    },
    findByName: async (name) => greeters.get(name),
  };
}
