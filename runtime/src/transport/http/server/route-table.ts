import type { DescMessage } from "@bufbuild/protobuf";
import { type Codecs, createCodecs } from "../../../codec/index.ts";
import { chain, type Handler, type Middleware } from "../../../middleware/middleware.ts";
import { OperationMap } from "../../../middleware/operation-map.ts";
import { OperationMiddleware } from "../../../middleware/operation-middleware.ts";
import { reportUnmatched } from "../../../middleware/report-unmatched.ts";
import type { Logger } from "../../../log/logger.ts";
import type { GrpcMethod, HttpBinding, HttpRoute, MethodKind } from "../../method.ts";
import { type BindingOptions, compileBinding } from "../binding/binding.ts";
import { wrapReplies } from "../reply/envelope.ts";
import { encodeHandlerReply } from "../call/hand-written-call.ts";
import type { HandWrittenRoute } from "../call/hand-written-route.ts";
import { isHttpBody } from "../content/http-body.ts";
import { compilePathParams } from "../routing/path-params.ts";
import {
  parsePathTemplate,
  type PathTemplate,
  PathTemplateError,
} from "../routing/path-template.ts";
import { compileReply } from "../reply/reply.ts";
import { RouteRuleError } from "../routing/route-error.ts";
import type { RouteOptions } from "./route-options.ts";
import { RouteConflictError, Router } from "../routing/router.ts";
import { isSafe, type RpcDescription, RpcMethod } from "../call/rpc-method.ts";
import type { RpcRunner, ServedRoute } from "../call/server-call.ts";
import type { HttpServerContext } from "../call/server-context.ts";
import type { CompleteServerOptions } from "./server-options.ts";
import { compileStreamBinding } from "../binding/stream-binding.ts";

/**
 * The routes of a server: compiled when they are added, so that what is wrong with a rule is thrown where
 * the rule is registered, and wrapped in their middleware when the server starts.
 */
export class RouteTable {
  readonly router: Router<PendingRoute>;
  /** What is served as WebSockets: at the same paths, and always with GET. */
  readonly upgrades: Router<PendingRoute>;
  readonly #options: CompleteServerOptions;
  readonly #codecs: Codecs;
  readonly #middleware: OperationMiddleware;
  readonly #configured = new OperationMap<RouteOptions>();
  readonly #routes: PendingRoute[] = [];
  /** Operations and paths of {@link upgrades}. */
  readonly #upgradeKeys = new Set<string>();

  constructor(options: CompleteServerOptions) {
    this.#options = options;
    this.#codecs = createCodecs(options.json);
    this.#middleware = new OperationMiddleware(options.middleware);
    this.router = new Router({ strictSlash: options.strict.slash });
    this.upgrades = new Router({ strictSlash: options.strict.slash });
  }

  /** Throws `RouteConflictError` and {@link RouteRuleError}. */
  add(
    route: HttpRoute<DescMessage, DescMessage, MethodKind>,
    rule: HttpBinding,
    handler: Handler,
  ): void {
    const { operation, kind = "unary" } = route;
    const streamsIn = kind === "clientStreaming" || kind === "bidiStreaming";
    this.#register(rule.method, rule.path, operation, streamsIn, (template) => {
      const compile = (options: RouteOptions) => this.#compile(route, rule, template, options);
      const bareHandler = streamsIn ? announce(handler) : handler;
      return { kind, bareHandler, compile };
    });
  }

  /** Throws `RouteConflictError` and {@link RouteRuleError}. */
  addHandWritten({ method, path, handler, options = {} }: HandWrittenRoute): void {
    const { operation = `${method} ${path}`, timeout, maxBodyBytes } = options;
    this.#register(method, path, operation, false, (template) => {
      const read = compilePathParams(template);
      const rule: CompiledRule = {
        binding: { body: "none", bind: (_body, _query, segments) => read(segments) },
        encodeReply: encodeHandlerReply,
        requests: undefined,
        rawReply: false,
        rpc: undefined,
      };
      return {
        kind: "handWritten",
        bareHandler: handler as unknown as Handler,
        compile: () => rule,
        own: { timeout, maxBodyBytes },
      };
    });
  }

  /** Serves a method by its name. Throws `RouteConflictError` and {@link RouteRuleError}. */
  addRpc(method: GrpcMethod<DescMessage, DescMessage>, handler: Handler): void {
    const { operation } = method;
    const description: RouteDescription = {
      kind: "rpc",
      bareHandler: handler,
      compile: () => unbound,
      describeRpc: ({ json = {} }) => ({
        method,
        codecs: this.#codecs.with(json),
        requireProtocolHeader: this.#options.requireConnectProtocolHeader,
        packer: this.#options.packer,
      }),
    };
    this.#register("POST", operation, operation, false, () => description);
    if (isSafe(method)) this.#register("GET", operation, operation, false, () => description);
  }

  /** `describe` says of a template what its route is. */
  #register(
    method: string,
    ownPath: string,
    operation: string,
    streamsIn: boolean,
    describe: (template: PathTemplate) => RouteDescription,
  ): void {
    const { prefix } = this.#options;
    const path = prefix + ownPath;
    let pending: PendingRoute;
    try {
      if (!/^(?:\*|[A-Z][A-Z-]*)$/.test(method)) {
        throw new Error(`"${method}" is no HTTP method, write it in upper case`);
      }
      const description = describe(parsePathTemplate(path));
      const { bareHandler, compile } = description;
      pending = {
        operation,
        path,
        ...this.#limit(description.own),
        ...description,
        ...compile({}),
        handler: bareHandler,
      };
      // Last, so that a rule that cannot be served leaves nothing behind.
      this.router.add(method, path, operation, pending);
      if (streamsIn) this.#addUpgrade(path, operation, pending);
    } catch (error) {
      if (error instanceof RouteConflictError || !(error instanceof Error)) throw error;
      const where = error instanceof PathTemplateError ? "" : `${method} ${ownPath}: `;
      throw new RouteRuleError(operation, where + error.message, error);
    }
    this.#routes.push(pending);
  }

  /** Another rule of the operation may have led to the same WebSocket. */
  #addUpgrade(path: string, operation: string, route: PendingRoute): void {
    const key = `${operation} ${path}`;
    if (this.#upgradeKeys.has(key)) return;
    this.#upgradeKeys.add(key);
    this.upgrades.add("GET", path, operation, route);
  }

  /** Whether anything is served as a WebSocket. */
  get hasUpgrades(): boolean {
    return this.#upgradeKeys.size > 0;
  }

  use(selector: string, middleware: readonly Middleware[]): void {
    this.#middleware.use(selector, middleware);
  }

  configure(selector: string, options: RouteOptions): void {
    this.#configured.set(selector, options);
  }

  /** Gives each route what was set for its operation; `logger` is told of what was set for none. */
  complete(logger: Logger): void {
    const operations = this.#routes.map(({ operation }) => operation);
    reportUnmatched("[HTTP] use()", this.#middleware.selectors(), operations, logger);
    reportUnmatched("[HTTP] configure()", this.#configured.selectors(), operations, logger);
    for (const route of this.#routes) {
      const { operation, bareHandler } = route;
      route.handler = chain(...this.#middleware.match(operation))(bareHandler);
      const options = this.#configured.find(operation) ?? {};
      Object.assign(route, this.#limit(route.own, options));
      if (options.json !== undefined) Object.assign(route, route.compile(options));
      if (route.describeRpc !== undefined) {
        route.rpc = new RpcMethod(route.describeRpc(options), route);
      }
    }
  }

  /** Limits of a route: its own, else those that were set for its operation, else the server's. */
  #limit(
    own: RouteOptions = {},
    configured: RouteOptions = {},
  ): Pick<PendingRoute, "timeout" | "maxBodyBytes"> {
    return {
      timeout: Math.max(0, own.timeout ?? configured.timeout ?? this.#options.timeout),
      maxBodyBytes: own.maxBodyBytes ?? configured.maxBodyBytes ?? this.#options.maxBodyBytes,
    };
  }

  #compile(
    route: HttpRoute<DescMessage, DescMessage, MethodKind>,
    rule: HttpBinding,
    template: PathTemplate,
    configured: RouteOptions,
  ): CompiledRule {
    const { strict, compat } = this.#options;
    const codecs = this.#codecs.with(configured.json ?? {});
    const options: BindingOptions = {
      codecs,
      strictQuery: strict.query,
      strictPath: strict.path,
      ...compat,
    };
    const { kind = "unary", input, output } = route;
    const streamsIn = kind === "clientStreaming" || kind === "bidiStreaming";
    const encode = compileReply(output, rule.responseBody, codecs, this.#options.formats);
    const wrap = this.#options.envelope?.reply;
    return {
      binding: compileBinding(input, rule, template, options),
      requests: streamsIn ? compileStreamBinding(input, rule, template, options) : undefined,
      rawReply: isHttpBody(replyType(output, rule.responseBody)),
      rpc: undefined,
      encodeReply: wrap === undefined || kind !== "unary" ? encode : wrapReplies(encode, wrap),
    };
  }
}

/** Lets a call know when all middleware has let it pass. */
function announce(handler: Handler): Handler {
  return (requests, context) => {
    (context as HttpServerContext).onHandler?.();
    return handler(requests, context);
  };
}

function replyType(output: DescMessage, responseBody: string | undefined): DescMessage | undefined {
  if (responseBody === undefined) return output;
  const field = output.fields.find(({ name }) => name === responseBody);
  return field?.fieldKind === "message" ? field.message : undefined;
}

type CompiledRule = Pick<ServedRoute, "binding" | "encodeReply" | "requests" | "rawReply" | "rpc">;

/** What a rule is compiled to where there is none. */
const unbound: CompiledRule = {
  binding: { body: "none", bind: () => ({}) },
  encodeReply: encodeHandlerReply,
  requests: undefined,
  rawReply: false,
  rpc: undefined,
};

/** What tells a route from others. */
type RouteDescription = Pick<PendingRoute, "kind" | "bareHandler" | "compile"> &
  Partial<Pick<PendingRoute, "own" | "describeRpc">>;

/** A route that the server completes when it starts. */
interface PendingRoute extends ServedRoute {
  readonly bareHandler: Handler;
  /** What the route was registered with, before all else that is set for its operation. */
  readonly own?: RouteOptions;
  readonly compile: (options: RouteOptions) => CompiledRule;
  /** What becomes of it is only known once the server starts. */
  readonly describeRpc?: (options: RouteOptions) => RpcDescription;
  rpc: RpcRunner | undefined;
  handler: Handler;
  timeout: number;
  maxBodyBytes: number;
}
