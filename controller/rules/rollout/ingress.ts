/** Ingresses that a Rollout names and what must stand in them (docs/behaviour/validation.md#ingresses). */
import type { Findings } from "../../../kube/validation/findings.ts";
import type { Lookup } from "../../../kube/validation/lookup.ts";
import { at, items, type Place, present, root, text } from "../../../kube/validation/place.ts";
import { invalid, type Violation } from "../../../kube/validation/violation.ts";
import { leadsTo } from "../../../providers/traffic/ingress.ts";

interface Reference {
  readonly place: Place;
  /** The Service that some rule has to lead to. */
  readonly service: string;
}

/** With both routers the reference looks only at ALB's. */
function referencesOf(rollout: unknown): readonly Reference[] {
  const canary = at(root(rollout), "spec", "strategy", "canary");
  const nginx = at(canary, "trafficRouting", "nginx");
  const alb = at(canary, "trafficRouting", "alb");
  const stable = text(at(canary, "stableService"));
  const names = present(alb)
    ? [at(alb, "ingress"), ...listed(at(alb, "ingresses"))]
    : [at(nginx, "stableIngress"), ...listed(at(nginx, "stableIngresses"))];
  const service = text(at(alb, "rootService")) || stable;
  return names.filter((place) => text(place) !== "").map((place) => ({ place, service }));
}

/** The reference names the list as a whole. */
const listed = (list: Place): readonly Place[] =>
  items(list).map(({ value, path }) => ({ value, path: list.path, exactPath: path }));

/** Ingresses of the Rollout's namespace by name. A missing one warns, since it may be on its way. */
export function ingressFindings(rollout: unknown, ingresses: Lookup<unknown>): Findings {
  const references = referencesOf(rollout);
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
