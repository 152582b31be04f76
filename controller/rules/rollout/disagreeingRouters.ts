/**
 * Routers of one Rollout that are to be in charge of the same object (docs/behaviour/admission.md#routers-that-disagree).
 * Each writes its weights there for its own load balancer, and only one of these serves it.
 */
import { at, present, root, text } from "../../../kube/validation/place.ts";
import { duplicate, type Violation } from "../../../kube/validation/violation.ts";
import type { RouterRow } from "../../../providers/traffic/router.ts";
import { ROUTERS } from "../../../providers/traffic/routers.ts";
import { resourceName } from "../../../schema/kube.ts";

/** A warning for each name that a router before has, in the order of the routers. */
export function disagreeingRouters(rollout: unknown, routers: readonly RouterRow[] = ROUTERS): readonly Violation[] {
  const routing = at(root(rollout), "spec", "strategy", "canary", "trafficRouting");
  const inCharge = new Map<string, RouterRow>();
  return routers.flatMap((router) => {
    const { kind, named } = router;
    if (named?.owned === undefined || !present(at(routing, kind))) return [];
    return named.owned(rollout).flatMap((place) => {
      const object = `${resourceName(named.resource)} "${text(place)}"`;
      const other = inCharge.get(object);
      if (other === undefined) inCharge.set(object, router);
      if (other === undefined || other === router) return [];
      const detail = `${other.title} routes by ${object}, too, and only one of the two serves it; name another one, or one router`;
      return [{ ...duplicate("routers-disagree", place), detail }];
    });
  });
}
