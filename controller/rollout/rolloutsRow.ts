/**
 * Rollouts as a row of the controller: which changes queue them, and what a pass does
 * (docs/behaviour/reconciling.md#what-is-watched).
 */
import { ROLLOUT_KIND } from "../../schema/kinds.ts";
import { REPLICA_SETS, ROLLOUTS } from "../../kube/client/resources.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { keyOf } from "../../kube/runtime/cache.ts";
import type { EventRecorder } from "../../kube/runtime/recorder.ts";
import { type ControllerRow, keysIn, watch, type Watch } from "../../kube/runtime/runController.ts";
import type { WorkQueue } from "../../kube/runtime/queue.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { RouterCalls } from "../plugins/routerCalls.ts";
import type { Inquiries } from "../balancers/inquiries.ts";
import type { StepCalls } from "../plugins/stepCalls.ts";
import type { Decision } from "./actions/action.ts";
import type { PassPorts } from "./apply/carryOut.ts";
import { createEchoes, type Echoes } from "./apply/echoes.ts";
import { createMemories } from "./apply/passMemory.ts";
import { createReconciler, type RolloutFacts } from "./apply/reconcile.ts";
import { controllerOf } from "../../kube/object/ownerReference.ts";
import { sameExperimentForOwner, sameForOwner } from "./facts/runFacts.ts";
import { createGatherer } from "./facts/gather.ts";
import { questionsOf } from "./facts/routerPluginFacts.ts";
import { keysOfObject, needOf, type OptionalStore } from "./facts/optionalStore.ts";
import type { Sources } from "./facts/cacheSources.ts";
import { sameFacts, type CachedReplicaSet, type Stores } from "./facts/stores.ts";
import type { RolloutEvent } from "./model/model.ts";

/** What is reported to the metrics; see `ControllerObserver`. */
export interface RolloutsObserver {
  reconciled(key: string, durationMs: number, failed: boolean): void;
  eventEmitted(key: string, type: "Normal" | "Warning", reason: string): void;
  rolloutFinished(status: string, totalSeconds: number, manualPauseSeconds: number): void;
  rolloutDeleted(key: string): void;
}

export interface RolloutsPorts extends Pick<
  PassPorts,
  "client" | "clock" | "log" | "stores" | "validForMs" | "decide"
> {
  readonly events: Pick<EventRecorder, "record" | "sent">;
  readonly observer: RolloutsObserver;
  /** Conditions for generic tools on every Rollout that does not decline them. */
  readonly kstatusForAll?: boolean | undefined;
  /** Absent: no step plugin is ever asked. */
  readonly stepCalls?: StepCalls;
  /** Absent: no router that is a plugin is ever asked. */
  readonly routerCalls?: RouterCalls;
  /** Absent: nobody asks load balancers. */
  readonly inquiries?: Inquiries | undefined;
  /** Told of every event, whether or not the recorder has room for it; absent: nobody is. */
  readonly happened?: (rollout: Rollout, event: Pick<RolloutEvent, "type" | "reason">) => void;
}

type RolloutsRow = ControllerRow<RolloutFacts, Decision | undefined>;

/** How long a status waits at most for its events to be sent: their order matters, but must not stop anything. */
const EVENTS_FIRST_MS = 100;

export function rolloutsRow(ports: RolloutsPorts, sources: Sources): RolloutsRow {
  const { stores, observer, events } = ports;
  const { stepCalls, routerCalls, inquiries } = ports;
  const line: { queue?: Pick<WorkQueue, "add"> } = {};
  const echoes = createEchoes();
  const { forget, ...pass } = createReconciler({
    ...ports,
    echoes,
    memories: createMemories(),
    gatherer: createGatherer(stores, ports.kstatusForAll, stepCalls, routerCalls, inquiries),
    callStepPlugin: (rollout, call) => stepCalls?.call(rollout, call, () => line.queue?.add(keyOf(rollout))),
    askRouterPlugins: (rollout, traffic) =>
      routerCalls?.ask(rollout, questionsOf(rollout, traffic, stores.routed.routers), () =>
        line.queue?.add(keyOf(rollout)),
      ),
    askBalancer: (rollout, inquiry) => inquiries?.ask(rollout, inquiry, () => line.queue?.add(keyOf(rollout))),
    answersTold: ({ rollout, balancers }) => inquiries?.told(rollout.metadata.uid ?? "", balancers?.answers ?? []),
    outcomesTaken: ({ rollout, stepPlugins }) =>
      stepCalls?.taken(rollout.metadata.uid ?? "", stepPlugins?.outcomes ?? []),
    finished: (status, total, paused) => observer.rolloutFinished(status, total, paused),
    recordEvent: (rollout, event) => recordEvent(ports, rollout, event),
    eventsSent: (rollout) => events.sent(rollout.metadata.uid ?? "", EVENTS_FIRST_MS),
  });
  const forgetAll = (rollout: Rollout): void => {
    forget(keyOf(rollout));
    stepCalls?.forget(rollout.metadata.uid ?? "");
    routerCalls?.forget(rollout.metadata.uid ?? "");
    inquiries?.forget(rollout.metadata.uid ?? "");
  };
  return {
    kind: "Rollouts",
    noun: "Rollout",
    watches: watchesOf(ports, sources, echoes, forgetAll),
    keys: () => keysIn(stores.rollouts),
    ...pass,
    apply(passed, queue) {
      line.queue = queue;
      return pass.apply(passed, queue);
    },
    passed: (key, durationMs, failed) => observer.reconciled(key, durationMs, failed),
  };
}

/**
 * The ReplicaSet controller writes the status two or three times in some 20 ms until it has made or deleted the pods of
 * a new size: one pass after the last of them is enough.
 */
const UNSETTLED_MS = 30;

const isSettled = ({ facts }: CachedReplicaSet): boolean => facts.observed && facts.status.replicas === facts.replicas;

/**
 * Calls `then` after `ms`, once for all calls about a key until then. The delays of the queue are no place for it: a pass
 * that has taken its snapshot drops them.
 */
function onceAfter(clock: Clock, ms: number): (key: string, then: () => void) => void {
  const waiting = new Set<string>();
  return (key, then) => {
    if (waiting.has(key)) return;
    waiting.add(key);
    clock.after(ms, () => {
      waiting.delete(key);
      then();
    });
  };
}

const NOBODY = { metadata: { name: "", namespace: "" } };

/** Answers to a pass's own writes are ignored: they hold nothing that its decision did not know. So are their echoes. */
function watchesOf(
  ports: RolloutsPorts,
  sources: Sources,
  { heard }: Pick<Echoes, "heard">,
  forget: (rollout: Rollout) => void,
): Watch[] {
  const { stores } = ports;
  const inAMoment = onceAfter(ports.clock, UNSETTLED_MS);
  return [
    watch(sources.rollouts, (queue, old, next, origin) => {
      const rollout = next ?? old;
      if (origin === "own" || rollout === undefined) return;
      if (next !== undefined) {
        const key = keyOf(next);
        const queueUp = isAsked(old, next) ? queue.addFirst : queue.add;
        return heard(ROLLOUTS, key, next.metadata.resourceVersion, () => queueUp(key));
      }
      forget(rollout);
      gone(ports, rollout);
    }),
    watch(sources.replicaSets, (queue, old, next, origin) => {
      // Released by one Rollout, it may be adopted by another, which must hear of it whoever wrote.
      const released = next?.facts.controllerUid === "" && old !== undefined && old.facts.controllerUid !== "";
      if ((origin === "own" && !released) || sameFacts(old, next)) return;
      const unsettled = next !== undefined && !isSettled(next);
      const tellOwners = (): void => {
        for (const key of ownersOf(stores, next ?? old)) {
          if (unsettled) inAMoment(key, () => queue.add(key));
          else queue.add(key);
        }
      };
      if (next !== undefined && !released)
        return heard(REPLICA_SETS, keyOf(next), next.metadata.resourceVersion, tellOwners);
      tellOwners();
      if (next !== undefined) return undefined;
      for (const key of heirsOf(stores, old)) queue.add(key);
    }),
    watch(sources.services, (queue, old, next, origin) => {
      const service = next ?? old;
      if (origin === "own" || service === undefined || sameFacts(old, next)) return;
      for (const rollout of stores.rollouts.by("service", keyOf(service))) queue.add(keyOf(rollout));
    }),
    watch(sources.analysisRuns, (queue, old, next) => {
      // Whoever drives AnalysisRuns in this process writes what is news here.
      if (sameForOwner(old, next)) return;
      const uid = controllerOf(next ?? old ?? NOBODY)?.uid;
      for (const rollout of uid === undefined ? [] : stores.rollouts.by("owner", uid)) queue.add(keyOf(rollout));
    }),
    watch(sources.experiments, (queue, old, next) => {
      // Whoever drives Experiments in this process writes what is news here.
      if (sameExperimentForOwner(old, next)) return;
      const uid = controllerOf(next ?? old ?? NOBODY)?.uid;
      for (const rollout of uid === undefined ? [] : stores.rollouts.by("owner", uid)) queue.add(keyOf(rollout));
    }),
    ...stores.optional.map((store) => neededWatch(stores, store)),
  ];
}

/** Whether something else is asked of it now: that goes before what the pods of others report. */
const isAsked = (old: Rollout | undefined, next: Rollout): boolean =>
  old?.metadata.generation !== next.metadata.generation || old?.status?.abort !== next.status?.abort;

/** Objects of a kind that is watched only while some Rollout refers to one; `watchOptional` fills the cache. */
const neededWatch = ({ rollouts }: Stores, { kind, objects }: OptionalStore): Watch =>
  watch({ cache: objects }, (queue, old, next, origin) => {
    const object = next ?? old;
    if (origin === "own" || object === undefined) return;
    if (old !== undefined && next !== undefined && !kind.heeds(old, next)) return;
    const { namespace = "" } = object.metadata;
    // Of a whole kind any object may be part of what another one is.
    if (kind.isWhole !== true) {
      const needing = keysOfObject(kind, object).flatMap((key) => rollouts.by("need", needOf(kind, key)));
      for (const rollout of new Set(needing)) queue.add(keyOf(rollout));
      return;
    }
    for (const rollout of rollouts.by("need", needOf(kind)))
      if (namespace === "" || namespace === rollout.metadata.namespace) queue.add(keyOf(rollout));
  });

/** The Rollout that controls a ReplicaSet, or those of its namespace that may want to adopt it. */
function ownersOf(stores: Stores, replicaSet: CachedReplicaSet | undefined): string[] {
  if (replicaSet === undefined) return [];
  const { namespace, controllerUid } = replicaSet.facts;
  return stores.rollouts.by("owner", controllerUid === "" ? namespace : controllerUid).map(keyOf);
}

/**
 * The Rollout that has the name of a deleted one may wait for the name of its ReplicaSet
 * (docs/behaviour/hashes-and-names.md#collisions); how long its passes have failed must not hold it up then.
 */
function heirsOf(stores: Stores, replicaSet: CachedReplicaSet | undefined): string[] {
  if (replicaSet === undefined) return [];
  const { namespace, name, controllerUid } = replicaSet.facts;
  const rollout = stores.rollouts.get(`${namespace}/${name.slice(0, name.lastIndexOf("-"))}`);
  return rollout === undefined || rollout.metadata.uid === controllerUid ? [] : [keyOf(rollout)];
}

function gone(ports: RolloutsPorts, rollout: Rollout): void {
  const key = keyOf(rollout);
  ports.observer.rolloutDeleted(key);
  if (ports.validForMs() <= 0) return;
  ports.log.info("Rollout deleted", { namespace: rollout.metadata.namespace, rollout: rollout.metadata.name });
  recordEvent(ports, rollout, {
    type: "Normal",
    reason: "RolloutDeleted",
    message: `Rollout ${key} is deleted.`,
    after: 0,
  });
}

function recordEvent(
  { events, observer, happened }: RolloutsPorts,
  rollout: Rollout,
  { type, reason, message }: RolloutEvent,
): void {
  const { name, namespace, uid = "", resourceVersion } = rollout.metadata;
  observer.eventEmitted(keyOf(rollout), type, reason);
  const object = { ...ROLLOUT_KIND, name, namespace, uid, resourceVersion };
  events.record({ object, type, reason, message });
  happened?.(rollout, { type, reason });
}
