/** The process behind `createNodeLoad`: reads one job from its arguments, prints one result. */
import { driveHttp1 } from "./http1-connection.ts";
import { driveHttp2 } from "./http2-connection.ts";
import type { LoadJob, LoadResult } from "./load.ts";
import type { NodeLoadRequest } from "./node-load.ts";

const { work, ...rest } = JSON.parse(process.argv[2] ?? "") as NodeLoadRequest;
const body = work.body === undefined ? undefined : Buffer.from(work.body, "base64");
const job: LoadJob = { ...rest, work: { ...work, body } };
const drive = rest.protocol === "http1" ? driveHttp1 : driveHttp2;

const start = performance.now();
const end = start + job.seconds * 1000;
const counts = await Promise.all(
  Array.from({ length: job.pressure.connections }, () => drive(job, end)),
);
const requests = counts.reduce((sum, count) => sum + count, 0);
const seconds = (performance.now() - start) / 1000;
const result: LoadResult = { requests, requestsPerSecond: requests / seconds };
process.stdout.write(JSON.stringify(result));
