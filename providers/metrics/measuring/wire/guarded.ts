/** The wire that reaches only addresses that are allowed (docs/security.md#addresses-of-metrics). */
import type { Clock } from "../../../../kube/clock/clock.ts";
import { addressRules, type AddressRules, type Server, serverAt } from "./addresses.ts";
import { addressesOf, portOf, type Wire } from "./exchange.ts";
import { cachedResolve, type Resolve, systemResolve } from "./resolve.ts";

export interface WireOptions {
  readonly addresses: AddressRules;
  /** Addresses (URLs) of the API server: they are refused. */
  readonly apiServers: readonly string[];
  readonly environment: (name: string) => string | undefined;
  /** For tests. */
  readonly resolve?: Resolve;
  readonly fetch?: Wire["fetch"];
}

export function guardedWire(options: WireOptions, clock: Clock): Wire {
  const resolve = cachedResolve(options.resolve ?? systemResolve, clock);
  const judge = addressRules(options.addresses);
  const apiServers = [...options.apiServers, ...inCluster(options.environment)];
  return {
    resolve,
    fetch: options.fetch ?? fetch,
    refusal: async (address, port) => {
      const judged = judge(address);
      if (judged.kind === "denied") return judged.what;
      return judged.kind === "allowed" ? undefined : serverAt(await serversOf(apiServers, resolve), address, port);
    },
  };
}

/** The API server as pods are told of it. */
function inCluster(environment: WireOptions["environment"]): readonly string[] {
  const host = environment("KUBERNETES_SERVICE_HOST") ?? "";
  const port = environment("KUBERNETES_SERVICE_PORT") ?? "443";
  return host === "" ? [] : [`https://${host.includes(":") ? `[${host}]` : host}:${port}`];
}

async function serversOf(urls: readonly string[], resolve: Resolve): Promise<readonly Server[]> {
  const servers = urls.filter((text) => URL.canParse(text)).map((text) => new URL(text));
  return Promise.all(
    servers.map(async (url) => ({
      what: "the API server",
      // One whose name is not known cannot be reached by it either.
      addresses: await addressesOf(url, resolve).catch(() => []),
      port: portOf(url),
    })),
  );
}
