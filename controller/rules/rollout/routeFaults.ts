/**
 * What a Rollout's routers would wait for: objects that are missing or do not lead to its Services, kinds that the
 * cluster does not have (docs/behaviour/admission.md#what-routers-will-wait-for). The routers say it themselves, asked
 * for the traffic of a Rollout at rest, so that no router is named here.
 */
import { LIMITS, spend, TooCostlyError, within } from "../../../kube/object/budget.ts";
import { controllerOf, isOfKind } from "../../../kube/object/ownerReference.ts";
import { at, items, keys, type Place, root, text } from "../../../kube/validation/place.ts";
import { whyHeldBack } from "../../../kube/validation/size.ts";
import { helped, invalid, notFound, type Violation } from "../../../kube/validation/violation.ts";
import type { ObjectRef, RoutedObject, Router, Traffic } from "../../../providers/traffic/router.ts";
import { DRIVEN_ROUTERS } from "../../../providers/traffic/routers.ts";
import type { RouterSettings } from "../../../providers/traffic/settings.ts";
import { configuredIn } from "../../../providers/traffic/traits.ts";
import { resourceName } from "../../../schema/kube.ts";
import { ROLLOUT_KIND } from "../../../schema/kinds.ts";
import type { Rollout } from "../../../schema/rollout.ts";

/** "unserved": the API server does not have the kind. */
export type RoutedAnswer =
  | { readonly kind: "found"; readonly object: RoutedObject }
  | { readonly kind: "absent" }
  | { readonly kind: "unserved" };

/** What is known of the objects of routers; undefined: nothing, and that leads to no finding. */
export interface RoutedAnswers {
  /** The controller's. */
  readonly settings: RouterSettings;
  readonly answer: (ref: ObjectRef) => RoutedAnswer | undefined;
  /** Of a kind in several groups the one that is known is the one that is used: manifests have no others. */
  readonly isOfOneGroup?: true;
}

/** Nobody is sent to a canary, and no route is asked for. */
const AT_REST: Traffic = { canaryHash: "", stableHash: "", canaryWeight: 0, total: 100, additional: [], routes: [] };

/** Of each router the first fault that will not go by itself. Never throws, whatever it is given. */
export function routeFaults(
  given: unknown,
  answers: RoutedAnswers,
  routers: readonly Router[] = DRIVEN_ROUTERS,
): readonly Violation[] {
  const { rollout, asked } = askedOf(given, answers.settings, routers);
  return asked.flatMap((router) => cautious(() => faultsOf(router, rollout, answers)) ?? []);
}

/**
 * The objects by which that is judged, as far as their names stand in the Rollout or, with `answers`, in other objects.
 * @param settings the controller's
 */
export function refsToJudge(
  given: unknown,
  settings: RouterSettings,
  answers?: RoutedAnswers,
  routers: readonly Router[] = DRIVEN_ROUTERS,
): readonly ObjectRef[] {
  const { rollout, asked } = askedOf(given, settings, routers);
  const object = (ref: ObjectRef): RoutedObject | undefined => {
    const found = answers?.answer(ref);
    return found?.kind === "found" ? found.object : undefined;
  };
  const refsBy = (router: Router): readonly ObjectRef[] =>
    answers === undefined
      ? router.reads(rollout, settings)
      : (router.readsFurther?.({ rollout, settings, object }) ?? []);
  return asked.flatMap((router) => cautious(() => refsBy(router)) ?? []);
}

/** Routers that read nothing but what other rules judge already are left out (namedObjects.ts). */
function askedOf(given: unknown, settings: RouterSettings, routers: readonly Router[]) {
  const place = root(given);
  const metadata = at(place, "metadata");
  const named = { namespace: text(at(metadata, "namespace")), name: text(at(metadata, "name")) };
  const rollout = { ...(given as Rollout), metadata: { ...(metadata.value as Rollout["metadata"]), ...named } };
  const routing = at(place, "spec", "strategy", "canary", "trafficRouting");
  const asked = configuredIn(routers, routing).filter(
    ({ named: judged, resources }) =>
      judged === undefined ||
      resources(settings).some((resource) => resourceName(resource) !== resourceName(judged.resource)),
  );
  return { rollout, asked };
}

/** Routers read Rollouts of the schema; what has another shape is told by others. */
function cautious<T>(work: () => T): T | undefined {
  try {
    const made = within(LIMITS.snapshot, work);
    return made instanceof TooCostlyError ? undefined : made;
  } catch {
    return undefined;
  }
}

function faultsOf(router: Router, rollout: Rollout, answers: RoutedAnswers): readonly Violation[] {
  const settings = at(root(rollout), "spec", "strategy", "canary", "trafficRouting", router.kind);
  const known = knownTo(rollout, router.reads(rollout, answers.settings), answers);
  const unserved = known.refs.filter((ref) => known.answer(ref)?.kind === "unserved");
  if (unserved.length > 0) return [unservedKind(settings, unserved)];
  const named = namedFaults(router, rollout, known, answers.settings);
  if (named === undefined || named.length > 0) return named ?? [];
  let isSure = true;
  const asked: ObjectRef[] = [];
  const plan = router.route({
    rollout,
    traffic: AT_REST,
    settings: answers.settings,
    object(ref) {
      spend(4, "looking for the objects of its routers");
      const found = known.answer(ref);
      asked.push(ref);
      isSure &&= found !== undefined && found.kind !== "unserved";
      return found?.kind === "found" ? found.object : undefined;
    },
    objects() {
      isSure = false;
      return [];
    },
  });
  if (!isSure || plan.kind !== "fault") return [];
  const { message, missing } = plan;
  const about = asked.find(({ name }) => message.includes(`"${name}"`) || message.includes(`\`${name}\``)) ?? asked[0];
  const place = about === undefined ? settings : (placeNaming(about, settings) ?? settings);
  const [rule, help] = missing
    ? (["routed-object-missing", MISSING] as const)
    : (["routed-object-unfit", UNFIT] as const);
  return [
    helped(invalid(rule, place, message, typeof place.value === "string" ? place.value : (about?.name ?? "")), help),
  ];
}

const MISSING = "Create it, or correct the name: the Rollout waits for it, and goes on by itself once it is there";
const UNFIT = "Mend it, or what the Rollout says of it: the Rollout waits, and goes on by itself once it is put right";

interface Known {
  readonly refs: readonly ObjectRef[];
  readonly answer: RoutedAnswers["answer"];
}

/**
 * Of a kind in several groups one suffices: the others are absent then. An object of another Rollout, or of an earlier
 * one of the same name, may be on its way out.
 */
function knownTo({ metadata: { uid } }: Rollout, refs: readonly ObjectRef[], answers: RoutedAnswers): Known {
  const ofOne = (ref: ObjectRef): RoutedAnswer | undefined => {
    const found = answers.answer(ref);
    if (found?.kind !== "found") return found;
    const owner = controllerOf(found.object);
    const isOthers = owner !== undefined && isOfKind(owner, ROLLOUT_KIND) && owner.uid !== uid;
    return isOthers || whyHeldBack(found.object) !== undefined ? undefined : found;
  };
  const answer = (ref: ObjectRef): RoutedAnswer | undefined => {
    const own = ofOne(ref);
    if (ref.resource.alternative === undefined || own?.kind === "found" || own?.kind === "absent") return own;
    const others = refs.filter(
      ({ resource, name }) =>
        name === ref.name && resource.alternative === ref.resource.alternative && resource.group !== ref.resource.group,
    );
    const said = others.map(ofOne);
    const isKnown = said.some((one) => one?.kind === "found" || one?.kind === "absent");
    if (isKnown && (own !== undefined || answers.isOfOneGroup === true)) return { kind: "absent" };
    return said.includes(undefined) ? undefined : own;
  };
  return { refs, answer };
}

function unservedKind(settings: Place, refs: readonly ObjectRef[]): Violation {
  const [first] = refs;
  const kinds = refs
    .filter(({ resource }) => resource.kind === first?.resource.kind)
    .map(({ resource }) => `${resourceName(resource)} (${resource.version})`);
  const detail = `this cluster does not serve ${[...new Set(kinds)].join(" or ")}`;
  const help =
    "Install its CustomResourceDefinition, or name another version to the controller: the Rollout waits for it, and goes on by itself once it is served";
  return helped(notFound("routed-kind-unserved", settings, detail, first?.resource.kind), help);
}

/** What the rules of such objects say, which know the place of each: here it warns. Undefined: it is not known. */
function namedFaults(
  { named, resources }: Router,
  rollout: Rollout,
  { answer }: Known,
  settings: RouterSettings,
): readonly Violation[] | undefined {
  const resource = resources(settings).find(
    (one) => named !== undefined && resourceName(one) === resourceName(named.resource),
  );
  if (named === undefined || resource === undefined) return [];
  let isSure = true;
  const find = (name: string): RoutedObject | undefined => {
    const { namespace } = rollout.metadata;
    const found = answer({ resource, ...(named.placeOf?.(name, namespace) ?? { namespace, name }) });
    isSure &&= found !== undefined;
    return found?.kind === "found" ? found.object : undefined;
  };
  const { refuse, warn } = named.findings(rollout, { get: find, has: (name) => find(name) !== undefined }, settings);
  if (!isSure) return undefined;
  // Help may quote objects that whoever has written the Rollout may not read.
  return [...warn.map((one) => helped(one, MISSING)), ...refuse.map((one) => helped(one, UNFIT))];
}

/** Where the settings name an object: `NAME`, `NAME.NAMESPACE` or `kind/NAME`. */
function placeNaming({ name, namespace }: ObjectRef, place: Place): Place | undefined {
  const own = text(place);
  if (own !== "") return own === name || own === `${name}.${namespace}` || own.endsWith(`/${name}`) ? place : undefined;
  for (const each of [...items(place), ...keys(place).map((key) => at(place, key))]) {
    const found = placeNaming({ name, namespace } as ObjectRef, each);
    if (found !== undefined) return found;
  }
  return undefined;
}
