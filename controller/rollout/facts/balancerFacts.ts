/** What deciding needs to know of the load balancers of a Rollout. */
import { routersOf } from "../../../providers/traffic/routers.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { BalancerFacts, Snapshot } from "../model/model.ts";
import type { Routed } from "./routedObjects.ts";

/** Where it is known. */
export interface BalancersKnown {
  of(uid: string): { readonly answers: BalancerFacts["answers"]; readonly inFlight: string | undefined };
}

export type KnownBalancers = Pick<Snapshot, "balancers" | "inquiry">;

export function balancersOf(
  { routers }: Pick<Routed, "routers">,
  known: BalancersKnown | undefined,
  rollout: Rollout,
): KnownBalancers {
  if (known === undefined) return {};
  const { answers, inFlight } = known.of(rollout.metadata.uid ?? "");
  const registering = routersOf(rollout, routers).find((router) => router.registers !== undefined);
  return {
    balancers: { answers, registered: (now) => registering?.registers?.(now) },
    ...(inFlight !== undefined && { inquiry: inFlight }),
  };
}
