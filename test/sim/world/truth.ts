/**
 * The truth: the API server's state as facts, updated with every change. The controllers' caches lag behind it;
 * the judges (test/sim/judge/judge.ts) check it.
 */
import { wordsOf } from "../../../controller/rollout/actions/actions.ts";
import { decide } from "../../../controller/rollout/decide/decide.ts";
import type {
  ReplicaSetFacts,
  ServiceFacts,
  Snapshot,
  WorkloadFacts,
} from "../../../controller/rollout/model/model.ts";
import { HASH_LABEL, MANAGED_BY } from "../../../schema/labels.ts";
import { restartDue } from "../../../controller/rollout/revision/restart.ts";
import { createGatherer } from "../../../controller/rollout/facts/gather.ts";
import type { Stored } from "../../../kube/runtime/cache.ts";
import type { RoutedObject } from "../../../providers/traffic/router.ts";
import { createStores, servicesOf } from "../../../controller/rollout/facts/stores.ts";
import type { ReplicaSet, Service, Workload } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { ApiObject, Change } from "../../../simulator/model/model.ts";
import { hasEnded } from "../../../controller/rollout/course/analysisKinds.ts";
import type { AnalysisRun } from "../../../schema/analysis.ts";
import type { Experiment } from "../../../schema/experiment.ts";
import { EXPERIMENTS } from "../script/experimentWorlds.ts";
import { EDGE, edgeKnown } from "../script/edgeWorlds.ts";
import { pluginKnown } from "../script/pluginWorlds.ts";
import { RUNS, TEMPLATE } from "../script/analysisWorlds.ts";
import { DEPLOYMENT } from "../script/deploymentWorlds.ts";
import type { Seen } from "../planes/plane.ts";
import { ROUTED } from "../planes/planes.ts";
import { type Given, leftOfRouting } from "./routedWorld.ts";

export const KEY = "default/web";

/** The members of a pod that the judges need. */
export interface Pod {
  readonly name: string;
  readonly setUid: string;
  readonly createdMs: number;
  readonly deleting: boolean;
  /** A label that canaryMetadata and stableMetadata set. */
  readonly role: string;
  /** Since when it is ready, ms; undefined while it is unready. */
  readonly readyMs: number | undefined;
}

export interface Truth {
  readonly rollout: Rollout | undefined;
  /** The Deployment that the Rollout replaces. */
  readonly deployment: WorkloadFacts | undefined;
  /** What a router that is a plugin does. */
  readonly edge: ApiObject | undefined;
  /** The objects of routers. */
  readonly seen: Seen;
  readonly sets: ReadonlyMap<string, ReplicaSetFacts>;
  readonly services: ReadonlyMap<string, ServiceFacts>;
  readonly analysisRuns: Iterable<AnalysisRun>;
  readonly experiments: Iterable<Experiment>;
  /** By the uid of their ReplicaSet. */
  podsOf(setUid: string): readonly Pod[];
  readonly podCount: number;
  /** Pods of a ReplicaSet that serve: ready for minReadySeconds, and not terminating. */
  availableOf(set: ReplicaSetFacts, nowMs: number): number;
  imageOf(hash: string): string;
  setOfImage(image: string): ReplicaSetFacts | undefined;
  /**
   * Why it is not at rest; undefined when nothing is left to do, however long one waits, and no pod is starting or
   * terminating.
   */
  unrest(nowMs: number): Unrest | undefined;
  take(change: Change): void;
}

export interface Unrest {
  readonly why: string;
  /** When the unrest may end by time alone, ms. */
  readonly untilMs?: number;
}

interface PodObject {
  readonly metadata: ApiObject["metadata"];
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly lastTransitionTime?: string;
    }[];
  };
}

function podOf(object: ApiObject): Pod {
  const { metadata, status } = object as unknown as PodObject;
  const ready = status?.conditions?.find((c) => c.type === "Ready" && c.status === "True");
  return {
    name: metadata.name,
    setUid: metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid ?? "",
    createdMs: Date.parse(metadata.creationTimestamp),
    deleting: metadata.deletionTimestamp !== undefined,
    role: metadata.labels?.["role"] ?? "",
    // In whole seconds, as ReplicaSets count minReadySeconds from it.
    readyMs: ready === undefined ? undefined : Date.parse(ready.lastTransitionTime ?? ""),
  };
}

/** Pods of an image that never become ready count as settled. */
const neverReady = (image: string): boolean => image.endsWith(":bad");

/** `given`: what users want their routers' objects to be. */
export function observe(given: Given): Truth {
  const stores = createStores();
  const gatherer = createGatherer(stores, false, pluginKnown, edgeKnown);
  let edge: ApiObject | undefined;
  const sets = new Map<string, ReplicaSetFacts>();
  const services = new Map<string, ServiceFacts>();
  const pods = new Map<string, Pod>();
  const bySet = new Map<string, Map<string, Pod>>();
  const images = new Map<string, string>();
  /** ReplicaSets of Experiments, by their uid: neither they nor their pods are the Rollout's. */
  const trials = new Map<string, ReplicaSet>();

  const takePod = ({ type, object }: Change): void => {
    const { uid } = object.metadata;
    const before = pods.get(uid);
    if (before !== undefined) bySet.get(before.setUid)?.delete(uid);
    if (type === "DELETED") return void pods.delete(uid);
    const pod = podOf(object);
    if (trials.has(pod.setUid)) return;
    pods.set(uid, pod);
    const siblings = bySet.get(pod.setUid) ?? new Map<string, Pod>();
    bySet.set(pod.setUid, siblings.set(uid, pod));
  };
  const takeSet = ({ type, object }: Change): void => {
    const raw = object as unknown as ReplicaSet;
    const { name, uid } = object.metadata;
    if (object.metadata.ownerReferences?.some(({ kind }) => kind === "Experiment") === true)
      return void (type === "DELETED" ? trials.delete(uid) : trials.set(uid, raw));
    if (type === "DELETED") {
      stores.replicaSets.remove(raw);
      return void sets.delete(name);
    }
    stores.replicaSets.upsert(raw);
    const facts = stores.replicaSets.get(`default/${name}`)?.facts;
    if (facts !== undefined) sets.set(name, facts);
    const containers = (raw.spec.template?.spec as { containers?: { image?: string }[] } | undefined)?.containers;
    images.set(object.metadata.labels?.[HASH_LABEL] ?? "", containers?.[0]?.image ?? "?");
  };
  const takeService = ({ type, object }: Change): void => {
    const raw = object as unknown as Service;
    const { name } = object.metadata;
    if (type === "DELETED") {
      stores.services.remove(raw);
      return void services.delete(name);
    }
    stores.services.upsert(raw);
    const facts = stores.services.get(`default/${name}`)?.facts;
    if (facts !== undefined) services.set(name, facts);
  };
  const deployments = stores.workloads.Deployment;
  deployments.seen.add(KEY);
  for (const templates of [stores.templates.namespaced, stores.templates.cluster]) templates.complete = true;
  for (const store of stores.routed.stores.values()) store.complete = true;
  const routed = new Map<string, Map<string, ApiObject>>();
  const seen: Seen = {
    object: (resource, name) => routed.get(resource)?.get(name),
    all: (resource) => [...(routed.get(resource)?.values() ?? [])],
  };
  const takeRouted = ({ resource, type, object }: Change): void => {
    const raw = object as unknown as RoutedObject & Stored;
    const objects = routed.get(resource) ?? new Map<string, ApiObject>();
    routed.set(resource, objects);
    const store = stores.routed.stores.get(resource)?.objects;
    if (type === "DELETED") {
      objects.delete(object.metadata.name);
      return store?.remove(raw);
    }
    objects.set(object.metadata.name, object);
    store?.upsert(raw);
  };
  const takeRun = ({ type, object }: Change): void => {
    const raw = object as unknown as AnalysisRun;
    if (type === "DELETED") stores.analysisRuns.remove(raw);
    else stores.analysisRuns.upsert(raw);
  };
  const takeExperiment = ({ type, object }: Change): void => {
    const raw = object as unknown as Experiment;
    if (type === "DELETED") stores.experiments.remove(raw);
    else stores.experiments.upsert(raw);
  };
  const takeTemplate = ({ type, object }: Change): void => {
    const { objects } = stores.templates.namespaced;
    if (type === "DELETED") objects.remove(object);
    else objects.upsert(object);
  };
  const takeDeployment = ({ type, object }: Change): void => {
    if (type === "DELETED") deployments.objects.remove(object as unknown as Workload);
    else deployments.objects.upsert(object as unknown as Workload);
  };
  const availableOf = ({ uid, minReadySeconds }: ReplicaSetFacts, nowMs: number): number => {
    let available = 0;
    for (const { deleting, readyMs } of bySet.get(uid)?.values() ?? []) {
      if (!deleting && readyMs !== undefined && readyMs + minReadySeconds * 1_000 <= nowMs) available += 1;
    }
    return available;
  };
  const imageOf = (hash: string): string => images.get(hash) ?? (hash === "" ? "-" : `?${hash}`);
  const setImage = (set: ReplicaSetFacts | undefined): string => imageOf(set?.labels[HASH_LABEL] ?? "");

  const unrest = (nowMs: number): Unrest | undefined => {
    const settling = unsettledPods(nowMs) ?? unsettledSets(nowMs) ?? heldService() ?? heldRoute() ?? running();
    if (settling !== undefined) return settling;
    const snapshot = gatherer.gather(KEY);
    if (snapshot === undefined)
      return stores.rollouts.get(KEY) === undefined ? undefined : { why: "the Rollout is being deleted" };
    const { actions, status, wakeAt } = decide(withPods(snapshot, nowMs), nowMs);
    if (actions.length > 0) return { why: `to do: ${actions.map(wordsOf).join("; ")}` };
    if (status !== undefined) return { why: "the status is to be written" };
    return wakeAt === undefined ? undefined : { why: "time alone will change something", untilMs: wakeAt };
  };
  const withPods = (snapshot: Snapshot, nowMs: number): Snapshot =>
    restartDue(snapshot.rollout, nowMs) === undefined
      ? snapshot
      : {
          ...snapshot,
          pods: [...pods.values()].map(({ name, setUid, createdMs, deleting, readyMs }) => ({
            name,
            setUid,
            createdAt: createdMs,
            deleting,
            readySince: readyMs,
          })),
        };
  const unsettledPods = (nowMs: number): Unrest | undefined => {
    for (const pod of pods.values()) {
      if (pod.deleting) return { why: `pod ${pod.name} is going` };
      const set = [...sets.values()].find(({ uid }) => uid === pod.setUid);
      if (set === undefined) return { why: `pod ${pod.name} is an orphan` };
      const since = pod.readyMs;
      if (since === undefined) {
        if (!neverReady(setImage(set))) return { why: `pod ${pod.name} is not ready yet` };
      } else if (since + set.minReadySeconds * 1_000 > nowMs) {
        return { why: `pod ${pod.name} is not available yet`, untilMs: since + set.minReadySeconds * 1_000 };
      }
    }
    return undefined;
  };
  const unsettledSets = (nowMs: number): Unrest | undefined => {
    for (const set of sets.values()) {
      const { replicas, availableReplicas } = set.status;
      const isCounted = replicas === set.replicas && availableReplicas === availableOf(set, nowMs);
      if (set.deleting || !set.observed || !isCounted) return { why: `ReplicaSet ${set.name} moves` };
    }
    return undefined;
  };

  /** A Service that still has a Rollout's selector, though the Rollout does not name it any more. */
  const heldService = (): Unrest | undefined => {
    const rollout = stores.rollouts.get(KEY);
    const named = rollout === undefined ? [] : servicesOf(rollout);
    for (const { name, annotations } of services.values()) {
      if (annotations[MANAGED_BY] !== undefined && !named.includes(name))
        return { why: `Service ${name} is to be let go of` };
    }
    return undefined;
  };

  const running = (): Unrest | undefined => {
    for (const { metadata, status } of stores.analysisRuns.values())
      if (!hasEnded({ phase: status?.phase ?? "" })) return { why: `AnalysisRun ${metadata.name} has not ended` };
    for (const { metadata, status } of stores.experiments.values())
      if (!hasEnded({ phase: status?.phase ?? "" })) return { why: `Experiment ${metadata.name} has not ended` };
    for (const { metadata, spec, status } of trials.values())
      if (spec.replicas !== 0 || (status?.replicas ?? 0) > 0)
        return { why: `ReplicaSet ${metadata.name} of an Experiment still has pods` };
    return undefined;
  };

  const heldRoute = (): Unrest | undefined => {
    const why = leftOfRouting(seen, given, stores.rollouts.get(KEY));
    return why === undefined ? undefined : { why };
  };

  return {
    get rollout() {
      return stores.rollouts.get(KEY);
    },
    get deployment() {
      return deployments.objects.get(KEY)?.facts;
    },
    sets,
    services,
    get edge() {
      return edge;
    },
    seen,
    get analysisRuns() {
      return stores.analysisRuns.values();
    },
    get experiments() {
      return stores.experiments.values();
    },
    podsOf: (setUid) => [...(bySet.get(setUid)?.values() ?? [])],
    get podCount() {
      return pods.size;
    },
    availableOf,
    imageOf,
    setOfImage: (image) => [...sets.values()].find((set) => setImage(set) === image && !set.deleting),
    unrest,
    take(change) {
      if (change.resource === "pods") takePod(change);
      else if (change.resource === "replicasets.apps") takeSet(change);
      else if (change.resource === "services") takeService(change);
      else if (change.resource === DEPLOYMENT.resource) takeDeployment(change);
      else if (change.resource === EDGE.resource && change.object.metadata.name === EDGE.name) edge = change.object;
      else if (ROUTED.has(change.resource)) takeRouted(change);
      else if (change.resource === RUNS) takeRun(change);
      else if (change.resource === EXPERIMENTS) takeExperiment(change);
      else if (change.resource === TEMPLATE.resource) takeTemplate(change);
      else if (change.resource === "rollouts.argoproj.io") {
        const raw = change.object as unknown as Rollout;
        if (change.type === "DELETED") stores.rollouts.remove(raw);
        else stores.rollouts.upsert(raw);
      }
    },
  };
}
