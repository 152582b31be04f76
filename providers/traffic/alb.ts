/**
 * The AWS load balancer controller (docs/behaviour/traffic.md#alb). An Ingress leads to a backend that need not exist;
 * an annotation named after that backend holds how its traffic is divided: a forward action, as JSON. The Ingress
 * is the user's and may be shared by Rollouts, so another annotation lists which of them are written for which Rollout
 * (header routes: albRoutes.ts; release: albRelease.ts; what AWS says of the weights: albVerify.ts).
 */
import { ENDPOINT_SLICES } from "../../kube/client/resources.ts";
import { equal } from "../../kube/object/equality.ts";
import { mergePatch } from "../../kube/object/mergePatch.ts";
import { at, type Place, present, text } from "../../kube/validation/place.ts";
import { helped, invalid, type Violation } from "../../kube/validation/violation.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { TrafficRouting } from "../../schema/trafficRouting.ts";
import {
  ACTIONS,
  CONDITIONS,
  forwardText,
  MANAGED,
  managedText,
  readManaged,
  type Stickiness,
  type TargetGroup,
} from "./albAnnotations.ts";
import { verificationSettings, verifiesAtAws, verifyWeights } from "./albVerify.ts";
import { release, type Unsplit, withoutSplits } from "./albRelease.ts";
import { type Around, type HeaderRoute, routable, routeAnnotations, routeKeys, withRoutes } from "./albRoutes.ts";
import {
  INGRESSES,
  ingressPlaces,
  ingressRef,
  isOfClass,
  leadsTo,
  namedIngresses,
  notFound,
  oneOrSeveral,
  specOf,
} from "./ingress.ts";
import { type Fault, faulty, type Part, planOf } from "./plan.ts";
import {
  type MergePatch,
  type RoutedObject,
  type RoutedWrite,
  type Router,
  type RouterEvent,
  type RoutingInput,
  stableWeight,
  type Traffic,
} from "./router.ts";
import { servicesOf } from "./stableAndCanary.ts";
import { listIn, type RouterSetting } from "./settings.ts";
import { unlessPingPong } from "./traits.ts";

type Alb = NonNullable<TrafficRouting["alb"]>;

const albOf = (rollout: Rollout): Alb | undefined => rollout.spec.strategy?.canary?.trafficRouting?.alb;

const ingressClasses: RouterSetting = {
  name: "albIngressClasses",
  flag: "alb-ingress-classes",
  kind: "list",
  value: "alb",
  help: "class of Ingresses that belong to AWS load balancers and are watched (repeatable)",
};

const ROOT_REQUIRED = "Root service field is required for the configuration with ALB and ping-pong feature enabled";

function pingPongViolations(settings: Place): readonly Violation[] {
  const service = at(settings, "rootService");
  if (!present(settings) || text(service) !== "") return [];
  const help = "Name in alb.rootService the Service that the Ingress's rule leads to; it is neither ping nor pong";
  return [helped(invalid("ping-pong-alb-root", service, ROOT_REQUIRED, ""), help)];
}

export const alb: Router<"alb"> = {
  kind: "alb",
  title: "ALB",
  metrics: { label: "ALB", rank: 1 },
  abilities: { pingPong: true, headerRoutes: "exactMatch", experimentWeights: true },
  needsServices: unlessPingPong,
  violations: (settings) => oneOrSeveral(settings, ["ingress", "ingresses"], "Ingress or Ingresses"),
  pingPongViolations,
  named: namedIngresses({ kind: "alb", title: "ALB", classes: ingressClasses }, (settings, stableService) => ({
    names: ingressPlaces(settings, "ingress", "ingresses"),
    service: text(at(settings, "rootService")) || stableService,
  })),
  settings: [ingressClasses, ...verificationSettings],
  uses: [
    {
      group: INGRESSES.group,
      plural: INGRESSES.plural,
      verbs: ["get", "list", "watch", "patch"],
      why: { verb: "writes", what: "annotations on yours" },
    },
    {
      group: "elbv2.k8s.aws",
      plural: "targetgroupbindings",
      verbs: ["list"],
      why: { verb: "reads", what: "TargetGroupBindings where --aws-verify-target-group is set" },
    },
    {
      group: ENDPOINT_SLICES.group,
      plural: ENDPOINT_SLICES.plural,
      verbs: ["list"],
      why: { verb: "reads", what: "the endpoints of Services that have one" },
    },
  ],
  // Their status names the load balancer.
  resources: (settings) => [verifiesAtAws(settings) ? { ...INGRESSES, hasStatus: true } : INGRESSES],
  reads: (rollout) => ingressNames(rollout).map((name) => ingressRef(rollout, name)),
  heeds: (ingress, settings) => isOfClass(ingress, listIn(settings, ingressClasses)),
  route: (input) => planOf(ingressNames(input.rollout).flatMap((name) => partsOf(input, name))),
  verify: (input) =>
    verifyWeights(input, {
      ingresses: ingressNames(input.rollout),
      groups: targetGroups(input.rollout, input.traffic),
    }),
  registers: (rollout) => servicesOf(rollout, "preferred").stable,
  release,
};

function ingressNames(rollout: Rollout): readonly string[] {
  const { ingress = "", ingresses = [] } = albOf(rollout) ?? {};
  return [...new Set([ingress, ...ingresses])].filter((name) => name !== "");
}

/** The backend after which the action is named. */
const actionService = (rollout: Rollout): string =>
  albOf(rollout)?.rootService || (rollout.spec.strategy?.canary?.stableService ?? "");

const prefixOf = (rollout: Rollout): string => albOf(rollout)?.annotationPrefix || "alb.ingress.kubernetes.io";

const actionKey = (rollout: Rollout): string => `${prefixOf(rollout)}${ACTIONS}${actionService(rollout)}`;

/** A fault in the settings, the routes or the list of managed annotations does not keep the weight from being written. */
function partsOf(input: RoutingInput, name: string): readonly Part[] {
  const { rollout, object, traffic } = input;
  const ingress = object(ingressRef(rollout, name));
  const service = actionService(rollout);
  if (ingress === undefined) return [faulty(notFound(name), true)];
  if (!leadsTo(ingress, service)) return [faulty(`ingress does not have service \`${service}\` in rules`)];
  const old = ingress.metadata.annotations ?? {};
  const prefix = prefixOf(rollout);
  const known = readManaged(old[MANAGED]);
  const around = { rollout, ingress, service, prefix, managed: known ?? new Map<string, readonly string[]>() };
  const { routes, fault: routeFault } = routable(around, traffic.routes);
  const keys = [actionKey(rollout), ...routes.flatMap((route) => routeKeys(prefix, route.name))];
  const { stickiness, fault } = stickinessOf(rollout);
  const left = withoutSplits(ingress, leftKeys(around, new Set(keys)));
  const rules = withRoutes(left.rules ?? specOf(ingress).rules ?? [], service, routes);
  const target = { ServicePort: portOf(rollout), stickiness };
  const changed = mergePatch(old, {
    ...applied(old, left.annotations),
    [actionKey(rollout)]: forwardText(targetGroups(rollout, traffic), stickiness),
    ...Object.fromEntries(routes.flatMap((route) => routeAnnotations(around, route, target))),
    ...(known === undefined ? {} : { [MANAGED]: withManaged(old[MANAGED], known, rollout.metadata.name, keys) }),
  });
  const patch = {
    ...(changed === undefined ? {} : { metadata: { annotations: changed } }),
    ...(rules === undefined && left.rules === undefined ? {} : { spec: { rules: rules ?? left.rules } }),
  };
  const told = toldOf(rollout, { routes, changed: changed ?? {}, removed: left, inserted: rules !== undefined });
  return [
    Object.keys(patch).length === 0 ? {} : { write: change(input, ingress, patch, told) },
    ...[fault, routeFault].flatMap((each) => (each === undefined ? [] : [{ fault: each }])),
    ...(known === undefined ? [faulty(unreadable(name))] : []),
  ];
}

interface Changes {
  readonly routes: readonly HeaderRoute[];
  /** Of annotations. */
  readonly changed: MergePatch;
  readonly removed: Unsplit;
  /** Paths of routes had to be written. */
  readonly inserted: boolean;
}

/** What events say of a write, except for the weight; `weight` where that has changed, or nothing else to tell has. */
function toldOf(rollout: Rollout, { routes, changed, removed, inserted }: Changes): Told {
  const keysOf = ({ name }: HeaderRoute): readonly string[] => routeKeys(prefixOf(rollout), name);
  const written = routes.filter((route) => keysOf(route).some((key) => key in changed));
  const set = written.length === 0 && inserted ? routes : written;
  const isRouteGone = Object.keys(removed.annotations).some((key) => key.includes(CONDITIONS));
  const words = [
    ...(isRouteGone || removed.rules !== undefined ? ["removing managed routes"] : []),
    ...set.map(({ name }) => `to headerRoute '${name}'`),
  ];
  return { words, weight: words.length === 0 || actionKey(rollout) in changed };
}

interface Told {
  readonly words: readonly string[];
  readonly weight: boolean;
}

const applied = (
  old: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | null>>,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ ...old, ...changes }).flatMap(([key, text]) => (text === null ? [] : [[key, text]])),
  );

/**
 * What this Rollout alone has written here under another prefix, for another root or stable Service, or for a route that
 * it has no more. A route of `managedRoutes` is told by its name where the list of annotations does not have it.
 */
function leftKeys({ rollout, ingress, prefix, managed }: Around, keys: ReadonlySet<string>): readonly string[] {
  const { name } = rollout.metadata;
  const others = new Set([...managed].flatMap(([holder, theirs]) => (holder === name ? [] : theirs)));
  const named = (rollout.spec.strategy?.canary?.trafficRouting?.managedRoutes ?? [])
    .map((route) => routeKeys(prefix, route.name))
    .filter(([, conditions = ""]) => ingress.metadata.annotations?.[conditions] !== undefined);
  const own = new Set([...(managed.get(name) ?? []), ...named.flat()]);
  return [...own].filter((key) => !keys.has(key) && !others.has(key));
}

const unreadable = (name: string): string =>
  `cannot read annotation \`${MANAGED}\` of ingress \`${name}\`: it is not a JSON map of lists; take it away and it is written anew`;

function change(
  { rollout, traffic }: RoutingInput,
  { metadata }: RoutedObject,
  patch: MergePatch,
  { words, weight }: Told,
): RoutedWrite {
  const { name } = metadata;
  const events = [...words, ...(weight ? [`to desiredWeight '${traffic.canaryWeight}'`] : [])].map(
    (what): RouterEvent => ({
      type: "Normal",
      reason: "PatchingALBIngress",
      message: `Updating Ingress \`${name}\` ${what}`,
    }),
  );
  const event = events.at(-1);
  return {
    kind: "patch",
    ref: ingressRef(rollout, name),
    resourceVersion: metadata.resourceVersion ?? "",
    patch,
    ...(events.length > 1 ? { earlier: events.slice(0, -1) } : {}),
    ...(event === undefined ? {} : { event }),
    failure: `error patching alb ingress \`${name}\``,
  };
}

/** The list with these annotations for the Rollout, those that it has first; unchanged when it is so. */
function withManaged(
  text: string | undefined,
  managed: ReadonlyMap<string, readonly string[]>,
  rollout: string,
  keys: readonly string[],
): string {
  const old = managed.get(rollout) ?? [];
  const wanted = new Set(keys);
  const next = [...new Set([...old.filter((key) => wanted.has(key)), ...keys])];
  return text !== undefined && equal(old, next) ? text : managedText(new Map(managed).set(rollout, next));
}

/** The largest weight that AWS takes. */
const LARGEST_WEIGHT = 999;

const portOf = (rollout: Rollout): string => String(albOf(rollout)?.servicePort ?? 0);

/** Canary, experiments, stable: albRelease.ts relies on stable being the last. */
function targetGroups(rollout: Rollout, traffic: Traffic): readonly TargetGroup[] {
  const { canaryWeight, additional, total } = traffic;
  const { stable, canary } = servicesOf(rollout, "preferred");
  const ServicePort = portOf(rollout);
  return [
    { serviceName: canary, weight: canaryWeight },
    ...additional,
    { serviceName: stable, weight: stableWeight(traffic) },
  ].map(({ serviceName, weight }) => ({
    ServiceName: serviceName,
    ServicePort,
    Weight: total <= LARGEST_WEIGHT ? weight : Math.round((weight * LARGEST_WEIGHT) / total),
  }));
}

/** A week: AWS takes no more. */
const LONGEST_STICKINESS_SECONDS = 604_800;

function stickinessOf(rollout: Rollout): { readonly stickiness: Stickiness | undefined; readonly fault?: Fault } {
  const { enabled = false, durationSeconds = 0 } = albOf(rollout)?.stickinessConfig ?? {};
  if (!enabled) return { stickiness: undefined };
  if (durationSeconds < 1 || durationSeconds > LONGEST_STICKINESS_SECONDS) {
    const message = "TargetGroupStickinessConfig's duration must be between 1 and 604800 seconds (7 days)!";
    return { stickiness: undefined, ...faulty(message) };
  }
  return { stickiness: { Enabled: true, DurationSeconds: durationSeconds } };
}
