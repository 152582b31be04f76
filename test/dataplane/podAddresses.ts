/**
 * Makes the addresses of the fake nodes' pods reachable, so that a data plane can send requests to them.
 * EndpointSlices hold a pod's `status.podIP`, and the API server refuses loopback addresses there. As root, the pods'
 * network is made local to this machine (a route of type `local`, removed when this process ends): then the addresses in
 * EndpointSlices are the real ones, and any data plane that reads them works unchanged. Without that right each pod
 * listens at a twin in 127.0.0.0/8, which is enough for a data plane whose configuration we write.
 */
import { podNetwork } from "../cluster/harness/podNetwork.ts";

export interface PodAddresses {
  /** Whether programs of this machine reach a pod at its own address. */
  readonly areReal: boolean;
  /** Where a pod listens. */
  of(podIp: string): string;
}

/** Takes the route back when its standard input closes, as it does when this process ends in any way. */
const keeper = `trap '' INT TERM HUP; read -r _; ip route del "$@"`;

function makeLocal(): PodAddresses {
  const route = ["local", podNetwork.cidr, "dev", "lo"];
  const areReal = Bun.which("ip") !== null && Bun.spawnSync(["ip", "route", "replace", ...route]).success;
  if (areReal) Bun.spawn(["sh", "-c", keeper, "sh", ...route], { stdio: ["pipe", "ignore", "ignore"] }).unref();
  return { areReal, of: (podIp) => (areReal ? podIp : podIp.replace(/^10\./, "127.")) };
}

let made: PodAddresses | undefined;

/** The same for every test of this process. */
export const podAddresses = (): PodAddresses => (made ??= makeLocal());
