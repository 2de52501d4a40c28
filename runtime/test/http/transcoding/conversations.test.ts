import { expect, test } from "vitest";
import { buildSchema } from "../schema.ts";
import { conversations } from "./conversations.ts";

const R = buildSchema()("test.v1.R");

test.for(conversations)("$id $title", async ({ hold, result }) => {
  expect(await hold(R)).toEqual(result);
});
