import type { LayersRule } from "./rule.ts";

export const runtimeSources = ["runtime/src/**"];
export const cliSources = ["src/**"];

/** Which part may import which: of the CLI, of the runtime, and of HTTP inside the runtime. */
export const layerRules: readonly LayersRule[] = [
  {
    kind: "layers",
    why: "imports of the CLI point one way, so that each part can be read and tested without those above it",
    files: cliSources,
    layers: [
      {
        name: "main",
        files: ["src/main.ts", "src/process-shell.ts"],
        imports: ["program", "ground"],
      },
      { name: "program", files: ["src/program.ts"], imports: ["commands", "project", "ground"] },
      {
        name: "plugins",
        files: ["src/plugins/**"],
        imports: ["generate", "codegen", "model", "project", "ground"],
      },
      {
        name: "commands",
        files: ["src/commands/**"],
        imports: ["scaffold", "generate", "run", "codegen", "model", "project", "buf", "ground"],
      },
      {
        name: "scaffold",
        files: ["src/scaffold/**"],
        imports: ["generate", "codegen", "model", "project", "buf", "ground"],
      },
      {
        name: "generate",
        files: ["src/generate/**"],
        imports: ["codegen", "model", "project", "buf", "ground"],
      },
      { name: "run", files: ["src/run/**"], imports: ["project", "ground"] },
      { name: "codegen", files: ["src/codegen/**"], imports: ["model", "ground"] },
      { name: "model", files: ["src/model/**"], imports: ["ground"] },
      { name: "buf", files: ["src/buf/**"], imports: ["project", "ground"] },
      { name: "project", files: ["src/project/**"], imports: ["ground"] },
      {
        name: "ground",
        files: ["src/{cli-error,diagnostic,nearest-name,report-error,shell}.ts"],
        imports: [],
      },
    ],
  },
  {
    kind: "layers",
    why: "imports of the runtime point one way, so that a service pays only for the parts that it uses",
    files: runtimeSources,
    layers: [
      {
        name: "index",
        files: ["runtime/src/index.ts"],
        imports: [
          "app",
          "http",
          "grpc",
          "transport",
          "middleware",
          "contract",
          "codec",
          "registry",
          "config",
          "errors",
          "log",
        ],
      },
      {
        name: "codegenv1",
        files: ["runtime/src/codegenv1/**"],
        imports: ["contract", "config", "errors"],
      },
      {
        name: "contract",
        files: [
          "runtime/src/app/app-info.ts",
          "runtime/src/middleware/middleware.ts",
          "runtime/src/transport/{context,header,method,server}.ts",
        ],
        imports: ["log"],
      },
      {
        name: "app",
        files: ["runtime/src/app/**"],
        imports: ["contract", "transport", "registry", "config", "errors", "log"],
      },
      {
        name: "http",
        files: ["runtime/src/transport/http/**"],
        imports: [
          "grpc",
          "connect",
          "grpc protocol",
          "http2",
          "transport",
          "middleware",
          "contract",
          "codec",
          "selector",
          "registry",
          "resilience",
          "errors",
          "log",
        ],
      },
      {
        name: "http2",
        files: ["runtime/src/transport/http2/**"],
        imports: ["transport"],
      },
      {
        name: "grpc protocol",
        files: ["runtime/src/transport/grpc/protocol/**"],
        imports: ["http2", "transport", "middleware", "contract", "codec", "errors"],
      },
      {
        name: "connect",
        files: ["runtime/src/transport/connect/**"],
        imports: ["grpc protocol", "http2", "transport", "contract", "errors"],
      },
      {
        name: "grpc",
        files: ["runtime/src/transport/grpc/**"],
        imports: [
          "connect",
          "grpc protocol",
          "http2",
          "transport",
          "middleware",
          "contract",
          "codec",
          "registry",
          "errors",
          "log",
        ],
      },
      {
        name: "transport",
        files: ["runtime/src/transport/*.ts"],
        imports: ["middleware", "contract", "codec", "registry", "errors", "log"],
      },
      {
        name: "middleware",
        files: ["runtime/src/middleware/**"],
        imports: ["contract", "errors", "log"],
      },
      { name: "codec", files: ["runtime/src/codec/**"], imports: ["errors"] },
      {
        name: "selector",
        files: ["runtime/src/selector/**"],
        imports: ["contract", "registry", "resilience", "errors", "log"],
      },
      {
        name: "registry",
        files: ["runtime/src/registry/**"],
        imports: ["contract", "errors", "log"],
      },
      { name: "resilience", files: ["runtime/src/resilience/**"], imports: [] },
      { name: "config", files: ["runtime/src/config/**"], imports: ["errors", "log"] },
      { name: "errors", files: ["runtime/src/errors/**"], imports: [] },
      { name: "log", files: ["runtime/src/log/**"], imports: [] },
      { name: "protos", files: ["runtime/src/protos/**"], imports: [] },
    ],
  },
  {
    kind: "layers",
    why: "the parts of HTTP point one way, from the server and the client down to the grammar of paths, so that each is read alone",
    files: ["runtime/src/transport/http/**"],
    layers: [
      {
        name: "entry",
        files: ["runtime/src/transport/http/index.ts"],
        imports: [
          "client",
          "server",
          "call",
          "reply",
          "binding",
          "listener",
          "filter",
          "content",
          "stream",
          "routing",
          "ground",
        ],
      },
      {
        name: "client",
        files: ["runtime/src/transport/http/client/**"],
        imports: ["binding", "content", "stream", "routing", "ground"],
      },
      {
        name: "server",
        files: ["runtime/src/transport/http/server/**"],
        imports: ["call", "reply", "binding", "listener", "filter", "content", "routing", "ground"],
      },
      {
        name: "call",
        files: ["runtime/src/transport/http/call/**"],
        imports: ["reply", "binding", "listener", "filter", "content", "stream", "ground"],
      },
      {
        name: "reply",
        files: ["runtime/src/transport/http/reply/**"],
        imports: ["binding", "listener", "content", "stream", "ground"],
      },
      {
        name: "binding",
        files: ["runtime/src/transport/http/binding/**"],
        imports: ["content", "routing", "ground"],
      },
      { name: "listener", files: ["runtime/src/transport/http/listener/**"], imports: ["ground"] },
      { name: "filter", files: ["runtime/src/transport/http/filter/**"], imports: ["ground"] },
      { name: "content", files: ["runtime/src/transport/http/content/**"], imports: ["ground"] },
      { name: "stream", files: ["runtime/src/transport/http/stream/**"], imports: ["ground"] },
      { name: "routing", files: ["runtime/src/transport/http/routing/**"], imports: ["ground"] },
      { name: "ground", files: ["runtime/src/transport/http/*.ts"], imports: [] },
    ],
  },
  {
    kind: "layers",
    why: "gRPC knows HTTP/2 by one interface, so that the engine under it can be another",
    files: ["runtime/src/transport/{grpc,http2}/**"],
    layers: [
      {
        name: "entry",
        files: ["runtime/src/transport/grpc/index.ts"],
        imports: ["client", "server", "services", "protocol"],
      },
      {
        name: "client",
        files: ["runtime/src/transport/grpc/client/**"],
        imports: ["protocol", "engine", "node"],
      },
      {
        name: "server",
        files: ["runtime/src/transport/grpc/server/**"],
        imports: ["services", "protocol", "engine", "node"],
      },
      {
        name: "services",
        files: ["runtime/src/transport/grpc/services/**"],
        imports: ["protocol", "engine"],
      },
      {
        name: "protocol",
        files: ["runtime/src/transport/grpc/protocol/**"],
        imports: ["engine"],
      },
      {
        name: "node",
        files: ["runtime/src/transport/http2/node/**"],
        imports: ["engine"],
      },
      {
        name: "stack",
        files: ["runtime/src/transport/http2/stack/**"],
        imports: ["engine"],
      },
      { name: "engine", files: ["runtime/src/transport/http2/*.ts"], imports: [] },
    ],
  },
];
