import { expect, test } from "vitest";
import { bodyCases } from "./body.ts";
import { clientCases } from "./client.ts";
import { conversations } from "./conversations.ts";
import { collisionCases, grammarCases } from "./grammar.ts";
import { matchingCases } from "./matching.ts";
import { pathTypeCases } from "./path-types.ts";
import { percentCases } from "./percent.ts";
import { queryCases } from "./query.ts";
import { responseCases } from "./response.ts";

/** How many facts each part of the rules has. */
const sections = { A: 38, B: 38, C: 24, D: 16, E: 54, F: 26, G: 20 };

const all = Object.entries(sections).flatMap(([letter, count]) =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
);
const cases = [
  grammarCases,
  collisionCases,
  matchingCases,
  percentCases,
  pathTypeCases,
  queryCases,
  bodyCases,
  responseCases,
  clientCases,
  conversations,
].flat();

test("each fact has a case", () => {
  const covered = new Set(cases.map(({ id }) => id));
  expect(all.filter((id) => !covered.has(id))).toEqual([]);
  expect([...covered].filter((id) => !all.includes(id))).toEqual([]);
});

test("titles tell the cases of one fact apart", () => {
  const names = cases.map(({ id, title }) => `${id} ${title}`);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});
