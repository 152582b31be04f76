/** Which Services play stable and canary (docs/behaviour/traffic.md#which-services). */
import type { Rollout } from "../../schema/rollout.ts";

export interface StableAndCanary {
  readonly stable: string;
  readonly canary: string;
}

/**
 * The two Services of a Rollout, "" where it does not name one. With ping-pong the two swap places at every promotion;
 * while the status does not record which is which, pong is stable.
 * @param pingPong "preferred": before `stableService` and `canaryService`; "instead": only when neither is named
 */
export function servicesOf({ spec, status }: Rollout, pingPong: "preferred" | "instead"): StableAndCanary {
  const { stableService = "", canaryService = "", pingPong: names } = spec.strategy?.canary ?? {};
  if (names === undefined || (pingPong === "instead" && (stableService !== "" || canaryService !== ""))) {
    return { stable: stableService, canary: canaryService };
  }
  const { pingService: ping, pongService: pong } = names;
  return status?.canary?.stablePingPong === "ping" ? { stable: ping, canary: pong } : { stable: pong, canary: ping };
}
