/**
 * Settings of traffic routers that contradict each other (docs/behaviour/validation.md#settings-of-routers). The
 * reference's linter lets them through and its controller holds the Rollout, so at admission they warn.
 */
import { count, at, type Place, present, root, text } from "../../../kube/validation/place.ts";
import { internalError, invalid, required, type Violation } from "../../../kube/validation/violation.ts";

type Rule = (routing: Place) => readonly Violation[];

/** One name, or a list of names. */
function oneOrSeveral(router: Place, [one, several]: readonly [string, string], titles: string): readonly Violation[] {
  const hasOne = text(at(router, one)) !== "";
  const hasSeveral = present(at(router, several));
  if (!present(router) || hasOne !== hasSeveral) return [];
  const which = hasOne ? "Both" : "Neither";
  return [internalError("router-names", router, `Either ${titles} must be configured. ${which} are configured.`)];
}

const nginx: Rule = (routing) =>
  oneOrSeveral(at(routing, "nginx"), ["stableIngress", "stableIngresses"], "StableIngress or StableIngresses");

const alb: Rule = (routing) => oneOrSeveral(at(routing, "alb"), ["ingress", "ingresses"], "Ingress or Ingresses");

const istio: Rule = (routing) => {
  const place = at(routing, "istio");
  const one = present(at(place, "virtualService"));
  if (!present(place) || one !== present(at(place, "virtualServices"))) return [];
  return [internalError("router-names", place, "either VirtualService or VirtualServices must be configured")];
};

const ambassador: Rule = (routing) => {
  const mappings = at(routing, "ambassador", "mappings");
  if (!present(at(routing, "ambassador")) || count(mappings) > 0) return [];
  return [invalid("router-names", mappings, "must provide at least one mapping")];
};

const appMesh: Rule = (routing) => {
  const service = at(routing, "appMesh", "virtualService");
  if (!present(at(routing, "appMesh")) || present(service)) return [];
  return [required("router-names", service, "must provide virtual-service")];
};

const RULES: readonly Rule[] = [nginx, alb, istio, ambassador, appMesh];

export function routerViolations(rollout: unknown): readonly Violation[] {
  const routing = at(root(rollout), "spec", "strategy", "canary", "trafficRouting");
  return RULES.flatMap((rule) => rule(routing));
}
