/**
 * The NGINX Ingress controller (docs/behaviour/traffic.md#nginx). Beside the user's Ingress, which leads to the stable
 * Service, stands one of ours that leads to the canary Service; its annotations set the share of traffic it takes. It
 * stays when the update is over, with weight 0, and is deleted with the Rollout, or when that does not route by it any
 * more.
 */
import { controllerReference, isControlledBy, isLeftTo, ownersWith } from "../../kube/object/ownerReference.ts";
import { ROLLOUT_KIND } from "../../schema/kinds.ts";
import { mergePatch } from "../../kube/object/mergePatch.ts";
import type { CanaryStrategy, Rollout } from "../../schema/rollout.ts";
import type { TrafficRouting } from "../../schema/trafficRouting.ts";
import { cookieNameIn, versionedName } from "./affinity.ts";
import {
  CLASS_ANNOTATION,
  INGRESSES,
  ingressPlaces,
  ingressRef,
  type IngressRule,
  type IngressSpec,
  isOfClass,
  leadsTo,
  namedIngresses,
  notFound,
  oneOrSeveral,
  specOf,
} from "./ingress.ts";
import { ownRelease } from "./ownRelease.ts";
import { faulty, type Part, planOf } from "./plan.ts";
import type { Affinity, RoutedObject, RoutedWrite, Router, RoutingInput } from "./router.ts";
import { listIn, type RouterSetting } from "./settings.ts";
import { always } from "./traits.ts";

type Nginx = NonNullable<TrafficRouting["nginx"]>;

const canaryOf = (rollout: Rollout): CanaryStrategy | undefined => rollout.spec.strategy?.canary;
const nginxOf = (rollout: Rollout): Nginx | undefined => canaryOf(rollout)?.trafficRouting?.nginx;

const ingressClasses: RouterSetting = {
  name: "nginxIngressClasses",
  flag: "nginx-ingress-classes",
  kind: "list",
  value: "nginx",
  help: "class of Ingresses that belong to NGINX and are watched (repeatable)",
};

export const nginx: Router<"nginx"> = {
  kind: "nginx",
  title: "NGINX",
  metrics: { label: "Nginx", rank: 4 },
  abilities: { maxTrafficWeight: true, sessionAffinity: () => undefined },
  needsServices: always,
  violations: (settings) =>
    oneOrSeveral(settings, ["stableIngress", "stableIngresses"], "StableIngress or StableIngresses"),
  named: namedIngresses({ kind: "nginx", title: "NGINX", classes: ingressClasses }, (settings, service) => ({
    names: ingressPlaces(settings, "stableIngress", "stableIngresses"),
    service,
  })),
  settings: [ingressClasses],
  uses: [
    {
      group: INGRESSES.group,
      plural: INGRESSES.plural,
      verbs: ["get", "list", "watch", "create", "patch", "delete"],
      why: { verb: "writes", what: "an Ingress of its own beside yours" },
    },
  ],
  resources: () => [INGRESSES],
  reads: (rollout) =>
    stableNames(rollout).flatMap((stable) => [
      ingressRef(rollout, stable),
      ingressRef(rollout, canaryName(rollout, stable)),
    ]),
  // The main Ingress leads there. Without an endpoint behind it ingress-nginx answers 503 to everybody, before it looks
  // at the canary Ingress and its weight.
  entrances: (rollout) => [canaryOf(rollout)?.stableService ?? ""],
  heeds: (ingress, settings) => isOfClass(ingress, listIn(settings, ingressClasses)),
  route: (input) => {
    // The first stable Ingress of each canary Ingress: there may be as many as an object has room for.
    const owners = new Map<string, string>();
    return planOf(stableNames(input.rollout).map((stable) => partOf(input, stable, owners)));
  },
  release: ownRelease(isCanary),
};

/** The annotations of a canary Ingress, with whatever prefix. */
function isCanary({ metadata: { annotations = {} } }: RoutedObject): boolean {
  return Object.entries(annotations).some(([key, value]) => key.endsWith("/canary") && value === "true");
}

/** One that was ours, restored by a backup or left by an earlier Rollout of the same name. */
const isLost = (ingress: RoutedObject, rollout: Rollout): boolean =>
  isLeftTo(ingress, ROLLOUT_KIND, rollout) &&
  isCanary(ingress) &&
  leadsTo(ingress, canaryOf(rollout)?.canaryService ?? "");

function stableNames(rollout: Rollout): readonly string[] {
  const { stableIngress = "", stableIngresses = [] } = nginxOf(rollout) ?? {};
  return [...new Set([stableIngress, ...stableIngresses])].filter((name) => name !== "");
}

const CANARY_SUFFIX = "-canary";
const LONGEST_NAME = 253;

const canaryName = (rollout: Rollout, stable: string): string =>
  `${rollout.metadata.name}-${stable}`.slice(0, LONGEST_NAME - CANARY_SUFFIX.length) + CANARY_SUFFIX;

/** What is to be done beside one stable Ingress; `owners`: the stable ones handled so far, by their canary ones. */
function partOf(input: RoutingInput, stableName: string, owners: Map<string, string>): Part {
  const { rollout, object } = input;
  const name = canaryName(rollout, stableName);
  const twin = owners.get(name);
  if (twin !== undefined) return faulty(sharedName(name, twin, stableName));
  owners.set(name, stableName);
  const current = object(ingressRef(rollout, name));
  if (current !== undefined && !isControlledBy(current, rollout) && !isLost(current, rollout)) {
    return faulty(takenName(name, rollout));
  }
  const stable = object(ingressRef(rollout, stableName));
  const annotations = canaryAnnotations(input, stable);
  const spec = canarySpec(rollout, stable, annotations);
  if (spec === undefined) {
    return { ...change(input, current, annotations, undefined), ...problemWith(rollout, stableName, stable) };
  }
  if (current === undefined) return { write: creation(input, name, annotations, spec) };
  return change(input, current, annotations, spec);
}

const sharedName = (name: string, one: string, other: string): string =>
  `canary ingress \`${name}\` would serve both \`${one}\` and \`${other}\`, whose long names differ only at the end: rename one of them`;

const takenName = (name: string, rollout: Rollout): string =>
  `canary ingress \`${name}\` controlled by different object: Rollout \`${rollout.metadata.name}\` needs that name for its own; delete or rename the Ingress`;

/** Why there are no rules to copy. */
function problemWith(rollout: Rollout, name: string, stable: RoutedObject | undefined): Part {
  if (stable === undefined)
    return faulty(`error retrieving stableIngress \`${name}\` from cache: ${notFound(name)}`, true);
  return faulty(`ingress \`${name}\` has no rules using service ${canaryOf(rollout)?.stableService ?? ""} backend`);
}

function creation(
  { rollout, traffic }: RoutingInput,
  name: string,
  annotations: Record<string, string>,
  spec: IngressSpec,
): RoutedWrite {
  const { namespace } = rollout.metadata;
  return {
    kind: "create",
    ref: ingressRef(rollout, name),
    object: {
      apiVersion: `${INGRESSES.group}/${INGRESSES.version}`,
      kind: INGRESSES.kind,
      metadata: { name, namespace, annotations, ownerReferences: [controllerReference(ROLLOUT_KIND, rollout)] },
      spec,
    },
    event: {
      type: "Normal",
      reason: "CreatingCanaryIngress",
      message: `Creating canary ingress \`${name}\` with weight \`${traffic.canaryWeight}\``,
    },
    failure: `error creating canary ingress \`${name}\``,
  };
}

/**
 * Brings our Ingress up to date, if it exists. The whole spec is ours; it is left alone while the stable Ingress has no
 * rules to copy, but the weight is still written, since an abort has to remove it. Of annotations only those that
 * we want are ours, and of labels none.
 */
function change(
  input: RoutingInput,
  current: RoutedObject | undefined,
  annotations: Record<string, string>,
  spec: IngressSpec | undefined,
): Part {
  if (current === undefined) return {};
  const { rollout, traffic } = input;
  const { name, resourceVersion = "", annotations: old = {} } = current.metadata;
  const changed = mergePatch(old, { ...withoutStale(input, old), ...annotations });
  const changedSpec = spec === undefined ? undefined : mergePatch({ ...specOf(current) }, { ...spec });
  const owners = isControlledBy(current, rollout)
    ? {}
    : { ownerReferences: ownersWith(current, ROLLOUT_KIND, rollout) };
  const metadata = { ...(changed === undefined ? {} : { annotations: changed }), ...owners };
  if (Object.keys(metadata).length === 0 && changedSpec === undefined) return {};
  const patch = {
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(changedSpec === undefined ? {} : { spec: changedSpec }),
  };
  const message = `Updating Ingress \`${name}\` to desiredWeight '${traffic.canaryWeight}'`;
  return {
    write: {
      kind: "patch",
      ref: ingressRef(rollout, name),
      resourceVersion,
      patch,
      event: { type: "Normal", reason: "PatchingCanaryIngress", message },
      failure: `error patching canary ingress \`${name}\``,
    },
  };
}

/**
 * A total left over from a `maxTrafficWeight` that is gone would make 20 of 1000 out of 20 percent, and a weight with an
 * earlier `annotationPrefix` would stay for ever.
 */
function withoutStale(input: RoutingInput, annotations: Readonly<Record<string, string>>): Record<string, string> {
  const { rollout } = input;
  const earlier = Object.keys(annotations)
    .filter((key) => key.endsWith(WEIGHT))
    .map((key) => key.slice(0, -WEIGHT.length))
    .filter((prefix) => prefix !== prefixOf(rollout));
  const stale = new Set([
    `${prefixOf(rollout)}${TOTAL}`,
    ...ownAffinity(input, annotations),
    ...earlier.flatMap((prefix) => [`${prefix}/canary`, `${prefix}${WEIGHT}`, `${prefix}${TOTAL}`]),
  ]);
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => !stale.has(key)));
}

/** Where annotations for sessions stand, by their prefix: of others they stay. */
const AFFINITY_MARK = "sluice.dev/session-affinity";

/**
 * `legacy`: the canary's own session is meant, whether the user's Ingress keeps sessions or not. Requests whose cookie is
 * of the canary go there before the weight is asked. NGINX chooses its value, so its name says the version.
 */
function affinityAnnotations(prefix: string, affinity: Affinity): Readonly<Record<string, string>> {
  return {
    [`${prefix}/affinity`]: "cookie",
    [`${prefix}/affinity-canary-behavior`]: "legacy",
    [`${prefix}/session-cookie-name`]: versionedName(affinity),
    [`${prefix}/session-cookie-max-age`]: String(affinity.maxAge),
    [`${prefix}/session-cookie-path`]: "/",
    [AFFINITY_MARK]: prefix,
  };
}

/** Those that the mark says are ours; the cookie of this update says it where somebody has taken the mark away. */
function ownAffinity(
  { rollout, traffic: { canaryHash, stableHash } }: RoutingInput,
  annotations: Readonly<Record<string, string>>,
): readonly string[] {
  const cookieName = cookieNameIn(canaryOf(rollout)?.trafficRouting?.sessionAffinity);
  const cookies = [canaryHash, stableHash].map((value) => versionedName({ cookieName, value }));
  const own = prefixOf(rollout);
  const isOurs = cookieName !== "" && cookies.includes(annotations[`${own}/session-cookie-name`] ?? "");
  const prefix = annotations[AFFINITY_MARK] ?? (isOurs ? own : undefined);
  const any: Affinity = { cookieName, value: "", maxAge: 0 };
  return prefix === undefined ? [] : Object.keys(affinityAnnotations(prefix, any));
}

const WEIGHT = "/canary-weight";
const TOTAL = "/canary-weight-total";

/**
 * The stable Ingress' own spec, with the rules that lead to the stable Service, for the canary Service. Undefined
 * when there are none. Of two classes that differ only the annotation's is copied: NGINX reads that one first, and
 * the API server creates no Ingress with both.
 */
function canarySpec(
  rollout: Rollout,
  stable: RoutedObject | undefined,
  annotations: Readonly<Record<string, string>>,
): IngressSpec | undefined {
  if (stable === undefined) return undefined;
  const { defaultBackend: _, rules = [], ingressClassName, ...others } = specOf(stable);
  const ours = rules.flatMap((rule) => canaryRule(rollout, rule) ?? []);
  if (ours.length === 0) return undefined;
  const annotated = annotations[CLASS_ANNOTATION] ?? ingressClassName;
  const className = ingressClassName !== undefined && annotated === ingressClassName ? { ingressClassName } : {};
  return { ...others, ...className, rules: ours };
}

/** Undefined for a rule without a path to the stable Service. Other paths of the rule are kept. */
function canaryRule(rollout: Rollout, rule: IngressRule): IngressRule | undefined {
  const { stableService, canaryService = "" } = canaryOf(rollout) ?? {};
  const { http } = rule;
  if (http?.paths.some(({ backend }) => backend.service?.name === stableService) !== true) return undefined;
  const paths = http.paths.map((path) => {
    const { service } = path.backend;
    if (service === undefined || service.name !== stableService) return path;
    return { ...path, backend: { ...path.backend, service: { ...service, name: canaryService } } };
  });
  return { ...rule, http: { ...http, paths } };
}

const prefixOf = (rollout: Rollout): string => nginxOf(rollout)?.annotationPrefix || "nginx.ingress.kubernetes.io";

/** In the order in which later ones win; the weight and the session of the canary always do. */
function canaryAnnotations(
  { rollout, traffic }: RoutingInput,
  stable: RoutedObject | undefined,
): Record<string, string> {
  const prefix = prefixOf(rollout);
  const { additionalIngressAnnotations = {}, canaryIngressAnnotations } = nginxOf(rollout) ?? {};
  const className = stable?.metadata.annotations?.[CLASS_ANNOTATION];
  const maxTrafficWeight = canaryOf(rollout)?.trafficRouting?.maxTrafficWeight;
  const prefixed = Object.entries(additionalIngressAnnotations)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => [key.startsWith(prefix) ? key : `${prefix}/${key}`, value] as const);
  return {
    ...(className === undefined ? {} : { [CLASS_ANNOTATION]: className }),
    ...Object.fromEntries(prefixed),
    ...canaryIngressAnnotations,
    ...(traffic.affinity === undefined ? {} : affinityAnnotations(prefix, traffic.affinity)),
    [`${prefix}/canary`]: "true",
    [`${prefix}/canary-weight`]: String(traffic.canaryWeight),
    ...(maxTrafficWeight === undefined ? {} : { [`${prefix}/canary-weight-total`]: String(traffic.total) }),
  };
}
