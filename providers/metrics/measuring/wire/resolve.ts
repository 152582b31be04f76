/** Names of servers and the addresses that they have. */
import { lookup } from "node:dns/promises";
import type { Clock } from "../../../../kube/clock/clock.ts";

/** Addresses of a name, at least one. Rejects as node:dns does. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** As getaddrinfo says: /etc/hosts and the search domains of the pod count. */
export const systemResolve: Resolve = async (host) => {
  const found = await lookup(host, { all: true });
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
