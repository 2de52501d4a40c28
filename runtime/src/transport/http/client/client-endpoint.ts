/** Where a client calls, read. */
export type ClientEndpoint =
  | {
      readonly kind: "origin";
      /** `http://host:port`, `unix:/path`, or empty for the page's own. */
      readonly origin: string;
      /** In front of every path; without a slash at its end. */
      readonly base: string;
    }
  | { readonly kind: "direct"; readonly addresses: readonly string[] }
  | { readonly kind: "discovery"; readonly serviceName: string };

/**
 * Reads the endpoint of a client; `scheme` is that of one without. Throws a `TypeError` for what is none, which
 * does not show a password that it holds.
 */
export function parseClientEndpoint(endpoint: string, scheme: "http" | "https"): ClientEndpoint {
  if (endpoint === "") return { kind: "origin", origin: "", base: "" };
  const [, kind = "", rest = ""] = /^(discovery|direct|unix):\/\/(.*)$/.exec(endpoint) ?? [];
  switch (kind) {
    case "discovery": {
      // The authority says nothing; Kratos takes the path as the name.
      const [, serviceName] = /^[^/]*\/([^/?#].*)$/.exec(rest) ?? [];
      if (serviceName === undefined) throw endpointError(endpoint, "discovery:///orders");
      return { kind, serviceName };
    }
    case "direct": {
      const addresses = rest
        .replace(/^\//, "")
        .split(",")
        .map((part) => part.trim());
      const wrong = addresses.some((address) => !isAddress(address));
      if (wrong) throw endpointError(endpoint, "direct:///10.0.0.7:8000,10.0.0.8:8000");
      return { kind, addresses };
    }
    case "unix":
      if (!isSocketPath(rest)) throw endpointError(endpoint, "unix:///run/orders.sock");
      return { kind: "origin", origin: `unix:${rest}`, base: "" };
  }
  const text = endpoint.includes("://") ? endpoint : `${scheme}://${endpoint}`;
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) {
    throw endpointError(endpoint, "http://127.0.0.1:8000");
  }
  const { origin, pathname, username, password, search, hash } = new URL(text);
  if (username !== "" || password !== "") {
    throw new TypeError(
      `the endpoint at "${origin}" must not hold a user, use the header "Authorization"`,
    );
  }
  if (search !== "" || hash !== "") {
    throw new TypeError(`the endpoint "${endpoint}" must end with its path`);
  }
  return { kind: "origin", origin, base: pathname.replace(/\/+$/, "") };
}

/** Of a longer path, and behind a NUL, Node would take a part and connect to that. */
function isSocketPath(text: string): boolean {
  return /^\/[^\0]+$/.test(text) && new TextEncoder().encode(text).length <= maxSocketPath;
}

/** In bytes, of the system that takes the longest. */
const maxSocketPath = 107;

function isAddress(text: string): boolean {
  return (
    /^(?:\[[0-9a-f:.]+\]|[^\s:/?#@[\],]+):\d{1,5}$/i.test(text) && URL.canParse(`http://${text}`)
  );
}

function endpointError(endpoint: string, example: string): TypeError {
  return new TypeError(`"${endpoint}" is no endpoint, use a URL such as "${example}"`);
}
