/** One end of an open WebSocket, whatever carries it. */
export interface WebSocketLink {
  /** Resolves at once, or when the peer has caught up, after which more may be sent. Never rejects. */
  send(data: string | Uint8Array): Promise<void> | undefined;
  /** Stops what comes in, where that can be done. */
  pause(): void;
  resume(): void;
  /** Says goodbye. */
  close(code: number, reason: string): void;
}

/** Who is told what comes over a WebSocket. */
export interface WebSocketEvents {
  onMessage(data: string | Uint8Array): void;
  /** What came is wrong, so that nothing more is read. `tooLarge`: a message is larger than it may be. */
  onError(error: Error, tooLarge: boolean): void;
  /** Nothing comes any more. Called once, with 1006 when nobody said goodbye. */
  onClose(code: number, reason: string): void;
}

/** Bytes that may wait to be sent before a sender has to wait itself. */
export const fullBytes: number = 64 * 1024;
