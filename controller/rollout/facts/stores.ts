/**
 * The read caches of the loop: which kinds are held in memory, what is kept of them, and by which indexes they are
 * found.
 */
import type { ReplicaSet, Service } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { templateDigest } from "../hash/templateDigest.ts";
import { createStore, type Store } from "../../../kube/runtime/cache.ts";
import { equal } from "../../../kube/object/equality.ts";
import { instant } from "../../../kube/object/time.ts";
import type { ReplicaSetFacts, ReplicaSetFailure, ServiceFacts } from "../model/model.ts";
import {
  EPHEMERAL_METADATA,
  EXPERIMENT_NAME,
  EXPERIMENT_TEMPLATE,
  HASH_LABEL,
  MANAGED_BY,
  TEMPLATE_ANNOTATIONS,
} from "../../../schema/labels.ts";
import { avoiding, injectedAntiAffinity, withoutAntiAffinity } from "../model/antiAffinity.ts";
import { withoutInjected } from "../revision/podMetadata.ts";
import { formatSelector } from "../../../kube/object/selector.ts";
import { LIMITS, TooCostlyError, within } from "../../../kube/object/budget.ts";
import { sizeViolations, whyHeldBack } from "../../../kube/validation/size.ts";
import type { Router } from "../../../providers/traffic/router.ts";
import { DRIVEN_ROUTERS, settingsOf } from "../../../providers/traffic/routers.ts";
import { type RouterSettings, settingsBy } from "../../../providers/traffic/settings.ts";
import { createRouted, type Routed } from "./routedObjects.ts";
import { needsOf, needsOfExperiment, type OptionalStore } from "./optionalStore.ts";
import { createRoom, type Room, type RoomLimits, roomy, weightOf } from "./room.ts";
import { EXPERIMENT, experimentStoreOptions } from "../../experiment/facts/experimentStore.ts";
import type { Experiment } from "../../../schema/experiment.ts";
import { controllerOf } from "../../../kube/object/ownerReference.ts";
import { isCompleted } from "../../analysis/decide/phase.ts";
import { ANALYSIS_RUN, runStoreOptions } from "../../analysis/facts/runStore.ts";
import type { AnalysisRun } from "../../../schema/analysis.ts";
import { withoutBookkeeping } from "./bookkeeping.ts";
import { slimRollout, whyNot } from "./slim.ts";
import { createTemplateStores, type TemplateStores } from "./templateStores.ts";
import { createWorkloadStores, type WorkloadStores } from "./workloadStores.ts";

/** An object of which only the facts are kept. */
export interface Cached<Facts> {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
  readonly facts: Facts;
}

export type CachedReplicaSet = Cached<ReplicaSetFacts>;
export type CachedService = Cached<ServiceFacts>;

/** What `sameFacts` compares. */
interface Versioned {
  readonly facts: { readonly resourceVersion: string };
}

/** Equal except for the version: nothing that a decision depends on has changed. */
export const sameFacts = (old: Versioned | undefined, next: Versioned | undefined): boolean =>
  old !== undefined &&
  next !== undefined &&
  equal({ ...old.facts, resourceVersion: "" }, { ...next.facts, resourceVersion: "" });

export interface Stores {
  /**
   * Found by the Services that they name ("namespace/service"), as owners by their uid and by their namespace, and by what
   * they need of `optional` (`needOf`).
   */
  readonly rollouts: Store<Rollout, "service" | "owner" | "need", Rollout>;
  /** Found by the uid of their controller; those without one by "orphans/" and their namespace. */
  readonly replicaSets: Store<CachedReplicaSet, "controller", ReplicaSet>;
  /** Found by the Rollout that manages them ("namespace/rollout"), and by the uid of the Experiment that has made them. */
  readonly services: Store<CachedService, "manager" | "experiment", Service>;
  /** Whole until they are over, found by the uid of their controller. */
  readonly analysisRuns: Store<AnalysisRun, "owner", AnalysisRun>;
  /** Whole, found by the uid of their controller, by their own, and by what they need of `optional`. */
  readonly experiments: Store<Experiment, "owner" | "uid" | "need", Experiment>;
  readonly workloads: WorkloadStores;
  readonly routed: Routed;
  readonly templates: TemplateStores;
  /** All kinds that are cached only while a Rollout needs them. */
  readonly optional: readonly OptionalStore[];
  /** Shared by all caches that hold whole objects. */
  readonly room: Room;
}

export const orphansIn = (namespace: string): string => `orphans/${namespace}`;

/** `given`: without it, the defaults of the flags. */
export function createStores(
  given?: RouterSettings,
  limits?: RoomLimits,
  routers: readonly Router[] = DRIVEN_ROUTERS,
): Stores {
  const room = createRoom(limits);
  const workloads = createWorkloadStores(room);
  const routed = createRouted(given ?? settingsBy(settingsOf(routers), () => undefined), room, routers);
  const templates = createTemplateStores(room);
  const optional = [...Object.values(workloads), ...routed.stores.values(), templates.namespaced, templates.cluster];
  const kinds = optional.map(({ kind }) => kind);
  // A Rollout that is too large is not driven: what it names need not be read.
  const need = (rollout: Rollout): string[] => (sizeViolations(rollout).length > 0 ? [] : needsOf(kinds, rollout));
  return {
    room,
    workloads,
    routed,
    templates,
    optional,
    rollouts: roomy(room, {
      transform: (raw: Rollout) => slimRollout(raw, room),
      isPartial: (held) => whyHeldBack(held) !== undefined,
      indices: { service: serviceKeys, owner: ownerKeys, need },
    }),
    replicaSets: createReplicaSets(),
    services: createStore({
      transform: cachedService,
      indices: {
        manager: ({ metadata, facts }) => {
          const manager = facts.annotations[MANAGED_BY];
          return manager === undefined ? [] : [`${metadata.namespace}/${manager}`];
        },
        experiment: ({ facts }) => (facts.experiment === undefined ? [] : [facts.experiment.uid]),
      },
    }),
    analysisRuns: createAnalysisRuns(room),
    experiments: createExperiments(room, (experiment) => needsOfExperiment(kinds, experiment)),
  };
}

function createReplicaSets(): Stores["replicaSets"] {
  const store = createStore({
    transform: cachedReplicaSet,
    indices: {
      controller: ({ facts }: CachedReplicaSet) => [
        facts.controllerUid === "" ? orphansIn(facts.namespace) : facts.controllerUid,
      ],
    },
  });
  store.onChange((old, next) => {
    if (old !== undefined && next === undefined) digests.delete(old.metadata.uid);
  });
  return store;
}

const createExperiments = (room: Room, needs: (experiment: Experiment) => string[]): Stores["experiments"] =>
  roomy(room, {
    ...experimentStoreOptions({
      slim: withoutBookkeeping,
      whyNot(experiment, tooMuch) {
        const { uid = "", namespace, name } = experiment.metadata;
        return whyNot(uid, { kind: EXPERIMENT, namespace, name, bytes: weightOf(experiment) }, tooMuch, room);
      },
      needsOf: needs,
    }),
    isPartial: (held) => whyHeldBack(held) !== undefined,
  });

const createAnalysisRuns = (room: Room): Stores["analysisRuns"] =>
  roomy(room, {
    ...runStoreOptions({
      slim: withoutBookkeeping,
      isOver: isCompleted,
      whyNot(run, tooMuch) {
        const { uid = "", namespace, name } = run.metadata;
        return whyNot(uid, { kind: ANALYSIS_RUN, namespace, name, bytes: weightOf(run) }, tooMuch, room);
      },
    }),
    isPartial: (held) => whyHeldBack(held) !== undefined,
  });

/** Names of the Services that a Rollout's spec refers to, in the order of the API. */
export function servicesOf(rollout: Rollout): string[] {
  const { canary, blueGreen } = rollout.spec.strategy ?? {};
  const names = [
    blueGreen?.activeService,
    blueGreen?.previewService,
    canary?.stableService,
    canary?.canaryService,
    canary?.pingPong?.pingService,
    canary?.pingPong?.pongService,
  ];
  return [...new Set(names.filter((name) => name !== undefined && name !== ""))] as string[];
}

const serviceKeys = (rollout: Rollout): string[] =>
  servicesOf(rollout).map((name) => `${rollout.metadata.namespace}/${name}`);

const ownerKeys = ({ metadata }: Rollout): string[] => [metadata.uid ?? "", metadata.namespace];

const identity = ({ metadata }: ReplicaSet | Service): Cached<unknown>["metadata"] => ({
  name: metadata.name,
  namespace: metadata.namespace,
  uid: metadata.uid ?? "",
  resourceVersion: metadata.resourceVersion ?? "",
});

/** The facts of a ReplicaSet as the API server has it. */
export function replicaSetFacts(raw: ReplicaSet): ReplicaSetFacts {
  const { metadata, spec, status } = raw;
  const failure = failureOf(status?.conditions);
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid ?? "",
    resourceVersion: metadata.resourceVersion ?? "",
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    controllerUid: metadata.ownerReferences?.find((owner) => owner.controller === true)?.uid ?? "",
    selector: formatSelector(spec.selector),
    createdAt: instant(metadata.creationTimestamp) ?? 0,
    deleting: metadata.deletionTimestamp !== undefined,
    observed: (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0),
    minReadySeconds: spec.minReadySeconds ?? 0,
    replicas: spec.replicas ?? 1,
    status: {
      replicas: status?.replicas ?? 0,
      readyReplicas: status?.readyReplicas ?? 0,
      availableReplicas: status?.availableReplicas ?? 0,
    },
    ...(failure === undefined ? {} : { failure }),
    templateDigest: digestOf(raw),
    ...avoiding(injectedAntiAffinity(spec.template)),
  };
}

/** Digests by the uid of the ReplicaSet: its status changes many times, its template hardly ever. */
const digests = new Map<string, { readonly of: number | bigint; readonly digest: string }>();
const DIGESTS_KEPT = 10_000;

function digestOf(raw: ReplicaSet): string {
  const { metadata, spec } = raw;
  const uid = metadata.uid ?? "";
  const { [EPHEMERAL_METADATA]: injected, [TEMPLATE_ANNOTATIONS]: kept } = metadata.annotations ?? {};
  const of = Bun.hash(JSON.stringify([spec.template, injected, kept, injected === undefined ? 0 : metadata.labels]));
  const known = digests.get(uid);
  if (known?.of === of) return known.digest;
  const template = (): string => templateDigest(withoutAntiAffinity(withoutInjected(raw)));
  const made = within(LIMITS.facts, template);
  // No Rollout with such a template is driven, so its digest need not equal any other's.
  const digest = made instanceof TooCostlyError ? `too costly ${of.toString(16)}` : made;
  if (digests.size >= DIGESTS_KEPT) digests.clear();
  if (uid !== "") digests.set(uid, { of, digest });
  return digest;
}

type Conditions = NonNullable<ReplicaSet["status"]>["conditions"];

function failureOf(conditions: Conditions): ReplicaSetFailure | undefined {
  const condition = conditions?.find((c) => c.type === "ReplicaFailure");
  if (condition === undefined) return undefined;
  const { status, reason = "", message = "", lastTransitionTime } = condition;
  return { status, reason, message, lastTransitionTime: lastTransitionTime ?? "" };
}

function cachedReplicaSet(raw: ReplicaSet): CachedReplicaSet | undefined {
  if (raw.metadata.labels?.[HASH_LABEL] === undefined) return undefined;
  return { metadata: identity(raw), facts: replicaSetFacts(raw) };
}

const longestName = 253;

/**
 * An annotation that should be a name may have 256 KiB. Of a text that is longer than any name only the beginning is
 * kept, one character too long to match any name. Copied, since a substring would keep the whole text in memory.
 */
const nameIn = (text: string): string =>
  text.length <= longestName ? text : Buffer.from(text.slice(0, longestName + 1)).toString();

/** Only what a selector switch reads and writes. */
function cachedService(raw: Service): CachedService {
  const metadata = identity(raw);
  const manager = raw.metadata.annotations?.[MANAGED_BY];
  return {
    metadata,
    facts: {
      name: metadata.name,
      resourceVersion: metadata.resourceVersion,
      selector: raw.spec?.selector ?? {},
      ...(raw.spec?.type === "ExternalName" && { external: true }),
      ...experimentOf(raw),
      annotations: manager === undefined ? {} : { [MANAGED_BY]: nameIn(manager) },
    },
  };
}

/** Of an Experiment's Service: whose it is. */
function experimentOf(raw: Service): Pick<ServiceFacts, "uid" | "experiment"> {
  const owner = controllerOf(raw);
  const { [EXPERIMENT_NAME]: name, [EXPERIMENT_TEMPLATE]: template = "" } = raw.metadata.annotations ?? {};
  if (owner?.kind !== "Experiment" || owner.name !== name || template === "") return {};
  return { uid: raw.metadata.uid ?? "", experiment: { uid: owner.uid, template: nameIn(template) } };
}
