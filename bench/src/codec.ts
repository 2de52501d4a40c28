/**
 * Codecs against `@bufbuild/protobuf` and against `JSON.parse` and `JSON.stringify` alone, in one
 * run: `node --import ./scripts/register.js --conditions=@kratos-ts/source bench/src/codec.ts`.
 * Prints times as ratios to the mark of each row; smaller is better. Each is the best of its rounds, which
 * comes out alike on a machine that is busy and on one that is not.
 */
import { create, fromBinary, fromJson, toBinary, toJson } from "@bufbuild/protobuf";
import type { DescMessage, JsonValue, MessageShape } from "@bufbuild/protobuf";
import { compileCodec } from "@kratos-ts/runtime/codec";
import { CreateOrderRequestSchema, OrderSchema } from "../proto/order/v1/order_pb.ts";
import { createRequest } from "./order.ts";
import { createRequestMessage } from "./order-message.ts";

const ROUNDS = 15;
const ROUND_MS = 30;

interface Contest {
  readonly title: string;
  /** What the others are divided by. */
  readonly mark: () => unknown;
  readonly others: Readonly<Record<string, () => unknown>>;
}

const request = createRequestMessage(createRequest);
const order = create(OrderSchema, {
  id: "ord_01JHS8",
  userId: createRequest.userId,
  items: Array.from({ length: 20 }, (_, i) => ({
    productId: `prod_${String(i).padStart(3, "0")}`,
    productName: `product number ${i} with a name`,
    quantity: i + 1,
    unitPrice: BigInt(1000 + i * 37),
  })),
  totalAmount: 844_400n,
  status: 1,
  address: createRequest.address,
  remark: createRequest.remark,
  createdAt: 1_763_596_800n,
});

console.log("time as a ratio to the mark, best of rounds; smaller is better\n");
report("request, 3 items", contestsOf(CreateOrderRequestSchema, request));
report("Order, 20 items", contestsOf(OrderSchema, order));

function contestsOf<D extends DescMessage>(desc: D, message: MessageShape<D>): Contest[] {
  const codec = compileCodec(desc);
  const bytes = toBinary(desc, message);
  const json: JsonValue = toJson(desc, message);
  const text = JSON.stringify(json);
  return [
    {
      title: "binary decode ÷ protobuf-es",
      mark: () => fromBinary(desc, bytes),
      others: { compiled: () => codec.fromBinary(bytes) },
    },
    {
      title: "binary encode ÷ protobuf-es",
      mark: () => toBinary(desc, message),
      others: { compiled: () => codec.toBinary(message as never) },
    },
    {
      title: "JSON decode ÷ JSON.parse",
      mark: () => JSON.parse(text) as unknown,
      others: {
        "protobuf-es": () => fromJson(desc, JSON.parse(text) as JsonValue),
        compiled: () => codec.fromJsonString(text),
      },
    },
    {
      title: "JSON encode ÷ JSON.stringify",
      mark: () => flat(JSON.stringify(json)),
      others: {
        "protobuf-es": () =>
          flat(JSON.stringify(toJson(desc, message, { alwaysEmitImplicit: true }))),
        compiled: () => flat(codec.toJsonString(message as never)),
      },
    },
  ];
}

/** A text put together from parts costs the rest of its time when it is first read. */
function flat(text: string): number {
  return text.charCodeAt(text.length - 1);
}

function report(title: string, contests: readonly Contest[]): void {
  console.log(title);
  for (const contest of contests) {
    const names = Object.keys(contest.others);
    // in turn, so that all of them meet the same quiet and busy times
    const rounds = Array.from({ length: ROUNDS }, () => ({
      mark: nanosecondsOf(contest.mark),
      others: names.map((name) => nanosecondsOf(contest.others[name]!)),
    }));
    const mark = Math.min(...rounds.map((round) => round.mark));
    const ratios = names.map((name, i) => {
      const best = Math.min(...rounds.map(({ others }) => others[i] ?? NaN));
      return `${name} ${(best / mark).toFixed(2)}`;
    });
    console.log(
      `  ${contest.title.padEnd(30)} ${ratios.join("  ").padEnd(34)} (mark ${(mark / 1000).toFixed(2)} µs)`,
    );
  }
  console.log();
}

function nanosecondsOf(run: () => unknown): number {
  const end = performance.now() + ROUND_MS;
  const start = performance.now();
  let count = 0;
  let now = start;
  while (now < end) {
    for (let i = 0; i < 200; i++) run();
    count += 200;
    now = performance.now();
  }
  return ((now - start) * 1e6) / count;
}
