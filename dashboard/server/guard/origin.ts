/**
 * Requests that a page of another site has made a browser send (docs/dashboard.md#what-keeps-other-sites-out). Pure.
 */

export interface Asked {
  readonly method: string;
  readonly headers: Headers;
  /** Whether it came over TLS, to us or to a proxy before us. */
  readonly isSecure: boolean;
}

export interface OriginRules {
  /** Names, without a port, under which the dashboard may be asked for; undefined: any. */
  readonly hosts: ReadonlySet<string> | undefined;
  /** Where people reach it from outside: `https://rollouts.example.com`. */
  readonly origin: string | undefined;
}

/** A sentence for the one who asks. */
export interface Refusal {
  readonly error: string;
  readonly code: "origin";
}

const refused = (error: string): Refusal => ({ error, code: "origin" });

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);
export const isWrite = (method: string): boolean => !SAFE.has(method);

/** The name in a Host header: `[::1]:3100` is `[::1]`. */
const nameOf = (host: string): string => host.replace(/:\d+$/, "").toLowerCase();

/** Undefined: nothing is wrong with where it comes from. */
export function originProblem(
  { method, headers, isSecure }: Asked,
  { hosts, origin }: OriginRules,
): Refusal | undefined {
  const host = headers.get("host") ?? "";
  if (hosts !== undefined && !hosts.has(nameOf(host)))
    return refused(
      `Refused: the dashboard is not served under the name "${nameOf(host).slice(0, 100)}"; ask for it as ${[...hosts].join(", ")}, or start it with --host`,
    );
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none")
    return refused("Refused: a page of another site has sent this request");
  if (!isWrite(method)) return undefined;
  const from = headers.get("origin");
  if (from === null) return undefined;
  const own = [`${isSecure ? "https" : "http"}://${host}`, ...(origin === undefined ? [] : [origin])];
  return own.some((each) => each.toLowerCase() === from.toLowerCase())
    ? undefined
    : refused(`Refused: a page of "${from.slice(0, 100)}" has sent this request, which is not the dashboard's own`);
}

export const LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"] as const;
