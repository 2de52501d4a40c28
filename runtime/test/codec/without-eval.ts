// Run by without-eval.test.ts in a process that forbids code from strings; prints what happened as JSON.
import { create } from "@bufbuild/protobuf";
import { FieldDescriptorProtoSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { compileCodec } from "@kratos-ts/runtime/codec";

const field = compileCodec(FieldDescriptorProtoSchema);
const message = create(FieldDescriptorProtoSchema, {
  name: "é",
  number: -5,
  options: { packed: true },
});

process.stdout.write(
  JSON.stringify({
    codeFromStrings: makesCode(),
    json: compileCodec(TimestampSchema).toJsonString({ seconds: 1n, nanos: 5 }),
    error: messageOf(() => field.fromJson({ options: { packed: 5 } })),
    text: field.toJsonString(field.fromJsonString(field.toJsonString(message))),
    bytes: Buffer.from(field.toBinary(field.fromBinary(field.toBinary(message)))).toString("hex"),
  }),
);

function makesCode(): boolean {
  try {
    return new Function("return true")() as boolean;
  } catch {
    return false;
  }
}

function messageOf(run: () => unknown): string {
  try {
    run();
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
