// Compares our codecs with the reference on every message type of googleapis:
// `npm run test:googleapis [-- <folder with protos>]`. Without a folder the protos come from npm, into a
// temporary folder: they are too large (83 MB) to be a dependency. Prints a report; exits with 1 if any
// type differs. GOOGLEAPIS_SEED chooses other messages, GOOGLEAPIS_RUNS more for each type.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DescMessage, Registry } from "@bufbuild/protobuf";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { Edition, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import type { Candidates } from "./agreement.ts";
import { checkAgreement, createCandidates } from "./agreement.ts";
import { anyMessage } from "./arbitrary.ts";
import { failureOf } from "./failure.ts";
import { keepByteOrderMarks } from "./reference.ts";

const PACKAGE = "google-proto-files@6.0.1";
/** Of protobuf's own tests, whose imports the package lacks. */
const BROKEN = ["google/protobuf/compiler/ruby", "google/protobuf/util"];
/** Compiled codecs are forgotten after so many types, to keep memory bounded. */
const BATCH = 400;
/** Messages with more fields are filled less deep. */
const WIDE = 12;

const seed = Number(process.env["GOOGLEAPIS_SEED"] ?? 1);
const numRuns = Number(process.env["GOOGLEAPIS_RUNS"] ?? 2);

keepByteOrderMarks();
const temporary = mkdtempSync(join(tmpdir(), "googleapis-"));
try {
  const registry = readRegistry(process.argv[2] ?? download());
  const types = [...registry].filter((type): type is DescMessage => type.kind === "message");
  const failures = compare(registry, types);
  const values = types.reduce((sum, type) => sum + type.fields.length, 0);
  const lines = [
    `${types.length} message types with ${values} fields, ${numRuns} messages of each: ` +
      `${types.length - failures.length} agree, ${failures.length} differ (seed ${seed})`,
    ...failures,
  ];
  process.stdout.write(`${lines.join("\n\n")}\n`);
  process.exitCode = failures.length === 0 ? 0 : 1;
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

function download(): string {
  const pack = ["pack", "--silent", PACKAGE];
  const archive = execFileSync("npm", pack, { cwd: temporary, encoding: "utf8" }).trim();
  execFileSync("tar", ["-xzf", archive], { cwd: temporary });
  return join(temporary, "package");
}

function readRegistry(folder: string): Registry {
  const { resolve } = createRequire(import.meta.url);
  const output = join(temporary, "descriptors.binpb");
  execFileSync(
    process.execPath,
    [
      join(resolve("@bufbuild/buf/package.json"), "../bin/buf"),
      "build",
      "--exclude-source-info",
      "--as-file-descriptor-set",
      `--output=${output}`,
      ...BROKEN.flatMap((path) => ["--exclude-path", path]),
    ],
    { cwd: folder, stdio: "inherit" },
  );
  const set = fromBinary(FileDescriptorSetSchema, readFileSync(output));
  // imports come first; a few options of protobuf itself are of an edition that nobody knows yet
  const names = new Set<string>();
  set.file = set.file.filter(({ name, dependency, syntax, edition }) => {
    const isKnown =
      (syntax !== "editions" || edition >= Edition.EDITION_2023) &&
      dependency.every((each) => names.has(each));
    if (isKnown) names.add(name);
    return isKnown;
  });
  return createFileRegistry(set);
}

function compare(registry: Registry, types: readonly DescMessage[]): string[] {
  const failures: string[] = [];
  // in an Any, types that are small themselves
  const anyTypes = types.filter(({ fields }) => fields.length < 4).slice(0, 20);
  let candidates: Candidates | undefined;
  for (const [i, type] of types.entries()) {
    if (i % BATCH === 0) {
      // both engines, the options in turn
      const all = createCandidates(registry);
      const { codecs } = all;
      const first = 2 * ((i / BATCH) % (codecs.length / 2));
      candidates = { ...all, codecs: codecs.slice(first, first + 2) };
      process.stderr.write(`\r${i} of ${types.length}`);
    }
    const depth = type.fields.length > WIDE ? 1 : 2;
    const any = anyMessage(type, depth, { anyTypes, longFloats: true });
    const holds = fc.property(any, (message) =>
      checkAgreement(candidates as Candidates, type, message),
    );
    const failure = failureOf(holds, { numRuns, seed });
    if (failure !== undefined) failures.push(`${type.typeName}: ${failure.slice(0, 2000)}`);
  }
  process.stderr.write("\r");
  return failures;
}
