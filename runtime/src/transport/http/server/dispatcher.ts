import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { KratosError } from "../../../errors/kratos-error.ts";
import type { Logger } from "../../../log/logger.ts";
import { bindingError, excerpt } from "../binding-error.ts";
import { requireUpgrade, runCall } from "../call/create-call.ts";
import { isUnknownRpc, refuseUnknownRpc } from "../call/rpc-method.ts";
import { HeaderMap } from "../header-map.ts";
import { refuseSocket } from "../listener/protocol-error.ts";
import type { CheckedReceiver } from "./filter-chain.ts";
import { adoptHost, HeadCheck, isEndInDoubt } from "./head-check.ts";
import { logRefusal } from "../call/refusal-log.ts";
import { parseRequestTarget, type RequestTarget } from "../routing/request-target.ts";
import { sendError } from "../reply/response.ts";
import { UpgradeResponse } from "../listener/upgrade.ts";
import { MalformedPathError, type RouteMatch, type Router } from "../routing/router.ts";
import type { CallHost, ServedRoute } from "../call/server-call.ts";

/** Finds the route of each request and answers those that have none. */
export class Dispatcher implements CheckedReceiver {
  readonly #host: CallHost;
  readonly #router: Router<ServedRoute>;
  readonly #upgrades: Router<ServedRoute>;
  readonly #logger: Logger;
  readonly #heads = new HeadCheck();

  /** `upgrades` finds what is served as WebSockets. */
  constructor(host: CallHost, router: Router<ServedRoute>, upgrades: Router<ServedRoute>) {
    this.#host = host;
    this.#router = router;
    this.#upgrades = upgrades;
    this.#logger = host.logger;
  }

  onRequest(request: IncomingMessage, response: ServerResponse): void {
    if (this.checkHead(request, response)) this.onChecked(request, response);
  }

  checkHead(request: IncomingMessage, response: ServerResponse): boolean {
    const error = this.#heads.find(request);
    if (error === undefined) {
      adoptHost(request);
      return true;
    }
    // How much of what follows is its body, is not certain.
    if (isEndInDoubt(request)) response.shouldKeepAlive = false;
    this.#refuseRequest(request.url!, response, error);
    return false;
  }

  onChecked(request: IncomingMessage, response: ServerResponse): void {
    const method = request.method!;
    let target: RequestTarget;
    let match: RouteMatch<ServedRoute> | undefined;
    try {
      target = parseRequestTarget(request.url!);
      match =
        this.#findUpgrade(request, response, target) ?? this.#router.find(method, target.path);
      if (match === undefined) {
        this.#refuse(method, target.path, response);
        return;
      }
    } catch (error) {
      if (!(error instanceof MalformedPathError)) throw error;
      this.#refuseRequest(request.url!, response, bindingError(error.message, error));
      return;
    }
    const { target: route, segments } = match;
    runCall(this.#host, { route, segments, query: target.query, request }, response);
  }

  onUnaccepted(response: ServerResponse): void {
    this.#sendError(response, new KratosError(503, "SERVER_STOPPED", "the server stops"));
  }

  onExpectation(request: IncomingMessage, response: ServerResponse): void {
    if (!this.checkHead(request, response)) return;
    const expected = excerpt(request.headers.expect ?? "");
    const message = `cannot do what "Expect" asks: ${expected}, use "100-continue" or leave it out`;
    this.#sendError(response, new KratosError(417, "EXPECTATION_FAILED", message));
  }

  onLargeHead(response: ServerResponse): void {
    this.#sendError(response, new KratosError(431, "CODEC", "the headers are too large"));
  }

  onConnect(request: IncomingMessage, socket: Duplex): void {
    const message = `method "${request.method}" is not served, this is no proxy`;
    const error = new KratosError(405, "METHOD_NOT_ALLOWED", message);
    refuseSocket(socket, "Method Not Allowed", error);
  }

  onError(error: Error): void {
    this.#logger.error({ err: error }, "[HTTP] listener failed");
  }

  /** The route of a request for a WebSocket; undefined for all other requests, and where none is served. */
  #findUpgrade(
    { method, headers }: IncomingMessage,
    response: ServerResponse,
    { path }: RequestTarget,
  ): RouteMatch<ServedRoute> | undefined {
    if (this.#host.webSockets === undefined || !(response instanceof UpgradeResponse)) {
      return undefined;
    }
    // Nobody reads the body of such a request.
    if (headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0) {
      throw new MalformedPathError("what asks for a WebSocket has no body");
    }
    return this.#upgrades.find(method!, path);
  }

  /** Answers what no route serves. */
  #refuse(method: string, path: string, response: ServerResponse): void {
    const allowed = this.#router.allowedMethods(path);
    if (method === "OPTIONS" && (allowed.length > 0 || path === "*")) {
      const allow = path === "*" ? [] : ["Allow", [...allowed, "OPTIONS"].join(", ")];
      if (this.#host.draining) allow.push("Connection", "close");
      response.writeHead(204, allow).end();
    } else if (allowed.length === 0 && this.#host.servesRpc && isUnknownRpc(response.req)) {
      refuseUnknownRpc(this.#host, path, response.req, response);
    } else if (allowed.length === 0) {
      const message = `nothing is served at ${excerpt(path)}`;
      this.#refuseRequest(path, response, new KratosError(404, "ROUTE_NOT_FOUND", message));
    } else {
      const upgrade = method === "GET" ? this.#upgrades.find("GET", path) : undefined;
      if (upgrade !== undefined) {
        requireUpgrade(upgrade.target.operation, response);
        return;
      }
      if (this.#host.servesRpc && this.#router.find("POST", path)?.target.kind === "rpc") {
        // Clients of such methods read JSON as an error of theirs.
        response.writeHead(405, ["Allow", allowed.join(", "), "Content-Length", "0"]).end();
        return;
      }
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
    logRefusal(this.#logger, path, error);
    this.#sendError(response, error, header);
  }

  #sendError(response: ServerResponse, error: KratosError, header?: HeaderMap): void {
    sendError(response, error, header, this.#host);
  }
}
