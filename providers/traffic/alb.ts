/**
 * The AWS load balancer controller (docs/behaviour/traffic.md#alb). An Ingress leads to a backend that need not exist;
 * an annotation named after that backend holds how its traffic is divided: a forward action, as JSON. The Ingress
 * is the user's and may be shared by Rollouts, so another annotation lists which of them are written for which Rollout
 * (release: albRelease.ts).
 *
 * Not in here: header routes and their removal, and asking AWS whether it has applied the weights.
 */
import { mergePatch } from "../../kube/object/mergePatch.ts";
import { at, type Place, present, text } from "../../kube/validation/place.ts";
import { helped, invalid, type Violation } from "../../kube/validation/violation.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { TrafficRouting } from "../../schema/trafficRouting.ts";
import {
  ACTIONS,
  forwardText,
  MANAGED,
  managedText,
  readManaged,
  type Stickiness,
  type TargetGroup,
} from "./albAnnotations.ts";
import { release, withoutSplits } from "./albRelease.ts";
import {
  INGRESSES,
  ingressPlaces,
  ingressRef,
  isOfClass,
  leadsTo,
  namedIngresses,
  notFound,
  oneOrSeveral,
} from "./ingress.ts";
import { type Fault, faulty, type Part, planOf } from "./plan.ts";
import {
  type MergePatch,
  type RoutedObject,
  type RoutedWrite,
  type Router,
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
  settings: [ingressClasses],
  uses: [
    {
      group: INGRESSES.group,
      plural: INGRESSES.plural,
      verbs: ["get", "list", "watch", "patch"],
      why: { verb: "writes", what: "annotations on yours" },
    },
  ],
  resources: () => [INGRESSES],
  reads: (rollout) => ingressNames(rollout).map((name) => ingressRef(rollout, name)),
  heeds: (ingress, settings) => isOfClass(ingress, listIn(settings, ingressClasses)),
  route: (input) => planOf(ingressNames(input.rollout).flatMap((name) => partsOf(input, name))),
  release,
};

function ingressNames(rollout: Rollout): readonly string[] {
  const { ingress = "", ingresses = [] } = albOf(rollout) ?? {};
  return [...new Set([ingress, ...ingresses])].filter((name) => name !== "");
}

/** The backend after which the action is named. */
const actionService = (rollout: Rollout): string =>
  albOf(rollout)?.rootService || (rollout.spec.strategy?.canary?.stableService ?? "");

function actionKey(rollout: Rollout): string {
  const prefix = albOf(rollout)?.annotationPrefix || "alb.ingress.kubernetes.io";
  return `${prefix}${ACTIONS}${actionService(rollout)}`;
}

/** A fault in the settings or in the list of managed annotations does not keep the weight from being written. */
function partsOf(input: RoutingInput, name: string): readonly Part[] {
  const { rollout, object } = input;
  const ingress = object(ingressRef(rollout, name));
  if (ingress === undefined) return [faulty(notFound(name), true)];
  if (!leadsTo(ingress, actionService(rollout)))
    return [faulty(`ingress does not have service \`${actionService(rollout)}\` in rules`)];
  const old = ingress.metadata.annotations ?? {};
  const managed = withManaged(old[MANAGED], rollout.metadata.name, actionKey(rollout));
  const { stickiness, fault } = stickinessOf(rollout);
  const { annotations, rules } = withoutSplits(ingress, leftKeys(rollout, old[MANAGED]));
  const changed = mergePatch(old, {
    ...applied(old, annotations),
    [actionKey(rollout)]: forwardText(targetGroups(rollout, input.traffic), stickiness),
    ...(managed === undefined ? {} : { [MANAGED]: managed }),
  });
  const patch = {
    ...(changed === undefined ? {} : { metadata: { annotations: changed } }),
    ...(rules === undefined ? {} : { spec: { rules } }),
  };
  return [
    Object.keys(patch).length === 0 ? {} : { write: change(input, ingress, patch) },
    ...(fault === undefined ? [] : [{ fault }]),
    ...(managed === undefined ? [faulty(unreadable(name))] : []),
  ];
}

const applied = (
  old: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | null>>,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ ...old, ...changes }).flatMap(([key, text]) => (text === null ? [] : [[key, text]])),
  );

/** What this Rollout alone has written here under another prefix, or for another root or stable Service. */
function leftKeys(rollout: Rollout, text: string | undefined): readonly string[] {
  const managed = readManaged(text) ?? new Map<string, readonly string[]>();
  const { name } = rollout.metadata;
  const others = new Set([...managed].flatMap(([holder, keys]) => (holder === name ? [] : keys)));
  return (managed.get(name) ?? []).filter((key) => key !== actionKey(rollout) && !others.has(key));
}

const unreadable = (name: string): string =>
  `cannot read annotation \`${MANAGED}\` of ingress \`${name}\`: it is not a JSON map of lists; take it away and it is written anew`;

function change({ rollout, traffic }: RoutingInput, { metadata }: RoutedObject, patch: MergePatch): RoutedWrite {
  const { name } = metadata;
  return {
    kind: "patch",
    ref: ingressRef(rollout, name),
    resourceVersion: metadata.resourceVersion ?? "",
    patch,
    event: {
      type: "Normal",
      reason: "PatchingALBIngress",
      message: `Updating Ingress \`${name}\` to desiredWeight '${traffic.canaryWeight}'`,
    },
    failure: `error patching alb ingress \`${name}\``,
  };
}

/** The list with this annotation for the Rollout; unchanged when it is so, undefined when it cannot be parsed. */
function withManaged(text: string | undefined, rollout: string, key: string): string | undefined {
  const managed = readManaged(text);
  if (managed === undefined) return undefined;
  const keys = managed.get(rollout) ?? [];
  const same = keys.length === 1 && keys[0] === key && text !== undefined;
  return same ? text : managedText(new Map(managed).set(rollout, [key]));
}

/** The largest weight that AWS takes. */
const LARGEST_WEIGHT = 999;

/** Canary, experiments, stable: albRelease.ts relies on stable being the last. */
function targetGroups(rollout: Rollout, traffic: Traffic): readonly TargetGroup[] {
  const { canaryWeight, additional, total } = traffic;
  const { stable, canary } = servicesOf(rollout, "preferred");
  const ServicePort = String(albOf(rollout)?.servicePort ?? 0);
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
