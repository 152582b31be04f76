/**
 * Objects that a Rollout's routers name and what must stand in them (docs/behaviour/validation.md#ingresses). What that
 * is stands in each router's row.
 */
import type { Findings } from "../../../kube/validation/findings.ts";
import type { Lookup } from "../../../kube/validation/lookup.ts";
import { at, present, root } from "../../../kube/validation/place.ts";
import type { RouterRow } from "../../../providers/traffic/router.ts";
import type { RouterSettings } from "../../../providers/traffic/settings.ts";
import { ROUTERS } from "../../../providers/traffic/routers.ts";
import type { NamedObjects } from "../../../providers/traffic/traits.ts";
import { type Resource, resourceName } from "../../../schema/kube.ts";

/** Objects of a kind by name, as the kind's row has it; undefined: they are unknown, and lead to no finding. */
export type ObjectsOf = (resource: Resource) => Lookup<unknown> | undefined;

/**
 * Of several routers that name objects of one kind the reference checks only the last one's: ALB's, not NGINX's.
 * @param settings the controller's, where they are known
 */
export function namedObjectFindings(
  rollout: unknown,
  objectsOf: ObjectsOf,
  routers: readonly RouterRow[] = ROUTERS,
  settings?: RouterSettings,
): readonly Findings[] {
  const routing = at(root(rollout), "spec", "strategy", "canary", "trafficRouting");
  const asked = new Map<string, NamedObjects>();
  for (const { kind, named } of routers) {
    if (named !== undefined && present(at(routing, kind))) asked.set(resourceName(named.resource), named);
  }
  return [...asked.values()].flatMap(({ resource, findings }) => {
    const objects = objectsOf(resource);
    return objects === undefined ? [] : [findings(rollout, objects, settings)];
  });
}
