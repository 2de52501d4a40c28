import type { DescMessage } from "@bufbuild/protobuf";
import type { AppInfo } from "../../../app/app-info.ts";
import { createLogger } from "../../../log/create-logger.ts";
import type { Handler, Middleware } from "../../../middleware/middleware.ts";
import {
  acceptSource,
  type ConnectionSource,
  refuseSource,
  sourceEndpoint,
} from "../../connection-source.ts";
import { removeDeadSocket } from "../../dead-socket.ts";
import {
  type BoundAddress,
  listenError,
  parseListenAddress,
  publicEndpoint,
} from "../../listen-address.ts";
import type {
  GrpcMethod,
  GrpcRouter,
  HandlerByKind,
  HttpRoute,
  HttpRouter,
  MethodKind,
} from "../../method.ts";
import type { Server } from "../../server.ts";
import { serverStopping } from "../../server-stopping.ts";
import { TlsCredentialsWatch } from "../../tls-credentials.ts";
import type { CompleteTlsOptions } from "../../tls-options.ts";
import { createCallHost, toStreamHost } from "./call-host.ts";
import { Dispatcher } from "./dispatcher.ts";
import { applyFilters } from "./filter-chain.ts";
import type {
  HandWrittenOptions,
  HandWrittenRoute,
  HttpHandler,
} from "../call/hand-written-route.ts";
import { HttpListener, type RequestReceiver } from "../listener/listener.ts";
import { assignRequestId } from "../filter/request-id.ts";
import type { RouteOptions } from "./route-options.ts";
import { RouteTable } from "./route-table.ts";
import type { CallHost } from "../call/server-call.ts";
import {
  completeServerOptions,
  type CompleteServerOptions,
  type HttpServerOptions,
} from "./server-options.ts";
import { trustProxies } from "../filter/trust-proxy.ts";
import { WebSocketAcceptor } from "../call/web-socket-acceptor.ts";

/**
 * Serves RPCs over HTTP/1.1, and over TLS also over HTTP/2, by their `google.api.http` rules: streams of replies as server-sent events,
 * streams of requests and both as WebSockets.
 * Routes and middleware are registered before {@link start}.
 */
export class HttpServer implements Server, HttpRouter {
  /**
   * Where methods are served by their names, at `POST /package.Service/Method`: to clients of Connect, of
   * gRPC-Web and, over HTTP/2, of gRPC. Give it to generated `register…GrpcServer` functions; middleware,
   * `use` and `configure` hold as for rules. Throws as {@link handle} does.
   */
  readonly rpc: GrpcRouter;
  readonly #options: CompleteServerOptions;
  readonly #host: CallHost;
  /** For calls over HTTP/2. */
  readonly #streamHost: CallHost;
  readonly #routes: RouteTable;
  readonly #listener: HttpListener;
  #source: ConnectionSource | undefined;
  #listening: Promise<URL> | undefined;
  #bound: BoundAddress | undefined;
  #credentials: TlsCredentialsWatch | undefined;
  #started = false;
  #stopped = false;

  constructor(options: HttpServerOptions = {}) {
    const complete = completeServerOptions(options);
    this.#options = complete;
    this.#routes = new RouteTable(complete);
    this.#host = createCallHost(complete, options.logger ?? createLogger());
    this.#streamHost = toStreamHost(this.#host);
    this.rpc = { handle: (method, handler) => this.#handleRpc(method, handler as Handler) };
    acceptSource(this, (source) => {
      refuseSource(this.#stopped || this.#listening !== undefined, complete.tls);
      this.#source = source;
    });
    this.#listener = new HttpListener(
      complete,
      this.#createReceiver(this.#host),
      this.#createReceiver(this.#streamHost),
    );
  }

  /** The port that is listened on; undefined before {@link endpoint} has resolved, and for Unix sockets. */
  get port(): number | undefined {
    return this.#bound?.port;
  }

  /**
   * Serves an operation by all its rules. Throws `RouteConflictError` when another operation has one of
   * them, and `RouteRuleError` when a rule does not fit the messages.
   */
  handle<I extends DescMessage, O extends DescMessage, K extends MethodKind = "unary">(
    route: HttpRoute<I, O, K>,
    handler: HandlerByKind<I, O>[K],
  ): void {
    this.#refuseWhenStarted(`add "${route.operation}" to`);
    for (const rule of route.bindings) this.#routes.add(route, rule, handler as Handler);
    if (this.#routes.hasUpgrades) this.#listener.serveUpgrades();
  }

  /**
   * Serves requests of a method (in upper case, `*` for any) and path template that no proto describes,
   * with the same middleware, deadline and errors. Throws as {@link handle} does.
   *
   * ```ts
   * server.route("GET", "/hello/{name}", ({ params }) => ({ json: { hello: params["name"] } }));
   * ```
   */
  route(
    method: string,
    path: string,
    handler: HttpHandler,
    options: HandWrittenOptions = {},
  ): void {
    this.mount([{ method, path, handler, options }]);
  }

  /** Adds several hand-written routes, such as a package brings along. Throws as {@link handle} does. */
  mount(routes: readonly HandWrittenRoute[]): void {
    for (const route of routes) {
      this.#refuseWhenStarted(`add "${route.method} ${route.path}" to`);
      this.#routes.addHandWritten(route);
    }
  }

  /**
   * Adds middleware inside the server's own to the operations that `selector` matches: one operation, or
   * all with a prefix when it ends in `*`. Of several selectors that match, only the most exact one counts.
   */
  use(selector: string, ...middleware: readonly Middleware[]): void {
    this.#refuseWhenStarted(`use "${selector}" on`);
    this.#routes.use(selector, middleware);
  }

  /**
   * Sets options for the operations that `selector` matches, in place of the server's own, but not of those that
   * a route was registered with. Selectors are those of {@link use}: of several that match, only the most exact
   * one counts.
   */
  configure(selector: string, options: RouteOptions): void {
    this.#refuseWhenStarted(`configure "${selector}" on`);
    this.#routes.configure(selector, options);
  }

  endpoint(): Promise<URL> {
    this.#listening ??= this.#listen();
    return this.#listening;
  }

  async start(_app: AppInfo): Promise<void> {
    const endpoint = await this.endpoint();
    const webSockets = this.#routes.hasUpgrades ? await WebSocketAcceptor.load() : undefined;
    if (this.#stopped) throw new Error("the server was stopped before it started");
    if (this.#started) return;
    this.#started = true;
    this.#host.webSockets = webSockets;
    this.#host.endpoint = endpoint.href;
    this.#streamHost.endpoint = endpoint.href;
    this.#routes.complete(this.#host.logger);
    this.#host.logger.info({ addr: this.#bound?.text }, "[HTTP] server listening");
    this.#listener.accept();
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#stopped = true;
    this.#host.draining = true;
    this.#host.stop.stop(serverStopping());
    // A listener that is being opened has to be there before it can be closed.
    await this.#listening?.catch(() => undefined);
    this.#credentials?.stop();
    await this.#listener.shutdown(signal);
  }

  #handleRpc(method: GrpcMethod<DescMessage, DescMessage>, handler: Handler): void {
    this.#refuseWhenStarted(`add "${method.operation}" to`);
    this.#routes.addRpc(method, handler);
    this.#host.servesRpc = true;
    this.#streamHost.servesRpc = true;
  }

  #createReceiver(host: CallHost): RequestReceiver {
    const { requestIdHeader, trustProxy, filters } = this.#options;
    const { router, upgrades } = this.#routes;
    return applyFilters(new Dispatcher(host, router, upgrades), host, [
      ...(trustProxy === undefined ? [] : [trustProxies(trustProxy)]),
      ...(requestIdHeader === "" ? [] : [assignRequestId(requestIdHeader)]),
      ...filters,
    ]);
  }

  async #listen(): Promise<URL> {
    const { network, addr, tls } = this.#options;
    if (this.#source !== undefined) {
      if (this.#stopped) throw new Error("the server was stopped before it started");
      this.#bound = await this.#listener.listen({ source: this.#source });
      return sourceEndpoint("http");
    }
    const address = parseListenAddress(network, addr);
    if (tls !== undefined) await this.#loadCredentials(tls);
    try {
      if (this.#stopped) throw new Error("the server was stopped before it started");
      if (address.path !== undefined) await removeDeadSocket(address.path);
      this.#bound = await this.#listener.listen(address);
    } catch (error) {
      this.#credentials?.stop();
      throw listenError(error, addr);
    }
    return publicEndpoint(tls === undefined ? "http" : "https", addr, this.#bound.port);
  }

  async #loadCredentials(tls: CompleteTlsOptions): Promise<void> {
    const { logger } = this.#host;
    this.#credentials = await TlsCredentialsWatch.start(tls, {
      onCredentials: ({ context, description }) => {
        this.#listener.setSecureContext(context);
        logger.info(description, "[HTTP] certificate loaded");
      },
      onCredentialsError: (error) => {
        logger.error({ err: error }, "[HTTP] new certificate refused, the old one stays in use");
      },
    });
  }

  #refuseWhenStarted(what: string): void {
    if (!this.#started) return;
    throw new Error(`cannot ${what} a server that has started, do it before start()`);
  }
}
