/** Ingresses that a Rollout names and what must stand in them (docs/behaviour/validation.md#ingresses). */
import type { Findings } from "../../../kube/validation/findings.ts";
import type { Lookup } from "../../../kube/validation/lookup.ts";
import { at, type Place, present, root, text } from "../../../kube/validation/place.ts";
import { invalid, type Violation } from "../../../kube/validation/violation.ts";
import { leadsTo } from "../../../providers/traffic/ingress.ts";
import type { RouterRow } from "../../../providers/traffic/router.ts";
import { ROUTERS } from "../../../providers/traffic/routers.ts";

interface Reference {
  readonly place: Place;
  /** The Service that some rule has to lead to. */
  readonly service: string;
}

/** Of several routers by Ingress the reference looks only at the last one's: with NGINX and ALB at ALB's. */
function referencesOf(rollout: unknown, routers: readonly RouterRow[]): readonly Reference[] {
  const canary = at(root(rollout), "spec", "strategy", "canary");
  const router = routers.findLast(
    ({ kind, ingresses }) => ingresses !== undefined && present(at(canary, "trafficRouting", kind)),
  );
  if (router?.ingresses === undefined) return [];
  const settings = at(canary, "trafficRouting", router.kind);
  const { names, service } = router.ingresses(settings, text(at(canary, "stableService")));
  return names.filter((place) => text(place) !== "").map((place) => ({ place, service }));
}

/** Ingresses of the Rollout's namespace by name. A missing one warns, since it may be on its way. */
export function ingressFindings(
  rollout: unknown,
  ingresses: Lookup<unknown>,
  routers: readonly RouterRow[] = ROUTERS,
): Findings {
  const references = referencesOf(rollout, routers);
  const missing = references.filter(({ place }) => !ingresses.has(text(place)));
  return {
    refuse: references
      .filter(({ place, service }) => ingresses.has(text(place)) && !leadsTo(ingresses.get(text(place)), service))
      .map(withoutRule),
    warn: missing.map(({ place }) =>
      invalid("ingress-missing", place, `ingress.networking.k8s.io "${text(place)}" not found`),
    ),
  };
}

const withoutRule = ({ place, service }: Reference): Violation =>
  invalid("ingress-service", place, `ingress \`${text(place)}\` has no rules using service ${service} backend`);
