import type { DescMessage } from "@bufbuild/protobuf";
import type { AppInfo } from "../../app/app-info.ts";
import { createLogger } from "../../log/create-logger.ts";
import { chain, type Handler, type Middleware } from "../../middleware/middleware.ts";
import { OperationMiddleware } from "../../middleware/operation-middleware.ts";
import { CallTimers } from "../call-timers.ts";
import {
  type BoundAddress,
  listenError,
  parseListenAddress,
  publicEndpoint,
} from "../listen-address.ts";
import type { HttpBinding, HttpRoute, HttpRouter, UnaryHandler } from "../method.ts";
import type { Server } from "../server.ts";
import { type BindingOptions, compileBinding } from "./binding.ts";
import { Dispatcher } from "./dispatcher.ts";
import { HttpListener } from "./listener.ts";
import { PathTemplateError } from "./path-template.ts";
import { compileReply } from "./reply.ts";
import { RouteRuleError } from "./route-error.ts";
import { RouteConflictError, Router } from "./router.ts";
import type { CallHost, ServedRoute } from "./server-call.ts";
import {
  completeServerOptions,
  type CompleteServerOptions,
  type HttpServerOptions,
} from "./server-options.ts";

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
  readonly #listener: HttpListener;
  #listening: Promise<URL> | undefined;
  #bound: BoundAddress | undefined;
  #started = false;
  #stopped = false;

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
    const dispatcher = new Dispatcher(this.#host, this.#router);
    this.#listener = new HttpListener(complete.idleTimeout, dispatcher);
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
    if (this.#stopped) throw new Error("the server was stopped before it started");
    if (this.#started) return;
    this.#started = true;
    this.#host.endpoint = endpoint.href;
    for (const route of this.#routes) {
      route.handler = chain(...this.#middleware.match(route.operation))(route.bareHandler);
    }
    this.#host.logger.info({ addr: this.#bound?.text }, "[HTTP] server listening");
    this.#listener.accept();
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#stopped = true;
    this.#host.draining = true;
    // A listener that is being opened has to be there before it can be closed.
    await this.#listening?.catch(() => undefined);
    await this.#listener.shutdown(signal);
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
      if (this.#stopped) throw new Error("the server was stopped before it started");
      this.#bound = await this.#listener.listen(parseListenAddress(network, addr));
    } catch (error) {
      throw listenError(error, addr);
    }
    return publicEndpoint("http", addr, this.#bound.port);
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
