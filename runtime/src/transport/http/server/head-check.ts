import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { KratosError } from "../../../errors/kratos-error.ts";
import { bindingError, excerpt } from "../binding-error.ts";
import { isHost } from "../host.ts";
import { findTargetHost } from "../routing/request-target.ts";

/** Finds what Node lets pass in the head of a request and what a server has to refuse. */
export class HeadCheck {
  /** Nearly all requests name the same host. */
  #knownHost = "";

  /** Undefined: nothing is wrong. */
  find({ headers, rawHeaders, httpVersion }: IncomingMessage): KratosError | undefined {
    const { host } = headers;
    if (!isVersion(httpVersion, headers)) return wrongVersion(httpVersion);
    if (host === undefined) {
      if (httpVersion === "1.1") return bindingError('the request has no "Host"');
    } else if (host !== this.#knownHost) {
      // Without a host in its URL a client sends an empty one.
      if (host !== "" && !isHost(host)) return malformedHost(host);
      this.#knownHost = host;
    }
    if (hasSeveralHosts(rawHeaders)) {
      return bindingError('the request has more than one "Host"');
    }
    const authority = headers[":authority"];
    if (authority !== undefined && authority !== host) {
      return bindingError('"Host" and ":authority" name different hosts');
    }
    const coding = headers["transfer-encoding"];
    return coding === undefined ? undefined : checkTransferCoding(coding, httpVersion);
  }
}

/** Whether it is not certain where a request ends whose head is no good. */
export function isEndInDoubt({ headers, httpVersion }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || !isVersion(httpVersion, headers);
}

/** Takes the host from the request's target, where it has one, in place of its header (RFC 9112, section 3.2.2). */
export function adoptHost({ url = "", headers, rawHeaders }: IncomingMessage): void {
  if (url.startsWith("/")) return;
  const host = findTargetHost(url);
  if (host === undefined || !isHost(host)) return; // routing refuses it
  if (headers.host === undefined) rawHeaders.push("Host", host);
  headers.host = host;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (isHostName(rawHeaders[index]!)) rawHeaders[index + 1] = host;
  }
}

/** 400 for what is no host. */
export function malformedHost(host: string): KratosError {
  return bindingError(`${excerpt(host)} is no host, send one such as "api.example.com:8080"`);
}

/** Node's parser also takes other versions for the first line of a text, and lines without one. */
function isVersion(version: string, headers: IncomingHttpHeaders): boolean {
  return version === "1.1" || version === "1.0" || headers[":method"] !== undefined;
}

function wrongVersion(version: string): KratosError {
  const message = `HTTP/${version} is not served over this connection, use HTTP/1.1`;
  return new KratosError(505, "CODEC", message);
}

/** RFC 9112, sections 6.1 and 7: whoever reads a coding as if it were not there may see another request than others. */
function checkTransferCoding(coding: string, httpVersion: string): KratosError | undefined {
  if (httpVersion === "1.0") {
    return bindingError('HTTP/1.0 has no "Transfer-Encoding", send "Content-Length"');
  }
  // A list may have empty members.
  if (/^[\t ,]*chunked$/i.test(coding)) return undefined;
  if (!/[\t ,]chunked$/i.test(coding)) {
    return bindingError('the last transfer coding must be "chunked", nothing else has an end');
  }
  const message = `transfer coding ${excerpt(coding)} is not supported, use "chunked" alone`;
  return new KratosError(501, "CODEC", message);
}

/** What stands before a server may have gone by another one than Node, which takes the first (RFC 9112, section 3.2). */
function hasSeveralHosts(raw: readonly string[]): boolean {
  let count = 0;
  for (let index = 0; index < raw.length; index += 2) {
    if (isHostName(raw[index]!)) count++;
  }
  return count > 1;
}

function isHostName(name: string): boolean {
  return name.length === 4 && name.toLowerCase() === "host";
}
