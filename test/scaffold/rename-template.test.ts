import { expect, test } from "vitest";
import { renameTemplate } from "../../src/scaffold/rename-template.ts";
import type { TemplateFile } from "../../src/scaffold/template-file.ts";

function rename(path: string, content: string | Uint8Array, name = "shop"): TemplateFile {
  const [file] = renameTemplate([{ path, content, executable: false }], "kratos-layout", name);
  if (file === undefined) throw new Error("no file came back");
  return file;
}

test.for([
  ["# kratos-layout", "# shop"],
  ["image: team/kratos-layout:latest", "image: team/shop:latest"],
  ["kratos-layout-db", "shop-db"],
  [
    "my kratos-layouts, xkratos-layout, kratos-layout2",
    "my kratos-layouts, xkratos-layout, kratos-layout2",
  ],
  ["node dist/cmd/kratos-layout/main.js", "node dist/cmd/shop/main.js"],
  ["node dist/cmd/server/main.js", "node dist/cmd/shop/main.js"],
  ["cmd/server-old and xcmd/server", "cmd/server-old and xcmd/server"],
] as const)("%j becomes %j", ([before, after]) => {
  expect(rename("README.md", before).content).toBe(after);
});

test.for([
  ["cmd/kratos-layout/main.ts", "cmd/shop/main.ts"],
  ["cmd/server/main.ts", "cmd/shop/main.ts"],
  ["_gitignore", ".gitignore"],
  ["sub/_npmrc", "sub/.npmrc"],
  ["sub_gitignore", "sub_gitignore"],
])("the path %s becomes %s", ([before, after]) => {
  expect(rename(before ?? "", "").path).toBe(after);
});

test("YAML gets a name that DNS takes", () => {
  expect(rename("deploy/k8s/a.yaml", "name: kratos-layout", "my_shop.eu").content).toBe(
    "name: my-shop-eu",
  );
  expect(rename("README.md", "name: kratos-layout", "my_shop.eu").content).toBe("name: my_shop.eu");
});

test("a name with $ is taken as it is", () => {
  expect(rename("README.md", "kratos-layout", "$&$1").content).toBe("$&$1");
});

test("bytes are left alone", () => {
  const bytes = new TextEncoder().encode("kratos-layout\0");
  expect(rename("logo.bin", bytes).content).toBe(bytes);
});

test.for([
  ["cmd/kratos-layout", "cmd/shop"],
  ["../kratos-layout/a.txt", "../shop/a.txt"],
  ["/srv/kratos-layout", "/srv/kratos-layout"],
] as const)("a link to %s becomes one to %s", ([before, after]) => {
  const link = { path: "current", content: "", executable: false, link: before };
  expect(renameTemplate([link], "kratos-layout", "shop")).toMatchObject([{ link: after }]);
});
