/** What docs/http-content.md shows, word for word. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type ContentCodec, HttpClient, HttpServer, readFormParts } from "@kratos-ts/runtime/http";
import type { HttpBody, HttpBodySchema } from "@kratos-ts/runtime/protos/google/api/httpbody_pb.ts";
import { createReadStream, createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { parse, stringify } from "yaml";

export const yaml: ContentCodec = {
  over: "json",
  contentTypes: ["application/yaml", "text/yaml"],
  encode: (value) => stringify(value),
  decode: (bytes) => parse(new TextDecoder().decode(bytes)) as unknown,
};

export function createHttp(): HttpServer {
  return new HttpServer({ addr: "127.0.0.1:0", codecs: [yaml], compression: { threshold: 4096 } });
}

export function createClient(endpoint: string): HttpClient {
  return new HttpClient({ endpoint, format: yaml });
}

export async function save(requests: AsyncIterable<HttpBody>, path: string): Promise<void> {
  async function* read(bodies: AsyncIterable<HttpBody>): AsyncIterable<Uint8Array> {
    for await (const { data } of bodies) yield data;
  }
  await pipeline(requests, read, createWriteStream(path));
}

export async function savePhotos(requests: AsyncIterable<HttpBody>, folder: string): Promise<void> {
  let count = 0;
  for await (const { name, data } of readFormParts(requests)) {
    if (name === "photo") await pipeline(data, createWriteStream(join(folder, `${++count}`)));
  }
}

export async function* load(path: string): AsyncIterable<MessageInitShape<typeof HttpBodySchema>> {
  const contentType = "video/mp4"; // that of the first counts
  for await (const data of createReadStream(path)) yield { contentType, data: data as Buffer };
}
