import { ServerResponse } from "node:http";
import { constants, type Http2ServerResponse } from "node:http2";

/**
 * Ends a response that has begun, so that its client sees that it is not whole. Over HTTP/2 that takes an error
 * code: without one, a stream that is destroyed looks like one that has come to its end.
 */
export function breakOff(response: ServerResponse): void {
  if (response instanceof ServerResponse) {
    response.destroy();
    return;
  }
  const { stream } = response as unknown as Http2ServerResponse;
  stream.close(constants.NGHTTP2_INTERNAL_ERROR);
}
