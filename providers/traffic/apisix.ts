/**
 * Apache APISIX (docs/behaviour/traffic.md#apisix): weights of the backends in an ApisixRoute of the user's, and for each
 * header route an ApisixRoute of ours, which belongs to the Rollout (apisixHeaders.ts). No label in metrics, as in the
 * reference.
 */
import { isList, isObject, type Json } from "../../kube/object/json.ts";
import { at, root } from "../../kube/validation/place.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { APISIX_ROUTES, headerParts, headerRefs, headerRelease } from "./apisixHeaders.ts";
import { faulty, type Part, planOf } from "./plan.ts";
import type { MergePatch, ObjectRef, Release, RoutedObject, Router, RoutingInput } from "./router.ts";
import { markedPatch, reweighed, type Split, splitRelease, wantedWeights, type Weights } from "./splitMarks.ts";
import { always } from "./traits.ts";

const ofSplit = splitRelease((_, object, weights) => specPatch(object, undefined, weights));

/** A header route is ours and is deleted, whatever its mark says; the user's route is only marked. */
const release: Release = {
  holders: (object) => [...new Set([...headerRelease.holders(object), ...ofSplit.holders(object)])],
  plan: (ref, object, gone) => headerRelease.plan(ref, object, gone) ?? ofSplit.plan(ref, object, gone),
};

export const apisix: Router<"apisix"> = {
  kind: "apisix",
  title: "APISIX",
  abilities: { headerRoutes: "anyMatch" },
  needsServices: always,
  settings: [],
  uses: [
    {
      group: APISIX_ROUTES.group,
      plural: APISIX_ROUTES.plural,
      verbs: ["get", "list", "watch", "create", "patch", "delete"],
      why: { verb: "writes", what: "weights into your ApisixRoute, and makes one for each header route" },
    },
  ],
  resources: () => [APISIX_ROUTES],
  reads: (rollout) => [routeRef(rollout), ...headerRefs(rollout)],
  heeds: () => true,
  route: (input) => planOf(partsOf(input)),
  release,
};

const routeOf = ({ spec }: Rollout) => spec.strategy?.canary?.trafficRouting?.apisix?.route;

const routeRef = (rollout: Rollout): ObjectRef => ({
  resource: APISIX_ROUTES,
  namespace: rollout.metadata.namespace,
  name: routeOf(rollout)?.name ?? "",
});

/** The rule of the route's own name, unless the settings name others. */
function rulesOf(rollout: Rollout): readonly string[] {
  const { name = "", rules = [] } = routeOf(rollout) ?? {};
  return rules.length === 0 ? [name] : [...new Set(rules)];
}

/** The weights come first: an abort may not wait for a header route. */
function partsOf(input: RoutingInput): readonly Part[] {
  const ref = routeRef(input.rollout);
  const main = input.object(ref);
  const { stableService: stable = "", canaryService: canary = "" } = input.rollout.spec.strategy?.canary ?? {};
  const rules = rulesOf(input.rollout);
  const headers = headerParts(input, main, rules, { stable, canary });
  if (main === undefined)
    return [faulty(`${APISIX_ROUTES.plural}.${APISIX_ROUTES.group} "${ref.name}" not found`, true), ...headers];
  return [...weightParts(input, ref, main, { stable, canary }), ...headers];
}

/** A rule that is not as it must be does not keep the others from being written. */
function weightParts(input: RoutingInput, ref: ObjectRef, main: RoutedObject, split: Split): readonly Part[] {
  const rules = rulesOf(input.rollout);
  if (!isList(httpOf(main)))
    return [faulty(`spec.http was not found in Apisix Route manifest: ApisixRoute "${ref.name}"`)];
  const faults = rules.flatMap((rule) => faultOf(main, rule, split) ?? []);
  const sound = new Set(rules.filter((rule) => faultOf(main, rule, split) === undefined));
  const spec = specPatch(main, sound, wantedWeights(input, split, main));
  const patch = sound.size === 0 ? undefined : markedPatch(input, split, main, spec);
  const resourceVersion = main.metadata.resourceVersion ?? "";
  const failure = `Error updating apisix route "${ref.name}"`;
  const failureReason = "ApisixRouteUpdateError";
  return [
    patch === undefined ? {} : { write: { kind: "patch", ref, resourceVersion, patch, failure, failureReason } },
    ...faults.map((fault) => faulty(fault)),
  ];
}

const httpOf = ({ spec }: RoutedObject): unknown => at(root(spec), "http").value;
const listOf = (value: unknown): readonly unknown[] => (isList(value) ? value : []);
const serviceOf = ({ serviceName }: Json): string | undefined =>
  typeof serviceName === "string" ? serviceName : undefined;

/** The reference's words, and where. */
function faultOf(main: RoutedObject, rule: string, { stable, canary }: Split): string | undefined {
  const where = `in ApisixRoute "${main.metadata.name}"`;
  const found = listOf(httpOf(main)).find((one) => isObject(one) && one["name"] === rule);
  if (!isObject(found)) return `Apisix http route rule ${rule} not found ${where}`;
  const backends = found["backends"];
  if (!isList(backends)) return `Apisix http route backends not found: rule ${rule} ${where}`;
  const missing = [canary, stable].find(
    (service) => service === "" || !backends.some((one) => isObject(one) && serviceOf(one) === service),
  );
  return missing === undefined ? undefined : `apisix route ${missing} backend was not found: rule ${rule} ${where}`;
}

/** @param rules those whose backends are weighed; undefined: all that list at least two of them */
function specPatch(
  main: RoutedObject,
  rules: ReadonlySet<string> | undefined,
  weights: Weights,
): MergePatch | undefined {
  const old = listOf(httpOf(main));
  const weighed = new Set<string>();
  const http = old.map((rule) => {
    if (!isObject(rule)) return rule;
    const { name, backends: given } = rule;
    const own = listOf(given);
    // Of several rules of one name the first counts.
    const isNamed = typeof name === "string" && rules?.has(name) === true && !weighed.has(name);
    const listed = own.filter((one) => isObject(one) && weights.has(serviceOf(one) ?? ""));
    if (rules === undefined ? listed.length < 2 : !isNamed) return rule;
    if (typeof name === "string") weighed.add(name);
    const backends = reweighed(own, weights, serviceOf);
    return backends === own ? rule : { ...rule, backends };
  });
  return http.every((rule, index) => rule === old[index]) ? undefined : { http };
}
