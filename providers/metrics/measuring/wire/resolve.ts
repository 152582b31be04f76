/** Names of servers and the addresses that they have. */
import type { Clock } from "../../../../kube/clock/clock.ts";

/** Addresses of a name, at least one. Rejects with a code such as ENOTFOUND. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/**
 * /etc/hosts and the search domains of /etc/resolv.conf count. By c-ares, which waits without a thread: getaddrinfo
 * (node:dns) would hold one of the few that also read files, so that sixty names whose servers do not answer stop the
 * whole process for as long.
 */
export const systemResolve: Resolve = async (host) => {
  const found = await Bun.dns.lookup(host, { backend: "c-ares" });
  return found.map(({ address }) => address);
};

/** How long an answer counts: a thousand metrics of one server ask for its name at every interval. */
const KEPT_MS = 5_000;
const MOST_NAMES = 1_000;

/** Askers at the same time share a question, and a name that is never answered waits once. */
export function cachedResolve(resolve: Resolve, clock: Clock): Resolve {
  const known = new Map<string, { readonly untilMs: number; readonly addresses: Promise<readonly string[]> }>();
  return (host) => {
    const found = known.get(host);
    if (found !== undefined && clock.now() < found.untilMs) return found.addresses;
    if (known.size >= MOST_NAMES) known.clear();
    const addresses = resolve(host);
    known.set(host, { untilMs: clock.now() + KEPT_MS, addresses });
    addresses.catch(() => known.delete(host));
    return addresses;
  };
}
