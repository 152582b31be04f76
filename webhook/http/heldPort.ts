/** The webhook's port, before there is a certificate to serve on it. */

import { portError } from "../../controller/process/health.ts";

export interface HeldPort {
  readonly port: number;
  /** Call it once the webhook listens there, or never will. */
  release(): Promise<void>;
}

/** All addresses: IPv6 takes IPv4 in too, where the machine has both. */
const everywhere = ["::", "0.0.0.0"] as const;

/**
 * Takes the port so that no other process gets it, and so that the start fails if the port is taken: the certificate
 * comes from the cluster, much later. Clients that connect meanwhile are answered that they should try again.
 * @param port 0 takes a free port
 * @param address an IP address; undefined: all
 * @throws Error naming port and flag when the port cannot be taken
 */
export async function holdPort(port: number, address: string | undefined): Promise<HeldPort> {
  let failure: unknown;
  for (const hostname of address === undefined ? everywhere : [address]) {
    try {
      // A listener that shares its port (as the webhook does, to change certificates) lets others of the same user in
      // without an error: two controllers would divide the reviews between them. So first the port is taken without
      // sharing it.
      const alone = Bun.serve({ port, hostname, fetch: notYet });
      const got = alone.port ?? port;
      await alone.stop(true);
      const shared = Bun.serve({ port: got, hostname, reusePort: true, fetch: notYet });
      return { port: got, release: () => shared.stop(true) };
    } catch (error) {
      failure = error;
    }
  }
  throw portError({ port, address, flag: "--webhook-port", addressFlag: "--webhook-bind-address" }, failure);
}

const notYet = (): Response => new Response("starting\n", { status: 503 });
