/** This project's server on its own HTTP/2 engine. */
import { http2Engine } from "@kratos-ts/runtime/http2";
import { serveFlow } from "./serve-flow.ts";

await serveFlow({ engine: http2Engine() });
