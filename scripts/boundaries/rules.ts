import { cliSources, layerRules, runtimeSources } from "./layer-rules.ts";
import type { Rule } from "./rule.ts";

/** What the rules look at; tests are read for their names and sizes only. */
export const include: readonly string[] = [
  "{src,runtime,contrib,layout-template,examples,scripts,bench,test}/**",
];

/** Recorded output of generators, and broken input on purpose. */
export const exclude: readonly string[] = ["fixtures/**", "**/fixtures/**", "**/want/**"];

const generated = ["**/*_{pb,http,grpc,errors,config}.ts"];
const pureCli = ["src/model/**", "src/codegen/**"];
const shippedSources = ["src/**", "runtime/src/**", "contrib/*/*/src/**"];
const services = ["layout-template/**", "examples/**"];

/** The boundaries of `docs/architecture.md`, as data. */
export const rules: readonly Rule[] = [
  ...layerRules,
  {
    kind: "packages",
    why: "a package works alone when it is installed: what it imports is its own, declared, or a public entry",
    files: [...shippedSources, ...services],
    ownScope: "@kratos-ts/",
  },
  {
    kind: "imports",
    why: "services install little: every dependency of the runtime is one that they all carry",
    files: runtimeSources,
    allow: [
      "./**",
      "../**",
      "node:*",
      "node:*/*",
      "ws",
      "yaml",
      "@bufbuild/protobuf",
      "@bufbuild/protobuf/*",
    ],
  },
  {
    kind: "imports",
    why: "generated clients and the path grammar also run in browsers",
    files: [
      "runtime/src/codegenv1/index.ts",
      "runtime/src/transport/http/routing/path-template.ts",
    ],
    forbid: ["node:**"],
    deep: true,
  },
  {
    kind: "imports",
    why: "a server that nobody asks about itself does not load what it would answer with",
    files: ["runtime/src/transport/grpc/index.ts"],
    forbid: ["runtime/src/transport/grpc/services/protos/**"],
    deep: true,
  },
  {
    kind: "imports",
    why: "generated code stays valid when the runtime changes, since its one entry only ever grows",
    files: generated,
    except: ["runtime/src/protos/**"],
    allow: [
      "./**",
      "../**",
      "@kratos-ts/runtime/codegenv1",
      "@kratos-ts/runtime/protos/**",
      "@bufbuild/protobuf",
      "@bufbuild/protobuf/{codegenv2,wkt}",
      "zod",
    ],
  },
  {
    kind: "imports",
    why: "facts and generated text depend on their input alone, so that every run gives the same bytes",
    files: pureCli,
    forbid: ["node:**", "execa", "@clack/prompts"],
  },
  {
    kind: "globals",
    why: "facts and generated text depend on their input alone, so that every run gives the same bytes",
    files: pureCli,
    forbid: [
      "process",
      "console",
      "fetch",
      "Date",
      "performance",
      "Math.random",
      "crypto",
      "setTimeout",
      "setInterval",
      "setImmediate",
    ],
  },
  {
    kind: "globals",
    why: "one file knows the process, so that every command can be run by a test",
    files: cliSources,
    except: ["src/main.ts", "src/plugins/**"], // each plugin is a program of its own
    forbid: ["process", "console"],
  },
  {
    kind: "imports",
    why: "one file knows the process, so that every command can be run by a test",
    files: cliSources,
    // One asks for the platform, which is no state; the other ends git's process group.
    except: ["src/buf/buf-binary.ts", "src/scaffold/run-git.ts"],
    forbid: ["node:process"],
  },
  {
    kind: "strings",
    why: "one folder starts the buf binary, so that its flags and its messages are understood in one place",
    files: cliSources,
    except: ["src/buf/**"],
    forbid: /^@bufbuild\/buf(?:$|[/-])/,
  },
  {
    kind: "imports",
    why: "--help and --version start at once: what a command needs is loaded by that command",
    files: ["src/main.ts"],
    forbid: [
      "@bufbuild/*",
      "@bufbuild/*/**",
      "prettier",
      "prettier/**",
      "oxc-parser",
      "oxc-transform",
      "handlebars",
      "execa",
      "zod",
      "yaml",
      "@clack/prompts",
      "magic-string",
    ],
    deep: true,
  },
  {
    kind: "imports",
    why: "a library does not start processes",
    files: runtimeSources,
    forbid: ["node:child_process", "node:cluster", "node:worker_threads"],
  },
  {
    kind: "globals",
    why: "a library does not decide when the process ends, nor where it prints",
    files: runtimeSources,
    forbid: ["process.exit", "process.exitCode", "process.argv", "console"],
  },
  {
    kind: "topLevel",
    why: "importing a module does nothing, so that unused parts can be dropped and tests do not meet",
    files: [...shippedSources, ...services],
    except: [
      ...generated,
      "**/test/**",
      "**/*.config.ts",
      "src/plugins/**",
      "{layout-template,examples/*}/cmd/*/main.ts",
    ],
    pureRoots: ["z"],
    pureCalls: [
      "Map",
      "Set",
      "WeakMap",
      "RegExp",
      "URL",
      "TextEncoder",
      "TextDecoder",
      "Symbol",
      "BigInt",
      "Number",
      "String",
      "Error",
      "Object.freeze",
      "Object.fromEntries",
      "Object.entries",
      "Object.keys",
      "Object.values",
      "Array.from",
      "JSON.stringify",
      "Uint8Array",
      "Buffer.from",
      "Buffer.alloc",
      "createContextKey",
      "HeaderSet",
      "stringCodec",
      ".map",
      ".flatMap",
      ".filter",
      ".join",
      ".concat",
      ".toSorted",
      ".split",
      ".replaceAll",
    ],
  },
  {
    kind: "cycles",
    why: "files that import each other can only be understood, loaded and moved together",
    files: [...shippedSources, ...services],
  },
  {
    kind: "names",
    why: "a file is named after its one concept, and is found by that name",
    files: ["**"],
    except: generated,
    pattern: /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/,
    forbid: ["utils", "util", "helpers", "helper", "common", "types", "shared", "misc"],
  },
  {
    kind: "size",
    why: "a file holds one concept; one that outgrows this holds several",
    files: ["**"],
    except: [...generated, "**/*.test.ts"],
    maxLines: 400,
  },
  {
    kind: "size",
    why: "a test file has one subject; only its tables of cases may make it long",
    files: ["**/*.test.ts"],
    maxLines: 700,
  },
];
