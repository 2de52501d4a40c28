import type { DescMessage } from "@bufbuild/protobuf";

/** Whether a message type stands for raw bytes with a content type of their own. */
export function isHttpBody(desc: DescMessage | undefined): boolean {
  return desc?.typeName === "google.api.HttpBody";
}
