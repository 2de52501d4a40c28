import { execa } from "execa";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A certificate and its key, in files. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

function findProgram(name: string): string {
  return fileURLToPath(new URL(`../../.cache/interop/bin/${name}`, import.meta.url));
}

/** Runs gRPC-Go's test server, in a process of its own, for as long as `use` takes with its port. */
export async function whileGrpcGoServes<T>(
  tls: CertificateFiles | undefined,
  use: (port: number) => Promise<T>,
): Promise<T> {
  const peer = execa(
    findProgram("grpc-go-server"),
    [
      "--port=0",
      ...(tls === undefined
        ? []
        : ["--use_tls", `--tls_cert_file=${tls.certFile}`, `--tls_key_file=${tls.keyFile}`]),
    ],
    // It tells its port to the log alone.
    { env: { GRPC_GO_LOG_SEVERITY_LEVEL: "info" }, buffer: false, reject: false },
  );
  try {
    return await use(await readPort(peer.stderr));
  } finally {
    peer.kill("SIGKILL"); // it knows no other end
    await peer;
  }
}

async function readPort(log: NodeJS.ReadableStream): Promise<number> {
  const lines = createInterface(log);
  for (;;) {
    const [line] = (await once(lines, "line")) as [string]; // oxlint-disable-line no-await-in-loop -- line by line
    const [, port] = /interop server listening on \S*:(\d+)/.exec(line) ?? [];
    if (port === undefined) continue;
    lines.on("line", () => undefined); // the log goes on
    return Number(port);
  }
}

/** Lets gRPC-Go's test client make the calls of a case. Rejects with what it says when it is not content. */
export async function callFromGrpcGo(
  testCase: string,
  port: number,
  caFile: string | undefined,
): Promise<void> {
  await execa(
    findProgram("grpc-go-client"),
    [
      "--server_host=127.0.0.1",
      `--server_port=${port}`,
      `--test_case=${testCase}`,
      "--soak_iterations=100",
      "--soak_num_threads=4",
      "--soak_overall_timeout_seconds=20",
      ...(caFile === undefined ? [] : ["--use_tls", "--use_test_ca", `--ca_file=${caFile}`]),
    ],
    { timeout: 30_000 },
  );
}
