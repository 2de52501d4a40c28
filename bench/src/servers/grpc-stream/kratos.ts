/** This project's server on `node:http2`, which is the default. */
import { serveFlow } from "./serve-flow.ts";

await serveFlow();
