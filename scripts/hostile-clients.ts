/** Attacks an HTTP server over loopback and prints a report; `npm run report:hostile-clients` writes it. */
import { availableParallelism } from "node:os";
import { type Attack, attacks, type Outcome } from "./hostile-clients/attacks.ts";
import { Bystander } from "./hostile-clients/bystander.ts";
import { Target } from "./hostile-clients/target.ts";

const introduction = `# Hostile clients

What an \`HttpServer\` does with clients that mean harm, and what an ordinary client notices of it, which asks
every 10 ms over one connection meanwhile. Written by \`npm run report:hostile-clients\`, on one machine with the
attackers (Node ${process.version}, ${availableParallelism()} cores): times tell the order of magnitude, not more.
Memory is resident memory after a collection of garbage, at the height of the attack and after it.

| attack | expected | answered with | others: requests, failed | median, worst (ms) | memory before, height, after (MB) |
| ------ | -------- | ------------- | ------------------------ | ------------------ | --------------------------------- |`;

async function tryOut(attack: Attack, target: Target): Promise<string> {
  const before = await target.memory();
  const bystander = new Bystander(target.port);
  let height = 0;
  const outcome = await attack.run(target.port, async () => {
    height = await target.memory();
  });
  const { requests, failures, median, worst } = await bystander.stop();
  const after = await target.memory();
  const memory = [before, height, after].map((bytes) => Math.round(bytes / 1e6)).join(", ");
  const times = `${median.toFixed(1)}, ${worst.toFixed(0)}`;
  const cells = [attack.title, attack.expected, describe(outcome)];
  return `| ${[...cells, `${requests}, ${failures}`, times, memory].join(" | ")} |`;
}

function describe(outcome: Outcome): string {
  return [...outcome]
    .map(([status, number]) => `${number} × ${status === 0 ? "cut off" : status}`)
    .join(", ");
}

const target = await Target.start();
console.log(introduction);
for (const attack of attacks) {
  console.log(await tryOut(attack, target)); // oxlint-disable-line no-await-in-loop -- one at a time
}
if (!target.alive) throw new Error("the server has not survived");
await target.stop();
