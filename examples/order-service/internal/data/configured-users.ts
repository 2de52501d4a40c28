import type { Users } from "../biz/users.ts";

/** Lets everybody order but those in `blocked`. A shop would ask its user service here. */
export function newConfiguredUsers(blocked: readonly string[]): Users {
  const set = new Set(blocked);
  return { mayOrder: async (userId) => userId !== "" && !set.has(userId) };
}
