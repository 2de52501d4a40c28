/** A kind of generated file: messages (`_pb.ts`), then one kind for each `protoc-gen-kratos-*`. */
export type Emit = "messages" | "http" | "grpc" | "errors" | "config" | "openapi";
