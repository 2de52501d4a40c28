import { execFileSync } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { linkInstalled, pack, root, runTsc, stageRuntime, unpack } from "./packed.ts";

// A project as users have it: the packed runtime, sources compiled to dist and run with plain Node.
let folder = "";
let project = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kratos-generated-"));
  project = join(folder, "project");
  await stageRuntime(join(folder, "stage"));
  const { filename } = pack(join(folder, "stage"), folder);
  await unpack(join(folder, filename), join(project, "node_modules/@kratos-ts/runtime"));
  await linkInstalled(project, [
    "@bufbuild/protobuf",
    "ws",
    "yaml",
    "zod",
    "@types/node",
    "undici-types",
  ]);
  for (const name of ["order-service", "bodies", "config"]) {
    await cp(join(root, "fixtures/golden", name, "want"), join(project, "src"), {
      recursive: true,
    });
  }
  const compilerOptions = {
    target: "es2023",
    module: "nodenext",
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    isolatedDeclarations: true,
    declaration: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    rewriteRelativeImportExtensions: true,
    skipLibCheck: false,
    rootDir: "src",
    outDir: "dist",
  };
  await writeFile(join(project, "package.json"), JSON.stringify({ type: "module" }));
  await writeFile(
    join(project, "tsconfig.json"),
    JSON.stringify({ compilerOptions, include: ["src"] }),
  );
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("compiles to JavaScript that runs against the packed runtime", () => {
  runTsc(["-p", project]);

  const script = `
    const { HttpBodySchema } = await import("@kratos-ts/runtime/protos/google/api/httpbody_pb.ts");
    const { FilesDownloadRoute } = await import("./dist/api/files/v1/files_http.js");
    const { errorOrderNotFound } = await import("./dist/api/order/v1/error_reason_errors.js");
    const { bootstrapSchema } = await import("./dist/internal/conf/conf_config.js");
    const { server } = bootstrapSchema.parse({ server: { http: { timeout: "1m30s" } } });
    console.log(
      FilesDownloadRoute.output === HttpBodySchema,
      errorOrderNotFound("gone").code,
      server.http.timeout,
    );`;
  const output = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: project,
    encoding: "utf8",
  });
  expect(output).toBe("true 404 90000\n");
});
