import type { DescMessage } from "@bufbuild/protobuf";
import {
  createServer,
  type IncomingMessage,
  type Server as NodeServer,
  type ServerResponse,
} from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import type { AppInfo } from "../../app/app-info.ts";
import { KratosError } from "../../errors/kratos-error.ts";
import { createLogger } from "../../log/create-logger.ts";
import { chain, type Handler, type Middleware } from "../../middleware/middleware.ts";
import { OperationMiddleware } from "../../middleware/operation-middleware.ts";
import { CallTimers } from "../call-timers.ts";
import { closeListener } from "../close-listener.ts";
import {
  type BoundAddress,
  listenError,
  parseListenAddress,
  publicEndpoint,
  toBoundAddress,
} from "../listen-address.ts";
import type { HttpBinding, HttpRoute, HttpRouter, UnaryHandler } from "../method.ts";
import type { Server } from "../server.ts";
import { bindingError, excerpt } from "./binding-error.ts";
import { type BindingOptions, compileBinding } from "./binding.ts";
import { Connection } from "./connection.ts";
import { HeaderMap } from "./header-map.ts";
import { joinWrites } from "./join-writes.ts";
import { PathTemplateError } from "./path-template.ts";
import { answerProtocolError, refuseSocket } from "./protocol-error.ts";
import { compileReply } from "./reply.ts";
import { parseRequestTarget, type RequestTarget } from "./request-target.ts";
import { logRefusal } from "./refusal-log.ts";
import { sendError } from "./response.ts";
import { RouteRuleError } from "./route-error.ts";
import { MalformedPathError, RouteConflictError, type RouteMatch, Router } from "./router.ts";
import { type CallHost, ServerCall, type ServedRoute } from "./server-call.ts";
import {
  completeServerOptions,
  type CompleteServerOptions,
  type HttpServerOptions,
} from "./server-options.ts";

/** How often an idle connection is looked at before it is closed. */
const quietSweeps = 4;

/** The longest delay that timers take, in milliseconds. */
const maxInterval = 2 ** 31 - 1;

/** How long, in milliseconds, a connection stays open for requests that may be under way when a server stops. */
const drainTime = 100;

/**
 * Serves unary RPCs over HTTP/1.1 by their `google.api.http` rules.
 * Routes and middleware are registered before {@link start}.
 */
export class HttpServer implements Server, HttpRouter {
  readonly #options: CompleteServerOptions;
  readonly #bindingOptions: BindingOptions;
  readonly #middleware: OperationMiddleware;
  readonly #host: CallHost;
  readonly #router: Router<PendingRoute>;
  readonly #routes: PendingRoute[] = [];
  readonly #server: NodeServer;
  readonly #connections = new Set<Connection>();
  /** Requests that came before {@link start}: the listener opens earlier, to know its port. */
  #held: [IncomingMessage, ServerResponse][] = [];
  #listening: Promise<URL> | undefined;
  #bound: BoundAddress | undefined;
  #idleWatch: NodeJS.Timeout | undefined;
  #started = false;
  #drained: Promise<void> | undefined;
  /** What was left was ended; nothing that comes late is begun. */
  #cut = false;

  constructor(options: HttpServerOptions = {}) {
    const complete = completeServerOptions(options);
    this.#options = complete;
    this.#bindingOptions = {
      json: complete.json,
      strictQuery: complete.strict.query,
      ...complete.compat,
    };
    this.#middleware = new OperationMiddleware(complete.middleware);
    this.#router = new Router({ strictSlash: complete.strict.slash });
    this.#host = {
      timers: new CallTimers(complete.timeout),
      logger: options.logger ?? createLogger(),
      timeout: complete.timeout,
      maxBodyBytes: complete.maxBodyBytes,
      strictBody: complete.strict.body,
      endpoint: "",
      draining: false,
      keepAlive:
        complete.idleTimeout >= 1000 ? `timeout=${Math.floor(complete.idleTimeout / 1000)}` : "",
    };
    // Node's own timer for idle connections costs each request two settings of it; see #watchIdle.
    // And what it answers by itself has no body; see #serve and #refuseUnusual.
    this.#server = createServer({ keepAliveTimeout: 0, requireHostHeader: false });
    this.#server.on("request", (request, response) => this.#receive(request, response));
    this.#refuseUnusual();
    this.#server.on("connection", (socket) => this.#track(socket));
    this.#server.on("clientError", answerProtocolError);
  }

  /** The port that is listened on; undefined before {@link endpoint} has resolved, and for Unix sockets. */
  get port(): number | undefined {
    return this.#bound?.port;
  }

  /**
   * Serves an operation by all its rules. Throws `RouteConflictError` when another operation has one of
   * them, and `RouteRuleError` when a rule does not fit the messages.
   */
  handle<I extends DescMessage, O extends DescMessage>(
    route: HttpRoute<I, O>,
    handler: UnaryHandler<I, O>,
  ): void {
    const { operation } = route;
    this.#refuseWhenStarted(`add "${operation}" to`);
    for (const rule of route.bindings) {
      const pending = this.#compile(route, rule, handler as Handler);
      this.#routes.push(pending);
    }
  }

  /**
   * Adds middleware inside the server's own to the operations that `selector` matches: one operation, or
   * all with a prefix when it ends in `*`. Of several selectors that match, only the most exact one counts.
   */
  use(selector: string, ...middleware: readonly Middleware[]): void {
    this.#refuseWhenStarted(`use "${selector}" on`);
    this.#middleware.use(selector, middleware);
  }

  endpoint(): Promise<URL> {
    this.#listening ??= this.#listen();
    return this.#listening;
  }

  async start(_app: AppInfo): Promise<void> {
    const endpoint = await this.endpoint();
    if (this.#drained !== undefined) throw new Error("the server was stopped before it started");
    if (this.#started) return;
    this.#started = true;
    this.#host.endpoint = endpoint.href;
    for (const route of this.#routes) {
      route.handler = chain(...this.#middleware.match(route.operation))(route.bareHandler);
    }
    this.#host.logger.info({ addr: this.#bound?.text }, "[HTTP] server listening");
    for (const [request, response] of this.#held.splice(0)) this.#serve(request, response);
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#drained ??= this.#drain();
    const cut = () => {
      this.#cut = true;
      for (const connection of this.#connections) {
        connection.lose("server");
        connection.socket.destroy();
      }
    };
    if (signal.aborted) cut();
    signal.addEventListener("abort", cut, { once: true });
    try {
      await this.#drained;
    } finally {
      signal.removeEventListener("abort", cut);
    }
  }

  #compile(
    route: HttpRoute<DescMessage, DescMessage>,
    rule: HttpBinding,
    bareHandler: Handler,
  ): PendingRoute {
    const { operation, input, output } = route;
    const pending: Partial<PendingRoute> = { operation, path: rule.path, bareHandler };
    try {
      if (!/^(?:\*|[A-Z][A-Z-]*)$/.test(rule.method)) {
        throw new Error(`"${rule.method}" is no HTTP method, write it in upper case`);
      }
      const template = this.#router.add(rule.method, rule.path, operation, pending as PendingRoute);
      return Object.assign(pending, {
        binding: compileBinding(input, rule, template, this.#bindingOptions),
        encodeReply: compileReply(output, rule.responseBody, this.#options.json),
        handler: bareHandler,
      }) as PendingRoute;
    } catch (error) {
      if (error instanceof RouteConflictError || !(error instanceof Error)) throw error;
      const where = error instanceof PathTemplateError ? "" : `${rule.method} ${rule.path}: `;
      throw new RouteRuleError(operation, where + error.message, error);
    }
  }

  async #listen(): Promise<URL> {
    const { network, addr } = this.#options;
    try {
      if (this.#drained !== undefined) throw new Error("the server was stopped before it started");
      const address = parseListenAddress(network, addr);
      await new Promise<void>((resolve, reject) => {
        this.#server.once("error", reject);
        this.#server.listen(address, () => {
          this.#server.off("error", reject);
          resolve();
        });
      });
    } catch (error) {
      throw listenError(error, addr);
    }
    this.#server.on("error", (error) => {
      this.#host.logger.error({ err: error }, "[HTTP] listener failed");
    });
    this.#watchIdle();
    this.#bound = toBoundAddress(this.#server.address());
    return publicEndpoint("http", addr, this.#bound.port);
  }

  #track(socket: Socket): void {
    if (this.#cut) {
      socket.destroy();
      return;
    }
    joinWrites(socket);
    const connection = new Connection(socket);
    this.#connections.add(connection);
    socket.on("close", () => {
      this.#connections.delete(connection);
      connection.lose("client");
    });
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    if (Connection.of(request.socket)?.admit(response) === false) return;
    if (this.#started) this.#serve(request, response);
    else if (this.#host.draining) this.#refuseStopped(response);
    else this.#held.push([request, response]);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const method = request.method!;
    let target: RequestTarget;
    let match: RouteMatch<PendingRoute> | undefined;
    if (request.headers.host === undefined && request.httpVersion === "1.1") {
      this.#sendError(response, bindingError('the request has no "Host"'));
      return;
    }
    try {
      target = parseRequestTarget(request.url!);
      match = this.#router.find(method, target.path);
      if (match === undefined) {
        this.#refuse(method, target.path, response);
        return;
      }
    } catch (error) {
      if (!(error instanceof MalformedPathError)) throw error;
      this.#refuseRequest(request.url!, response, bindingError(error.message, error));
      return;
    }
    new ServerCall(this.#host, match.target, match.segments, target.query, request, response).run();
  }

  /** Answers what no route serves. */
  #refuse(method: string, path: string, response: ServerResponse): void {
    const allowed = this.#router.allowedMethods(path);
    if (method === "OPTIONS" && (allowed.length > 0 || path === "*")) {
      const allow = path === "*" ? [] : ["Allow", [...allowed, "OPTIONS"].join(", ")];
      if (this.#host.draining) allow.push("Connection", "close");
      response.writeHead(204, allow).end();
    } else if (allowed.length === 0) {
      const message = `nothing is served at ${excerpt(path)}`;
      this.#refuseRequest(path, response, new KratosError(404, "ROUTE_NOT_FOUND", message));
    } else {
      const header = new HeaderMap();
      header.set("Allow", allowed.join(", "));
      const message = `method "${method}" is not served at ${excerpt(path)}, use ${allowed.join(", ")}`;
      const error = new KratosError(405, "METHOD_NOT_ALLOWED", message);
      this.#refuseRequest(path, response, error, header);
    }
  }

  #refuseRequest(
    path: string,
    response: ServerResponse,
    error: KratosError,
    header?: HeaderMap,
  ): void {
    logRefusal(this.#host.logger, path, error);
    this.#sendError(response, error, header);
  }

  /** What Node answers without asking, or does not answer at all. */
  #refuseUnusual(): void {
    this.#server.on("checkExpectation", (request, response) => {
      if (Connection.of(request.socket)?.admit(response) === false) return;
      const expected = excerpt(request.headers.expect ?? "");
      const message = `cannot do what "Expect" asks: ${expected}, use "100-continue" or leave it out`;
      this.#sendError(response, new KratosError(417, "EXPECTATION_FAILED", message));
    });
    this.#server.on("connect", (request, socket) => {
      const message = `method "${request.method}" is not served, this is no proxy`;
      const error = new KratosError(405, "METHOD_NOT_ALLOWED", message);
      refuseSocket(socket, "Method Not Allowed", error);
    });
  }

  #sendError(response: ServerResponse, error: KratosError, header?: HeaderMap): void {
    sendError(response, error, header, this.#host);
  }

  #refuseStopped(response: ServerResponse): void {
    this.#sendError(response, new KratosError(503, "SERVER_STOPPED", "the server stops"));
  }

  async #drain(): Promise<void> {
    this.#host.draining = true;
    // A listener that is being opened has to be there before it can be closed.
    await this.#listening?.catch(() => undefined);
    if (this.#server.listening) {
      await closeListener(this.#server, () => {
        // Only the listener: closing the HTTP server would cut idle connections, into which clients may
        // have sent a request already.
        NetServer.prototype.close.call(this.#server);
      });
    }
    for (const [, response] of this.#held.splice(0)) this.#refuseStopped(response);
    clearInterval(this.#idleWatch);
    await this.#closeConnections();
    this.#server.close(() => undefined); // ends its timers
  }

  /** Closes connections over which nothing has gone for the idle time, and up to a quarter more. */
  #watchIdle(): void {
    const { idleTimeout } = this.#options;
    if (idleTimeout <= 0) return;
    this.#idleWatch = setInterval(
      () => {
        for (const connection of this.#connections) connection.closeWhenQuiet(quietSweeps);
      },
      Math.min(idleTimeout / quietSweeps, maxInterval),
    );
    this.#idleWatch.unref();
  }

  #closeConnections(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#connections.size === 0) {
        resolve();
        return;
      }
      const timer = setInterval(() => {
        for (const connection of this.#connections) connection.closeWhenQuiet(quietSweeps);
        if (this.#connections.size > 0) return;
        clearInterval(timer);
        resolve();
      }, drainTime / quietSweeps);
    });
  }

  #refuseWhenStarted(what: string): void {
    if (!this.#started) return;
    throw new Error(`cannot ${what} a server that has started, do it before start()`);
  }
}

/** A route whose handler gets its middleware when the server starts. */
interface PendingRoute extends ServedRoute {
  readonly bareHandler: Handler;
  handler: Handler;
}
