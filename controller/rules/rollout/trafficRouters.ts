/**
 * Settings of traffic routers that contradict each other (docs/behaviour/validation.md#settings-of-routers). The
 * reference's linter lets them through and its controller holds the Rollout, so at admission they warn. The checks
 * stand in each router's row.
 */
import { flatMap } from "../../../kube/object/flatMap.ts";
import { at, root } from "../../../kube/validation/place.ts";
import type { Violation } from "../../../kube/validation/violation.ts";
import type { RouterRow } from "../../../providers/traffic/router.ts";
import { ROUTERS } from "../../../providers/traffic/routers.ts";

export function routerViolations(rollout: unknown, routers: readonly RouterRow[] = ROUTERS): readonly Violation[] {
  const routing = at(root(rollout), "spec", "strategy", "canary", "trafficRouting");
  return flatMap(routers, ({ kind, violations }) => violations?.(at(routing, kind)) ?? []);
}
