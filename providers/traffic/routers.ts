/** The traffic routers there are. A new one is a file of its own and a line here. */
import type { Rollout } from "../../schema/rollout.ts";
import { alb } from "./alb.ts";
import { nginx } from "./nginx.ts";
import type { Router } from "./router.ts";
import { smi } from "./smi.ts";

/** In the order in which they are asked (docs/behaviour/traffic.md#routers). */
export const ROUTERS: readonly Router[] = [nginx, alb, smi];

/** The routers by which a Rollout's traffic goes; none for a Rollout without traffic routing. */
export function routersOf(rollout: Rollout): readonly Router[] {
  return ROUTERS.filter((router) => router.configured(rollout));
}
