/** Runs the soak and prints a report; `npm run report:http2-engine` writes it. */
import { hazards } from "./hazards.ts";
import { soak } from "./soak.ts";

const seconds = Number(process.argv[2] ?? 180);
const { runs, samples } = await soak(seconds, 8);

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

const lines = [
  `# The engine of @kratos-ts/runtime/http2

What \`http2Engine()\` is held to, and what it holds after a while. Written by \`npm run report:http2-engine\`.

## Limits

| what clients may do | what bounds it | test, in runtime/test/http2 |
| ------------------- | -------------- | --------------------------- |`,
  ...hazards.map(({ hazard, bound, file, test }) => `| ${hazard} | ${bound} | ${file}: ${test} |`),
  `
Left out on purpose: server push, \`Upgrade: h2c\`, extended CONNECT (RFC 8441), priorities and informational
responses. None of them is offered; what comes of them is passed over, or reset where HTTP/2 asks for that.

## Soak

${seconds} seconds of these clients at once against one \`GrpcServer\` in a process of its own (Node ${process.version}), with
${samples.length - 1} collections of garbage while they ran, and one after they had gone. A stream is held for as long as memory is
held for it.

| clients | runs |
| ------- | ---- |`,
  ...[...runs].map(([title, count]) => `| ${title} | ${count} |`),
  `
| after (s) | heap (MB) | buffers (MB) | resident (MB) | connections | handlers | streams opened | streams held |
| --------- | --------- | ------------ | ------------- | ----------- | -------- | -------------- | ------------ |`,
  ...samples.map(([second, { heap, buffers, resident, connections, running, opened, held }]) => {
    const memory = [heap, buffers, resident].map(megabytes);
    return `| ${[second, ...memory, connections, running, opened, held].join(" | ")} |`;
  }),
];
process.stdout.write(`${lines.join("\n")}\n`);
const last = samples.at(-1)?.[1];
if (last === undefined || last.connections + last.running + last.held > 0) {
  throw new Error("the server still holds connections, handlers or streams");
}
