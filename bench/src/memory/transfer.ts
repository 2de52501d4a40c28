/** A way to send bytes through a server. */
export interface Transfer {
  readonly title: string;
  /** Script of the server in `servers/`. */
  readonly server: string;
  /** Moves so many bytes, or as many as its time allows; resolves with how many arrived. */
  readonly move: (port: number, bytes: number) => Promise<number>;
}
