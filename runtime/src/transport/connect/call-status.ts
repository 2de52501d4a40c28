import type { Field, Fields } from "../http2/engine.ts";
import { HeaderSet } from "../http2/engine.ts";

/** The outcome of a call, as trailers of gRPC tell it. */
export interface CallStatus {
  /** A gRPC code; 0 is success. */
  readonly code: number;
  /** `grpc-message` and `grpc-status-details-bin`, as they are on the wire; empty when they are missing. */
  readonly message: string;
  readonly details: string;
  /** All trailers but these. */
  readonly metadata: readonly Field[];
}

/** Reads trailers, or a header block that holds them. Without a status the call did not end well (2, unknown). */
export function readCallStatus(fields: Fields): CallStatus {
  let [code, message, details] = [2, "", ""];
  const metadata: Field[] = [];
  for (const field of listFields(fields)) {
    const [name, value] = field;
    if (name === "grpc-status") code = Number(value);
    else if (name === "grpc-message") message = value;
    else if (name === "grpc-status-details-bin") details = value;
    else metadata.push(field);
  }
  return { code, message, details, metadata };
}

/** The fields of either form. */
export function listFields(fields: Fields): readonly Field[] {
  return fields instanceof HeaderSet ? fields.fields : fields;
}
