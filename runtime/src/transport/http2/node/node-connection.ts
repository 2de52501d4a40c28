import { SocketInfo } from "../socket-info.ts";

/** What the server knows of one connection. */
export class NodeConnection extends SocketInfo {}
