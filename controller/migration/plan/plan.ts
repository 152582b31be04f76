/** What migrating a Deployment would do (docs/convert.md#a-plan-for-a-cluster). Pure: the caller gathers what the cluster holds. */
import { isList, isObject, type Json } from "../../../kube/object/json.ts";
import { matchesSelector } from "../../../kube/object/selector.ts";
import { instant } from "../../../kube/object/time.ts";
import type { LabelSelector } from "../../../schema/kube.ts";
import type { FoundProfile } from "../convert/findProfile.ts";
import { called, member, objectAt, textAt } from "../convert/objects.ts";
import { judgedRollout, type Mode } from "../convert/toRollout.ts";
import { type Applier, appliersOf } from "./appliers.ts";
import { type Follower, followersOf } from "./followers.ts";
import { type Beside, driverOf, neverTouched, type Obstacle, obstaclesOf, replicasOf } from "./obstacles.ts";
import { type OptIn, optInOf } from "./optIn.ts";

export interface PlanFacts extends Beside {
  /** Autoscalers, budgets, monitors, Services, NetworkPolicies: of any namespace. */
  readonly followers: readonly Json[];
  /** Of the Deployment's namespace; undefined: not known. */
  readonly pods: readonly Json[] | undefined;
}

/** More pods than now, in mode reference while the Rollout's come and the Deployment's go. Times in seconds. */
export interface ExtraPods {
  readonly pods: number;
  /** Until its pods were available, as those that run show; undefined: none shows it. */
  readonly seenSeconds: number | undefined;
  /** `minReadySeconds`, which counts in `seenSeconds` already. */
  readonly minReadySeconds: number;
  /** Beyond this the Rollout is Degraded, and the Deployment keeps its pods. */
  readonly mostSeconds: number;
  /** How long pods may take to end. */
  readonly graceSeconds: number;
}

export interface ModePlan {
  readonly mode: Mode;
  readonly obstacles: readonly Obstacle[];
  /** Undefined: none, and no pod restarts. */
  readonly extra: ExtraPods | undefined;
  /** How many pods more a later update has at most. */
  readonly updatePods: number;
}

export type DeploymentPlan = {
  readonly namespace: string;
  readonly name: string;
} & (
  | { readonly kind: "left alone"; readonly why: string }
  | { readonly kind: "migrated"; readonly rollout: string }
  | {
      readonly kind: "candidate";
      readonly replicas: number;
      readonly optIn: OptIn;
      readonly profile: FoundProfile | undefined;
      /** The one that it is opted in for; else those that were asked for. */
      readonly modes: readonly ModePlan[];
      readonly followers: readonly Follower[];
      readonly appliers: readonly Applier[];
    }
);

/** Kubernetes' own default, which the API server writes into every Deployment. */
const DEADLINE_SECONDS = 600;
const GRACE_SECONDS = 30;

/** @param modes those to plan for where it is not opted in */
export function planOf(deployment: Json, facts: PlanFacts, modes: readonly Mode[]): DeploymentPlan {
  const namespace = textAt(deployment, "metadata", "namespace");
  const where = { namespace, name: textAt(deployment, "metadata", "name") };
  const never = neverTouched(deployment, facts.ownNamespace);
  if (never !== undefined) return { ...where, kind: "left alone", why: never };
  const driver = driverOf(deployment, facts.rollouts);
  if (driver !== undefined) return { ...where, kind: "migrated", rollout: called(driver) };
  const optIn = optInOf(deployment, facts.namespace);
  if (optIn.kind === "out")
    return { ...where, kind: "left alone", why: "its annotation keeps it out of its Namespace's migration" };
  const obstacles = obstaclesOf(deployment, facts);
  return {
    ...where,
    kind: "candidate",
    replicas: replicasOf(deployment),
    optIn,
    profile: facts.profile,
    modes: (optIn.kind === "in" ? [optIn.mode] : modes).map((mode) => ({
      mode,
      obstacles: obstacles.filter((one) => one.modes.includes(mode)),
      extra: mode === "reference" ? extraPods(deployment, facts.pods) : undefined,
      updatePods: updatePods(deployment, facts.profile, mode),
    })),
    followers: followersOf(deployment, facts.followers),
    appliers: appliersOf(deployment),
  };
}

function extraPods(deployment: Json, pods: readonly Json[] | undefined): ExtraPods | undefined {
  const replicas = replicasOf(deployment);
  if (replicas === 0) return undefined;
  const spec = objectAt(deployment, "spec");
  const minReadySeconds = numberAt(spec, "minReadySeconds") ?? 0;
  const ready = readySeconds(deployment, pods ?? []);
  return {
    pods: replicas,
    seenSeconds: ready === undefined ? undefined : ready + minReadySeconds,
    minReadySeconds,
    mostSeconds: numberAt(spec, "progressDeadlineSeconds") ?? DEADLINE_SECONDS,
    graceSeconds: numberAt(objectAt(spec, "template", "spec"), "terminationGracePeriodSeconds") ?? GRACE_SECONDS,
  };
}

const numberAt = (of: Json, name: string): number | undefined => {
  const found = of[name];
  return typeof found === "number" ? found : undefined;
};

/** How long the slowest of its pods took to become ready; those that were restarted show something else. */
function readySeconds(deployment: Json, pods: readonly Json[]): number | undefined {
  const selector = objectAt(deployment, "spec", "selector") as LabelSelector;
  const seen = pods
    .filter((pod) => textAt(pod, "metadata", "namespace") === textAt(deployment, "metadata", "namespace"))
    .filter((pod) => matchesSelector(selector, objectAt(pod, "metadata", "labels") as Readonly<Record<string, string>>))
    .flatMap((pod) => tookSeconds(pod) ?? []);
  return seen.length === 0 ? undefined : Math.max(...seen);
}

function tookSeconds(pod: Json): number | undefined {
  const list = (name: string): readonly unknown[] => {
    const found = member(pod["status"], name);
    return isList(found) ? found : [];
  };
  if (list("containerStatuses").some((each) => isObject(each) && each["restartCount"] !== 0)) return undefined;
  const ready = list("conditions").find(
    (each) => textAt(each, "type") === "Ready" && textAt(each, "status") === "True",
  );
  const [from, to] = [textAt(pod, "metadata", "creationTimestamp"), textAt(ready, "lastTransitionTime")].map(instant);
  return from === undefined || to === undefined || to < from ? undefined : Math.ceil((to - from) / 1_000);
}

/** In a basic canary the surge; with a router, and in blue-green, the new version is there beside all of the old one. */
function updatePods(deployment: Json, found: FoundProfile | undefined, mode: Mode): number {
  if (found?.kind !== "found") return 0;
  const replicas = replicasOf(deployment);
  const strategy = objectAt(judgedRollout(deployment, found.profile, mode).object, "spec", "strategy");
  const { canary, blueGreen } = strategy;
  if (isObject(blueGreen)) return replicas;
  if (!isObject(canary)) return 0;
  return isObject(canary["trafficRouting"]) ? replicas : scaled(canary["maxSurge"] ?? "25%", replicas);
}

/** A number, or a percentage that is rounded up. */
function scaled(size: unknown, replicas: number): number {
  if (typeof size === "number") return size;
  const percent = typeof size === "string" ? Number(size.replace(/%$/, "")) : Number.NaN;
  return Number.isFinite(percent) ? Math.ceil((percent * replicas) / 100) : 0;
}

/** Whether something would be refused: what a person has to look at. */
export const isRefused = (plan: DeploymentPlan): boolean =>
  plan.kind === "candidate" && plan.modes.some(({ obstacles }) => obstacles.length > 0);
