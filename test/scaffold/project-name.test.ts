import { describe, expect, test } from "vitest";
import type { CliError } from "../../src/cli-error.ts";
import { checkProjectName, toDnsLabel } from "../../src/scaffold/project-name.ts";

describe("checkProjectName", () => {
  test.for(["order-service", "a", "3d", "order.service", "order_service", "a".repeat(214)])(
    "accepts %s",
    (name) => {
      expect(() => checkProjectName(name)).not.toThrow();
    },
  );

  test.for([
    ["", "it is empty", undefined],
    ["OrderService", "it has capital letters", "order-service"],
    [".hidden", 'it starts with "."', "hidden"],
    ["-x", 'it starts with "-"', "x"],
    ["--no-install", 'it starts with "-"', "no-install"],
    ["~shop", 'it holds "~"', "shop"],
    ["shop.", 'it ends with "."', "shop"],
    ["_private", 'it starts with "_"', "private"],
    ["a b", 'it holds " "', "a-b"],
    ["bestellung-für-ähm", 'it holds "ü", "ä"', "bestellung-f-r-hm"],
    ["http", "the name is taken", "http-service"],
    ["node_modules", "the name is taken", "node-modules"],
    ["kratos-ts", "the name is taken", "kratos-ts-service"],
    ["nul", "the name is taken", "nul-service"],
    ["a".repeat(215), "it has more than 214 characters", "a".repeat(214)],
    ["Ü", 'it has capital letters, it holds "ü"', undefined],
  ] as const)("refuses %j since %s", ([name, reason, better]) => {
    expect(() => checkProjectName(name)).toThrow(
      expect.objectContaining({
        code: "INVALID_NAME",
        exitCode: 2,
        message: `"${name}" cannot name a project: ${reason}`,
        hint:
          better === undefined
            ? "use lower-case letters, digits and -, such as order-service"
            : `try "${better}": lower-case letters, digits and -`,
      }) as CliError,
    );
  });
});

test.for([
  ["order-service", "order-service"],
  ["order.service_v2", "order-service-v2"],
  ["3d", "svc-3d"],
  ["a".repeat(80), "a".repeat(63)],
  [`${"a".repeat(62)}-b`, "a".repeat(62)],
])("the DNS label of %s is %s", ([name, label]) => {
  expect(toDnsLabel(name ?? "")).toBe(label);
});
