/**
 * The cluster around one Rollout, as plain state: ReplicaSets, their pods, Services, and the function that carries out
 * an action. A ReplicaSet controller reacts at once; pods take some time. Nothing here depends on a strategy.
 */
import { kstatusOf } from "../../controller/rollout/status/kstatus.ts";
import type { Traffic } from "../../providers/traffic/router.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { podTemplateHash, stepHash } from "../../controller/rollout/hash/podHash.ts";
import { templateDigest } from "../../controller/rollout/hash/templateDigest.ts";
import type { Action, ActionOf } from "../../controller/rollout/actions/action.ts";
import { effectOf, targetOf } from "../../controller/rollout/actions/actions.ts";
import type {
  PodFacts,
  PodCheck,
  PodWait,
  ReplicaSetFacts,
  ServiceFacts,
  Snapshot,
  WorkloadFacts,
} from "../../controller/rollout/model/model.ts";
import { equal } from "../../kube/object/equality.ts";
import { nextPodCheckAt, setToCheck } from "../../controller/rollout/status/stuck.ts";
import { restartDue } from "../../controller/rollout/revision/restart.ts";
import { matchesSelector } from "../../kube/object/selector.ts";
import { serviceViolations } from "../../controller/rules/rollout/references.ts";
import { violationText } from "../../kube/validation/violation.ts";
import { replicaSetFacts } from "../../controller/rollout/facts/stores.ts";
import type { Workload } from "../../schema/kube.ts";
import { analysesOf as ruledAnalyses } from "../../controller/rules/analysis/templates.ts";
import { type Analyses, knownTemplates } from "./fakeAnalyses.ts";
import { askFake, type Balancers, balancersOf, factsOfBalancers, verificationBy } from "./fakeBalancers.ts";
import { callPlugin, pluginFacts, type Plugins, pluginsOf } from "./fakePlugins.ts";
import { askRouters, type RouterPlugins, routerPluginsBy, withRouterPlugins } from "./fakeRouterPlugin.ts";
import type { Trials } from "./fakeExperiments.ts";
import { resolvedBy, scaledDeployment } from "./replacedDeployment.ts";

export const START = Date.parse("2026-01-01T00:00:00Z");

/** How long a terminating pod stays listed. */
const LEAVES_AFTER_MS = 1_000;

export interface Pod {
  readonly name: string;
  readonly set: string;
  readonly createdAt: number;
  /** Undefined: never. */
  readonly readyAt: number | undefined;
  /** Set once it is terminating; it no longer counts then. */
  readonly goneAt?: number;
  /** How often its container has crashed. */
  readonly crashes?: number;
}

export interface Cluster {
  now: number;
  rollout: Rollout;
  readonly sets: Map<string, ReplicaSetFacts>;
  /** Image of the first container, by ReplicaSet; stories use it as the ReplicaSet's name. */
  readonly images: Map<string, string>;
  pods: Pod[];
  podsMade: number;
  readonly services: Map<string, ServiceFacts>;
  /** The workload that `workloadRef` names. */
  deployment: Workload | undefined;
  lastScaled: WorkloadFacts["lastScaled"];
  /** Names that ReplicaSets of another owner have. */
  readonly occupied: Set<string>;
  /** Why the API server refuses a new ReplicaSet. */
  refusal: string | undefined;
  /** The last weights written for the router, which applies them at once. */
  routed: Traffic | undefined;
  /** Why the router cannot apply new weights. */
  routerFault: string | undefined;
  /** Milliseconds until a new pod is ready; undefined for a pod that never is. */
  readyAfterMs: (image: string) => number | undefined;
  /** What pods wait for, by image, where a test sets it. */
  readonly waits: Map<string, PodWait>;
  /** The last report about the pods of a stuck Rollout. */
  podCheck: PodCheck | undefined;
  readonly analyses: Analyses;
  readonly plugins: Plugins;
  readonly balancers: Balancers;
  readonly trials: Trials;
  readonly routerPlugins: RouterPlugins;
}

export function newCluster(
  manifest: Rollout,
  services: readonly string[],
  readyAfterMs: Cluster["readyAfterMs"],
  deployment?: Workload,
  analyses: Analyses = { runs: new Map(), templates: new Map(), courseOf: () => undefined },
  plugins: Plugins = pluginsOf(),
  trials: Trials = { experiments: new Map(), trialOf: () => undefined },
  routerPlugins: RouterPlugins = routerPluginsBy(),
  balancers: Balancers = balancersOf(undefined),
): Cluster {
  const { status: _, ...fresh } = manifest;
  const metadata = { ...manifest.metadata, namespace: "default", uid: "rollout-uid", generation: 1 };
  return {
    now: START,
    rollout: { ...fresh, metadata },
    sets: new Map(),
    images: new Map(),
    pods: [],
    podsMade: 0,
    services: new Map(services.map((name) => [name, serviceOf(name)])),
    deployment,
    lastScaled: undefined,
    occupied: new Set(),
    refusal: undefined,
    routed: undefined,
    routerFault: undefined,
    readyAfterMs,
    waits: new Map(),
    podCheck: undefined,
    analyses,
    plugins,
    balancers,
    trials,
    routerPlugins,
  };
}

export const serviceOf = (name: string): ServiceFacts => ({
  name,
  resourceVersion: "1",
  selector: { app: "web" },
  annotations: {},
});

/** What the controller's cache would hold now. */
export function snapshotOf(cluster: Cluster): Snapshot {
  const { services, lastScaled } = cluster;
  const resolved = resolvedBy(cluster.deployment, cluster.rollout);
  const { rollout, workload } =
    resolved.kind === "complete" ? resolved : { rollout: cluster.rollout, workload: undefined };
  const { selector } = rollout.spec;
  const all = [...cluster.sets.values()].toSorted((a, b) => a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1));
  const owned = all.filter((rs) => rs.controllerUid === rollout.metadata.uid);
  const matches = (rs: ReplicaSetFacts): boolean => matchesSelector(selector, rs.labels);
  // Without its workload a Rollout has no selector.
  const isKnown = resolved.kind === "complete";
  const [violation] = serviceViolations(rollout, services);
  const due = restartDue(rollout, cluster.now) !== undefined;
  return withPodCheck(cluster, {
    rollout,
    replicaSets: isKnown ? owned.filter(matches) : owned,
    services: new Map(services),
    ...hashesOf(rollout.spec, rollout.status?.collisionCount),
    invalid: resolved.kind === "broken" ? resolved.why : violation === undefined ? undefined : violationText(violation),
    ...(workload === undefined
      ? {}
      : { workload: { ...workload, ...(lastScaled === undefined ? {} : { lastScaled }) } }),
    orphans: isKnown ? all.filter((rs) => rs.controllerUid === "" && matches(rs)) : [],
    strays: isKnown ? owned.filter((rs) => !matches(rs)) : [],
    ...(due ? { pods: cluster.pods.map((pod) => podFacts(cluster, pod)) } : {}),
    ...routingOf(cluster),
    ...analysesOf(cluster),
    ...pluginFacts(cluster.plugins, rollout),
    ...factsOfBalancers(cluster.balancers),
    ...(isKnown && violation === undefined ? {} : { invalidByOthers: true as const }),
    ...kstatusOf(rollout, false),
  });
}

/** As controller/rollout/apply/reconcile.ts: pods are checked only when nothing moves, and then at intervals. */
function withPodCheck(cluster: Cluster, snapshot: Snapshot): Snapshot {
  const { now, podCheck: known } = cluster;
  const set = setToCheck(snapshot, now);
  cluster.podCheck = set === undefined ? undefined : known;
  if (set === undefined) return snapshot;
  if (known?.setUid !== set.uid || now >= nextPodCheckAt(snapshot.rollout, known)) {
    const pods = cluster.pods.filter((pod) => pod.set === set.name && pod.goneAt === undefined);
    const waits = pods.map((pod) => podWait(cluster, pod)).filter((wait) => wait !== undefined);
    cluster.podCheck = { at: now, setUid: set.uid, pods: pods.length, waits };
  }
  return cluster.podCheck === undefined ? snapshot : { ...snapshot, podCheck: cluster.podCheck };
}

/** A pod that never becomes ready has no image; one that stopped being ready has crashed. */
function podWait(cluster: Cluster, { set, readyAt, crashes }: Pod): PodWait | undefined {
  const image = cluster.images.get(set) ?? "";
  const given = cluster.waits.get(image);
  if (given !== undefined && (readyAt === undefined || readyAt > cluster.now)) return given;
  if (readyAt === undefined)
    return { reason: "ImagePullBackOff", container: "web", image, message: `Back-off pulling image "${image}"` };
  if (readyAt <= cluster.now) return undefined;
  if (crashes === undefined) return { reason: "ContainerCreating", container: "web" };
  return { reason: "CrashLoopBackOff", container: "web", exit: { code: 1, reason: "Error" }, restarts: crashes };
}

function analysesOf({
  analyses,
  trials,
  rollout,
}: Cluster): Pick<Snapshot, "analysisRuns" | "experiments" | "templates"> {
  const experiments = [...trials.experiments.values()];
  const runs = [...analyses.runs.values()];
  const isAsked = ruledAnalyses(rollout).length > 0;
  return {
    ...(runs.length === 0 ? {} : { analysisRuns: runs }),
    ...(experiments.length === 0 ? {} : { experiments }),
    ...(isAsked ? { templates: knownTemplates(analyses) } : {}),
  };
}

/** One router stands for all: it has an object that holds its weights. */
function routingOf(cluster: Cluster): Pick<Snapshot, "routing"> {
  const { rollout, routed, routerFault, routerPlugins, balancers, now } = cluster;
  const { trafficRouting } = rollout.spec.strategy?.canary ?? {};
  if (trafficRouting === undefined || Object.keys(trafficRouting).length === 0) return {};
  return {
    routing: (traffic, status) => {
      if (routerFault !== undefined) return { kind: "fault", message: routerFault, open: false, events: [] };
      const open = !equal(traffic, routed);
      const given = { ...rollout, ...(status && { status }) };
      const own = { kind: open ? "open" : "settled", ...verificationBy(balancers, given, traffic, open) } as const;
      return withRouterPlugins(own, routerPlugins, { rollout, traffic, now });
    },
  };
}

type Hashes = Pick<Snapshot, "podHash" | "stepHash" | "templateDigest">;

const known = new WeakMap<Rollout["spec"], { readonly collisions: number | undefined; readonly hashes: Hashes }>();

/** Hashing costs more than deciding: it is computed once for every spec. */
function hashesOf(spec: Rollout["spec"], collisions: number | undefined): Hashes {
  const old = known.get(spec);
  if (old !== undefined && old.collisions === collisions) return old.hashes;
  const { template, strategy } = spec;
  const hashes = {
    podHash: podTemplateHash(template, collisions),
    stepHash: strategy?.canary === undefined ? "" : stepHash(strategy.canary.steps),
    templateDigest: templateDigest(template),
  };
  known.set(spec, { collisions, hashes });
  return hashes;
}

const podFacts = (cluster: Cluster, pod: Pod): PodFacts => ({
  name: pod.name,
  setUid: pod.set,
  createdAt: Math.floor(pod.createdAt / 1000) * 1000,
  deleting: pod.goneAt !== undefined,
  readySince: pod.readyAt !== undefined && pod.readyAt <= cluster.now ? pod.readyAt : undefined,
});

export type Outcome = "done" | "collision" | "refused";

/** Carries out one action, with the effect that its own row defines; only creating a ReplicaSet can fail. */
export function perform(cluster: Cluster, action: Action): Outcome {
  if (action.kind === "createReplicaSet") return create(cluster, action);
  mustExist(cluster, action);
  follow(cluster, action, "");
  carryOutBeside(cluster, action);
  return "done";
}

function mustExist({ sets, services }: Cluster, action: Action): void {
  const target = targetOf(action);
  const isThere = target.startsWith("ReplicaSet/") ? sets : target.startsWith("Service/") ? services : undefined;
  const name = target.slice(target.indexOf("/") + 1);
  if (isThere?.has(name) === false) throw new Error(`${target} is to be changed, but there is none`);
}

/** The state after an action that succeeds. `templateDigest`: of the ReplicaSet that it creates, if it does. */
function follow(cluster: Cluster, action: Action, templateDigest: string): void {
  const { rollout, sets, services, routed, now } = cluster;
  const traffic = routed === undefined ? {} : { traffic: routed };
  const { runs } = cluster.analyses;
  const { experiments } = cluster.trials;
  const before = {
    rollout,
    replicaSets: [...sets.values()],
    services,
    analysisRuns: [...runs.values()],
    experiments: [...experiments.values()],
    ...traffic,
  };
  const after = effectOf(before, action, { now, snapshot: { templateDigest } });
  cluster.rollout = after.rollout;
  cluster.routed = after.traffic;
  runs.clear();
  for (const run of after.analysisRuns ?? []) runs.set(run.name, run);
  experiments.clear();
  for (const experiment of after.experiments ?? []) experiments.set(experiment.name, experiment);
  for (const [name, service] of after.services) services.set(name, service);
  const left = new Map(after.replicaSets.map((rs) => [rs.name, rs]));
  for (const name of sets.keys()) if (!left.has(name)) sets.delete(name);
  for (const [name, rs] of left) sets.set(name, rs);
}

/** Effects that are not part of a decision's model, or that it sees only in the next snapshot. */
function carryOutBeside(cluster: Cluster, action: Action): void {
  if (action.kind === "updateReplicaSet") changeSet(cluster, action.name, (rs) => ({ ...rs, observed: false }));
  if (action.kind === "callStepPlugin") callPlugin(cluster.plugins, action, cluster.now);
  if (action.kind === "routeTraffic") askRouters(cluster.routerPlugins, cluster.rollout, action.traffic, cluster.now);
  if (action.kind === "askBalancer") askFake(cluster.balancers, action.inquiry, cluster.now);
  if (action.kind === "evictPods") {
    const leaving = action.names.slice(0, action.most);
    cluster.pods = cluster.pods.map((pod) =>
      leaving.includes(pod.name) ? { ...pod, goneAt: cluster.now + LEAVES_AFTER_MS } : pod,
    );
  }
  if (action.kind === "scaleWorkload") {
    if (cluster.deployment === undefined) throw new Error("A Deployment is scaled, but there is none");
    cluster.deployment = scaledDeployment(cluster.deployment, action);
    cluster.lastScaled = { replicas: action.replicas, at: cluster.now };
  }
}

function create(cluster: Cluster, action: ActionOf<"createReplicaSet">): Outcome {
  const { name, manifest } = action;
  if (cluster.occupied.has(name)) return "collision";
  if (cluster.refusal !== undefined) return "refused";
  // Already created by a decision whose status was lost.
  if (cluster.sets.has(name)) return "done";
  // The cached object has what the model expected, and what the API server adds.
  const creationTimestamp = new Date(Math.floor(cluster.now / 1000) * 1000).toISOString();
  const metadata = { ...manifest.metadata, uid: name, resourceVersion: "1", creationTimestamp };
  const facts = { ...replicaSetFacts({ ...manifest, metadata }), observed: false };
  follow(cluster, action, facts.templateDigest);
  const foreseen = cluster.sets.get(name);
  if (!equal({ ...foreseen, uid: name, resourceVersion: "1" }, facts))
    throw new Error(`${name} is not made as it was foreseen: ${JSON.stringify([foreseen, facts])}`);
  cluster.sets.set(name, facts);
  const containers = (manifest.spec.template?.spec as { containers?: { image?: string }[] } | undefined)?.containers;
  cluster.images.set(name, containers?.[0]?.image ?? "");
  return "done";
}

/** Changes a ReplicaSet; tests use it, too, for changes that people make. */
export function changeSet(cluster: Cluster, name: string, change: (rs: ReplicaSetFacts) => ReplicaSetFacts): void {
  const rs = cluster.sets.get(name);
  if (rs === undefined) throw new Error(`ReplicaSet "${name}" is to be changed, but there is none`);
  cluster.sets.set(name, change(rs));
}

/** The ReplicaSet controller: makes as many pods as specified, removes unready ones first, and updates the counts. */
export function runReplicaSets(cluster: Cluster): void {
  cluster.pods = cluster.pods.filter((pod) => cluster.sets.has(pod.set) && (pod.goneAt ?? Infinity) > cluster.now);
  for (const rs of cluster.sets.values()) {
    const living = cluster.pods
      .filter((pod) => pod.set === rs.name && pod.goneAt === undefined)
      .toSorted((a, b) => (a.readyAt ?? Infinity) - (b.readyAt ?? Infinity));
    const kept = living.slice(0, rs.replicas);
    while (rs.failure === undefined && kept.length < rs.replicas) kept.push(newPod(cluster, rs.name));
    const rest = cluster.pods.filter((pod) => pod.set !== rs.name || pod.goneAt !== undefined);
    cluster.pods = [...rest, ...kept];
    const ready = kept.filter((pod) => isReady(pod, cluster.now)).length;
    const available = kept.filter((pod) => isReady(pod, cluster.now - rs.minReadySeconds * 1000)).length;
    const status = { replicas: kept.length, readyReplicas: ready, availableReplicas: available };
    cluster.sets.set(rs.name, { ...rs, status, observed: true });
  }
}

const isReady = (pod: Pod, at: number): boolean => pod.readyAt !== undefined && pod.readyAt <= at;

function newPod(cluster: Cluster, set: string): Pod {
  const delay = cluster.readyAfterMs(cluster.images.get(set) ?? "");
  cluster.podsMade += 1;
  return {
    name: `${set}-${cluster.podsMade}`,
    set,
    createdAt: cluster.now,
    readyAt: delay === undefined ? undefined : cluster.now + delay,
  };
}

/** The next instant at which a pod becomes ready, counts as available, or is gone. */
export function nextPodChange(cluster: Cluster): number {
  const times = cluster.pods.flatMap((pod) => {
    const minReadyMs = (cluster.sets.get(pod.set)?.minReadySeconds ?? 0) * 1000;
    return [pod.readyAt, pod.readyAt === undefined ? undefined : pod.readyAt + minReadyMs, pod.goneAt];
  });
  return Math.min(...times.filter((at) => at !== undefined && at > cluster.now).map(Number), Infinity);
}
