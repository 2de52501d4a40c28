/**
 * A reply that stays compressed until it is read: what waits takes as much room as it took on the wire, however
 * large it becomes.
 */
export class PackedReply {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}
