import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A server at the level of sockets; it is gone when the test has finished. */
export class RawServer {
  readonly port: number;
  readonly sockets = new Set<Socket>();
  /** The first line of each request that came. */
  readonly requests: string[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    onTestFinished(() => this.die());
  }

  /** Answers each request, which must come in one piece, by what `answer` does. */
  static async listen(
    answer: (socket: Socket, request: string) => void,
    port = 0,
  ): Promise<RawServer> {
    const server = createServer();
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    const raw = new RawServer(server);
    server.on("connection", (socket) => {
      raw.sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => raw.sockets.delete(socket));
      socket.on("data", (data) => {
        raw.requests.push(String(data).split("\r\n", 1)[0]!);
        answer(socket, String(data));
      });
    });
    return raw;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Closes the listener and cuts all connections. */
  die(): void {
    this.#server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

/** The bytes of a response. */
export function response(body = "{}", status = "200 OK", fields = ""): string {
  return `HTTP/1.1 ${status}\r\n${fields}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** A port of this machine where nobody listens. */
export async function findClosedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
