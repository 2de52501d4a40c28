/** The wire types that a tag may name. */
export const Wire = {
  varint: 0,
  bit64: 1,
  delimited: 2,
  startGroup: 3,
  endGroup: 4,
  bit32: 5,
} as const;

/** What stands before a field's value on the wire: the field's number times eight plus its wire type. */
export function tagOf(number: number, wireType: number): number {
  return ((number << 3) | wireType) >>> 0;
}
