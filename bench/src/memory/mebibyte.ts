/** Bytes in a mebibyte. */
export const mebibyte: number = 1024 * 1024;
