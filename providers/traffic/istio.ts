/**
 * Istio (docs/behaviour/traffic.md#istio): the routes of VirtualServices get weights, by the hosts of two Services or by
 * subsets of a DestinationRule, whose labels then tell the pods of the two revisions apart.
 */
import { at, type Place, present, root, text } from "../../kube/validation/place.ts";
import { helped, internalError } from "../../kube/validation/violation.ts";
import { MANAGED_BY } from "../../schema/labels.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { cookieNameIn } from "./affinity.ts";
import { holderOf, markOf, marksOn, selectionIn, type Split } from "./istioMark.ts";
import { partiesOf, roleOf, weightOf } from "./istioRoles.ts";
import { allDestinations } from "./istioRoutes.ts";
import { hashOf, hostOf, rulePart, ruleRelease, type RuleSettings } from "./istioRule.ts";
import { type Service, servicePart, serviceRelease } from "./istioService.ts";
import { planOf, relying } from "./plan.ts";
import type { ObjectRef, RoutedObject, RoutedResource, Router, RoutingInput } from "./router.ts";
import { type RouterSetting, type RouterSettings, textIn } from "./settings.ts";
import { servicesOf } from "./stableAndCanary.ts";
import { referencesOf, virtualServiceFindings, virtualServicePlace } from "./virtualService.ts";

const GROUP = "networking.istio.io";

const istioVersion: RouterSetting = {
  name: "istioVersion",
  flag: "istio-api-version",
  kind: "text",
  value: "v1alpha3",
  help: `version of VirtualServices and DestinationRules (${GROUP})`,
  oneOf: ["v1alpha3", "v1beta1", "v1"],
};

const services = (settings: RouterSettings): RoutedResource => ({
  kind: "VirtualService",
  group: GROUP,
  version: textIn(settings, istioVersion),
  plural: "virtualservices",
});

const rules = (settings: RouterSettings): RoutedResource => ({
  ...services(settings),
  kind: "DestinationRule",
  plural: "destinationrules",
});

const WRITES = ["get", "list", "watch", "patch"] as const;

export const istio: Router<"istio"> = {
  kind: "istio",
  title: "Istio",
  metrics: { label: "Istio", rank: 3 },
  abilities: {
    pingPong: true,
    headerRoutes: "anyMatch",
    mirrorRoutes: true,
    experimentWeights: true,
    sessionAffinity: () => undefined,
  },
  // Subsets distinguish the pods without two Services.
  needsServices: (settings, pingPong) => !pingPong && !present(at(settings, "destinationRule")),
  named: {
    resource: { group: GROUP, version: istioVersion.value, plural: "virtualservices" },
    placeOf: virtualServicePlace,
    findings: virtualServiceFindings,
  },
  violations: (settings: Place) => {
    const one = present(at(settings, "virtualService"));
    if (!present(settings) || one !== present(at(settings, "virtualServices"))) return [];
    const found = internalError(
      "router-names",
      settings,
      "either VirtualService or VirtualServices must be configured",
    );
    const help = one
      ? "Put all the VirtualServices into virtualServices, and remove virtualService"
      : "Write virtualService: {name: …}, or virtualServices with a list of them";
    return [helped(found, help)];
  },
  settings: [istioVersion],
  uses: [
    {
      group: GROUP,
      plural: "virtualservices",
      verbs: WRITES,
      why: { verb: "writes", what: "the weights into your VirtualServices" },
    },
    {
      group: GROUP,
      plural: "destinationrules",
      verbs: WRITES,
      why: { verb: "writes", what: "labels into the subsets of your DestinationRules" },
    },
  ],
  resources: (settings) => [services(settings), rules(settings)],
  reads: (rollout, settings) => {
    const rule = ruleOf(rollout);
    return [
      ...servicesNamed(rollout, settings).map(({ ref }) => ref),
      ...(rule === undefined ? [] : [ruleRef(rollout, rule, settings)]),
    ];
  },
  heeds: () => true,
  route(input) {
    const { rollout, settings } = input;
    const named = servicesNamed(rollout, settings);
    const rule = ruleOf(rollout);
    if (rule === undefined) {
      const { canary } = servicesOf(rollout, "instead");
      return planOf(named.map((service) => servicePart(input, service, canary)));
    }
    const part = rulePart(input, rule, ruleRef(rollout, rule, settings));
    // Nobody is sent to a subset that may lead to other pods; a lower weight needs no subset.
    const isBroken = part.fault !== undefined;
    const lower = (service: Service): boolean => input.traffic.canaryWeight <= weightNow(input, service);
    const may = named.filter((service) => !isBroken || lower(service));
    const host = isBroken ? undefined : canaryHost(input, rule);
    const weights = may.map((service) => ({ service, part: servicePart(input, service, host) }));
    return planOf(
      weightsFirst(input, named, rule)
        ? [...weights.map((each) => each.part), relying(part)]
        : [part, ...weights.map((each) => (lower(each.service) ? each.part : relying(each.part)))],
    );
  },
  release: {
    holders: (object) => [
      ...ruleHolders(object),
      ...[...marksOn(at(root(object), "metadata")).keys()].map(holderHere(object)),
    ],
    plan(ref, object, gone) {
      if (ref.resource.plural === "destinationrules") {
        return ruleHolders(object).some((name) => gone.has(name)) ? ruleRelease(ref, object) : undefined;
      }
      const here = holderHere(object);
      return serviceRelease(ref, object, (holder) => gone.has(here(holder)));
    },
  },
};

const ruleHolders = ({ metadata }: RoutedObject): readonly string[] => {
  const holder = metadata.annotations?.[MANAGED_BY] ?? "";
  return holder === "" ? [] : [holder];
};

/** The name of a holder of the object's own namespace, "namespace/name" of another one. */
const holderHere =
  ({ metadata }: RoutedObject) =>
  (holder: string): string =>
    holder.startsWith(holderOf(metadata.namespace, "")) ? holder.slice(metadata.namespace.length + 1) : holder;

const ruleOf = (rollout: Rollout): RuleSettings | undefined =>
  rollout.spec.strategy?.canary?.trafficRouting?.istio?.destinationRule;

const ruleRef = (rollout: Rollout, { name }: RuleSettings, settings: RouterSettings): ObjectRef => ({
  resource: rules(settings),
  namespace: rollout.metadata.namespace,
  name,
});

/** Each VirtualService once: of several entries for the same one the first counts. */
function servicesNamed(rollout: Rollout, settings: RouterSettings): readonly Service[] {
  const seen = new Map<string, Service>();
  for (const entry of referencesOf(rollout)) {
    const place = virtualServicePlace(text(at(entry, "name")), rollout.metadata.namespace);
    const key = `${place.namespace}/${place.name}`;
    if (place.name === "" || seen.has(key)) continue;
    seen.set(key, { entry, ref: { resource: services(settings), ...place }, split: splitOf(rollout, entry) });
  }
  return [...seen.values()];
}

function splitOf(rollout: Rollout, entry: Place): Split {
  const routing = rollout.spec.strategy?.canary?.trafficRouting;
  const { canarySubsetName = "", stableSubsetName = "", additionalSubsetNames = [] } = ruleOf(rollout) ?? {};
  return {
    ...servicesOf(rollout, "instead"),
    canarySubset: canarySubsetName,
    stableSubset: stableSubsetName,
    keptSubsets: additionalSubsetNames,
    ...selectionIn(entry),
    managed: (routing?.managedRoutes ?? []).map(({ name }) => name),
    experiments: [],
    total: routing?.maxTrafficWeight ?? 100,
    cookie: cookieNameIn(routing?.sessionAffinity),
  };
}

/** Where header and mirror routes lead. */
function canaryHost({ rollout, settings, object }: RoutingInput, rule: RuleSettings): string | undefined {
  const found = object(ruleRef(rollout, rule, settings));
  return found === undefined ? undefined : hostOf(found) || servicesOf(rollout, "instead").canary;
}

/**
 * Whether the weights have to be written before the subsets get other hashes: a subset must not be bound to a revision
 * whose pods are not known to serve while requests still go to it, and requests must not go to one that is still bound to
 * pods that are gone (docs/behaviour/traffic.md#istio-subsets).
 */
function weightsFirst(input: RoutingInput, named: readonly Service[], rule: RuleSettings): boolean {
  const { rollout, settings, object, traffic } = input;
  const found = object(ruleRef(rollout, rule, settings));
  if (found === undefined) return false;
  const { canaryHash, stableHash, canaryWeight, total } = traffic;
  const now = {
    canary: { hash: canaryHash, weighs: canaryWeight > 0 },
    stable: { hash: stableHash, weighs: canaryWeight < total },
  };
  const old = {
    canary: { hash: hashOf(found, rule.canarySubsetName), weighs: named.some((one) => weighs(input, one, "canary")) },
    stable: { hash: hashOf(found, rule.stableSubsetName), weighs: named.some((one) => weighs(input, one, "stable")) },
  };
  const all = [now.canary, now.stable, old.canary, old.stable];
  const serving = new Set(["", ...all.filter((side) => side.weighs).map(({ hash }) => hash)]);
  const isSafe = (weights: typeof now, hashes: typeof now): boolean =>
    (!weights.canary.weighs || serving.has(hashes.canary.hash)) &&
    (!weights.stable.weighs || serving.has(hashes.stable.hash));
  // Stable's subset that selects all pods, as in Git, may have to do with few ones: then fewer requests come first.
  const narrows = old.stable.hash === "" && named.some((one) => weightNow(input, one) < canaryWeight);
  return (narrows || !isSafe(old, now)) && isSafe(now, old);
}

/** The largest weight of the canary in any route of a VirtualService, as it is now; routes of ours do not count. */
function weightNow({ rollout, object }: RoutingInput, { ref, split }: Service): number {
  const parties = partiesOf(split);
  const found = object(ref);
  const { namespace, name } = rollout.metadata;
  const left = markOf(at(root(found), "metadata"), namespace, name)?.managed ?? [];
  return allDestinations(found?.spec, [...split.managed, ...left])
    .filter((each) => roleOf(each, parties) === "canary")
    .reduce<number>((most, each) => Math.max(most, weightOf(each)), 0);
}

/** Whether any requests go to one of the two, by whatever route. */
function weighs({ object }: RoutingInput, { ref, split }: Service, role: "canary" | "stable"): boolean {
  const parties = partiesOf(split);
  return allDestinations(object(ref)?.spec).some((each) => weightOf(each) > 0 && roleOf(each, parties) === role);
}
