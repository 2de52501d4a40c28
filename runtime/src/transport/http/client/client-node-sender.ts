import type * as http from "node:http";
import type * as https from "node:https";
import type { Socket } from "node:net";
import type * as zlib from "node:zlib";
import { addServerTimeout, hasHeader } from "./client-headers.ts";
import { ConnectionWatch } from "./client-node-connection.ts";
import { NodeReply } from "./client-node-reply.ts";
import type { ClientTlsOptions } from "../../client-tls.ts";
import { toTlsSettings } from "./client-tls.ts";
import {
  type AbortSource,
  type HttpSender,
  type IncomingReply,
  type OutgoingRequest,
  SendError,
  type SendFate,
} from "./client-sender.ts";

/** The modules of Node that {@link NodeSender} is made of. */
export interface NodeModules {
  readonly http: typeof http;
  readonly https: typeof https;
  readonly zlib: typeof zlib;
}

/**
 * Node's modules, undefined in browsers. Asked for at run time, since an import would not load there;
 * https://nodejs.org/api/process.html#processgetbuiltinmoduleid
 */
export function findNodeModules(): NodeModules | undefined {
  const find = (globalThis as { process?: Partial<NodeJS.Process> }).process?.getBuiltinModule;
  if (typeof find !== "function") return undefined;
  return { http: find("node:http"), https: find("node:https"), zlib: find("node:zlib") };
}

/** Milliseconds that an idle connection is kept, below the 5 seconds after which many servers close it. */
const idleTimeout = 4000;

/** A body of fewer bytes goes out in one write with its head: when that fails, nothing of it was sent. */
const oneWrite = 16 * 1024;

/**
 * Sends by Node's own `http` and `https`, which take a small part of the time of Node's `fetch`. Keeps
 * connections open between requests.
 */
export class NodeSender implements HttpSender {
  readonly #modules: NodeModules;
  readonly #tls: ClientTlsOptions;
  readonly #openConnection: (() => Socket) | undefined;
  readonly #origins = new Map<string, Origin>();
  #agents: Agents | undefined;
  #closed = false;

  /** `openConnection` takes the place of the system. */
  constructor(
    modules: NodeModules,
    tls: ClientTlsOptions,
    openConnection: (() => Socket) | undefined,
  ) {
    this.#modules = modules;
    this.#tls = tls;
    this.#openConnection = openConnection;
  }

  send(request: OutgoingRequest, call: AbortSource): Promise<IncomingReply> {
    const origin = this.#originOf(request.origin);
    const agents = (this.#agents ??= this.#createAgents());
    const agent = request.fresh || this.#closed ? null : origin.secure ? agents.tls : agents.plain;
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(this.#modules, request, call, resolve, reject);
      const options: http.RequestOptions & https.RequestOptions = {
        method: request.method,
        path: request.path,
        host: origin.host,
        port: origin.port,
        socketPath: origin.socketPath,
        headers: completeHeaders(request, origin),
        // A connection for one request is an agent's too, one that keeps none.
        agent: agent ?? (origin.secure ? agents.onceTls : agents.oncePlain),
      };
      const module = origin.secure ? this.#modules.https : this.#modules.http;
      exchange.begin(module.request(options));
    });
  }

  close(): void {
    this.#closed = true;
    if (this.#agents === undefined) return;
    for (const agent of [this.#agents.plain, this.#agents.tls]) {
      agent.maxFreeSockets = 0;
      for (const sockets of Object.values(agent.freeSockets)) {
        for (const socket of sockets ?? []) socket.destroy();
      }
    }
  }

  #createAgents(): Agents {
    const agents = createAgents(this.#modules, this.#tls);
    const open = this.#openConnection;
    if (open !== undefined)
      agents.plain.createConnection = agents.oncePlain.createConnection = open;
    return agents;
  }

  #originOf(text: string): Origin {
    let origin = this.#origins.get(text);
    if (origin === undefined) {
      // Instances come and go for as long as the process lives.
      if (this.#origins.size >= 1000) this.#origins.clear();
      this.#origins.set(text, (origin = parseOrigin(text)));
    }
    return origin;
  }
}

interface Origin {
  readonly secure: boolean;
  readonly host: string | undefined;
  readonly port: string | undefined;
  readonly socketPath: string | undefined;
  /** For the header `Host`. */
  readonly authority: string;
}

function parseOrigin(text: string): Origin {
  if (text.startsWith("unix:")) {
    const socketPath = text.slice("unix:".length);
    return { secure: false, host: undefined, port: undefined, socketPath, authority: "localhost" };
  }
  const { protocol, hostname, port, host } = new URL(text);
  const secure = protocol === "https:";
  return {
    secure,
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (secure ? "443" : "80") : port,
    socketPath: undefined,
    authority: host,
  };
}

interface Agents {
  readonly plain: http.Agent;
  readonly tls: https.Agent;
  readonly oncePlain: http.Agent;
  readonly onceTls: https.Agent;
}

function createAgents(modules: NodeModules, tls: ClientTlsOptions): Agents {
  const kept = { keepAlive: true, timeout: idleTimeout, noDelay: true };
  const secure = toTlsSettings(tls);
  return {
    plain: guardIdle(new modules.http.Agent(kept)),
    tls: guardIdle(new modules.https.Agent({ ...kept, ...secure })),
    oncePlain: new modules.http.Agent({ noDelay: true }),
    onceTls: new modules.https.Agent({ noDelay: true, ...secure }),
  };
}

/** What an agent of Node's asks of itself, documented to be overridden: before it keeps and reuses a socket. */
interface AgentHooks {
  keepSocketAlive(socket: Socket): boolean;
  reuseSocket(socket: Socket, request: http.ClientRequest): void;
}

/**
 * Closes idle connections on which something comes. Node would take it for the answer to the next request:
 * what a proxy says before it closes a connection, or an answer that somebody smuggled in.
 */
function guardIdle<A extends http.Agent>(agent: A): A {
  const hooks = agent as unknown as AgentHooks;
  const keep = hooks.keepSocketAlive;
  const reuse = hooks.reuseSocket;
  hooks.keepSocketAlive = (socket) => {
    if (!keep.call(agent, socket)) return false;
    socket.on("data", closeThis);
    return true;
  };
  hooks.reuseSocket = (socket, request) => {
    socket.off("data", closeThis);
    reuse.call(agent, socket, request);
  };
  return agent;
}

function closeThis(this: Socket): void {
  this.destroy();
}

function completeHeaders(request: OutgoingRequest, origin: Origin): string[] {
  const { headers, body, deadline } = request;
  const all = hasHeader(headers, "host") ? [...headers] : ["host", origin.authority, ...headers];
  if (!hasHeader(headers, "accept-encoding")) all.push("accept-encoding", "gzip, br");
  if (!hasHeader(headers, "user-agent")) all.push("user-agent", "kratos-ts");
  addServerTimeout(all, deadline);
  if (body !== undefined) {
    all.push("content-length", String(sizeOf(body)));
  } else if (request.method !== "GET" && request.method !== "HEAD") {
    all.push("content-length", "0");
  }
  return all;
}

/** In bytes. */
function sizeOf(body: string | Uint8Array): number {
  return typeof body === "string" ? Buffer.byteLength(body) : body.length;
}

/** The body as it is handed to Node, which would write the headers in the encoding of a text that follows. */
function toChunk({ headers, body }: OutgoingRequest): string | Uint8Array | undefined {
  if (typeof body !== "string") return body;
  return headers.every((text) => isAscii(text)) ? body : Buffer.from(body);
}

function isAscii(text: string): boolean {
  return !/[\x80-\xff]/.test(text);
}

/** One request on its way. */
class Exchange {
  readonly #modules: NodeModules;
  readonly #outgoing: OutgoingRequest;
  readonly #call: AbortSource;
  readonly #resolve: (reply: IncomingReply) => void;
  readonly #reject: (error: SendError) => void;
  #request: http.ClientRequest | undefined;
  #connection: ConnectionWatch | undefined;

  constructor(
    modules: NodeModules,
    outgoing: OutgoingRequest,
    call: AbortSource,
    resolve: (reply: IncomingReply) => void,
    reject: (error: SendError) => void,
  ) {
    this.#modules = modules;
    this.#outgoing = outgoing;
    this.#call = call;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(request: http.ClientRequest): void {
    this.#request = request;
    this.#connection = new ConnectionWatch(request, this.#outgoing.connectTimeout);
    request.once("response", (response) => this.#answered(response));
    request.on("error", (error) => this.#failed(error));
    // An answer that is none, such as 101, ends in silence.
    request.once("close", () => this.#failed(new Error("the connection was closed")));
    this.#call.onAbort(() => request.destroy(new Error("the call was aborted")));
    const chunk = toChunk(this.#outgoing);
    if (chunk === undefined) request.end();
    else request.end(chunk);
  }

  #answered(response: http.IncomingMessage): void {
    const request = this.#request;
    this.#request = undefined;
    if (request === undefined) return;
    this.#resolve(new NodeReply(request, response, this.#modules.zlib, this.#call));
  }

  #failed(error: Error): void {
    const request = this.#request;
    if (request === undefined) return;
    this.#request = undefined;
    this.#connection?.end();
    this.#call.onAbort(undefined);
    this.#reject(new SendError(this.#fateOf(request, error), error));
  }

  #fateOf(request: http.ClientRequest, error: NodeJS.ErrnoException): SendFate {
    if (this.#connection?.connected !== true) return "unreachable";
    if (error.syscall === "write" && sizeOf(this.#outgoing.body ?? "") < oneWrite) return "unsent";
    return request.reusedSocket && error.code === "ECONNRESET" ? "stale" : "unknown";
  }
}
