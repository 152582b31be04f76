/**
 * Who may call the server over HTTP. It has no authentication and listens on this machine alone, but every web page in
 * a browser here could send requests, too: by a form, a fetch, or a name of its own that resolves to this machine (DNS
 * rebinding). Such a page is recognised by the browser's headers Host, Origin and Sec-Fetch-Site; of these kubectl and
 * client libraries send only Host, with our name.
 */
import { bareType, served } from "./media.ts";
import { StatusError } from "../../model/statusError.ts";

/** Why a request is refused; undefined when it is not. */
export type Doorkeeper = (request: Request) => StatusError | undefined;

/** Bodies as kubectl and client libraries send them. None is a type that a page may send without a preflight. */
const bodyTypes: ReadonlySet<string> = new Set([
  "application/apply-patch+yaml",
  "application/json",
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/vnd.kubernetes.protobuf",
  "application/yaml",
]);

const loopback = ["127.0.0.1", "localhost", "[::1]"];

/** An IPv6 address stands in brackets where a port follows. */
export const inUrl = (hostname: string): string =>
  hostname.includes(":") && !hostname.startsWith("[") ? `[${hostname}]` : hostname;

const hasPort = (host: string): boolean => /^(\[[^\]]*\]|[^:]*):\d+$/.test(host);

/** @param hosts other names that the user has allowed, "name" (with our port) or "name:port" */
export function doorkeeper(port: number, hosts: readonly string[]): Doorkeeper {
  const named = [...loopback, ...hosts].map((host) => (hasPort(host) ? host : `${inUrl(host)}:${port}`).toLowerCase());
  // Clients leave out the default port of HTTP.
  const allowed = new Set([...named, ...named.map((host) => host.replace(/:80$/, ""))]);
  return (request) => hostRefusal(request, allowed) ?? originRefusal(request, allowed) ?? typeRefusal(request);
}

function hostRefusal({ headers }: Request, allowed: ReadonlySet<string>): StatusError | undefined {
  const host = headers.get("host")?.toLowerCase() ?? "";
  if (allowed.has(host)) return undefined;
  const known = [...allowed].join(", ");
  return forbidden(
    `this API server has no authentication, and answers to ${known} only, not to the Host ${shown(host)}: a web page ` +
      "could have led here. If it was you, start `sluice dev` with --allow-host and that name",
  );
}

function originRefusal({ headers }: Request, allowed: ReadonlySet<string>): StatusError | undefined {
  const origin = headers.get("origin");
  if (origin !== null && !allowed.has(origin.toLowerCase().replace(/^https?:\/\//, ""))) {
    return forbidden(
      `this API server has no authentication, and answers to no web page: this one is of ${shown(origin)}`,
    );
  }
  const site = headers.get("sec-fetch-site");
  if (site === null || site === "same-origin" || site === "none") return undefined;
  return forbidden(`this API server has no authentication, and answers to no web page: this one is ${shown(site)}`);
}

/** No type is needed without a body. A body without a type is JSON, as to the API server, but not from a browser. */
function typeRefusal({ headers, body }: Request): StatusError | undefined {
  const type = bareType(headers.get("content-type") ?? "");
  if (bodyTypes.has(type)) return undefined;
  if (type === "" && (body === null || !isBrowser(headers))) return undefined;
  return unsupportedType();
}

export const unsupportedType = (): StatusError =>
  new StatusError(
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${served.join(", ")}`,
    {},
  );

const isBrowser = (headers: Headers): boolean =>
  ["origin", "referer", "sec-fetch-site"].some((name) => headers.has(name)) ||
  headers.get("user-agent")?.startsWith("Mozilla/") === true;

const forbidden = (message: string): StatusError => new StatusError(403, "Forbidden", message, {});

const shown = (text: string): string => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
