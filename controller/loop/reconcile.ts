/** One turn for one Rollout: gather, decide, apply, and note when to look again. Knows no strategy. */
import type { RolloutEvent, Snapshot, Decision } from "../rollout/model.ts";
import { decide } from "../rollout/decide.ts";
import type { Gatherer } from "../snapshot/gather.ts";
import type { Clock } from "./clock.ts";
import { apply, type Outcome, type Writer } from "./apply.ts";
import { readPods } from "./pods.ts";
import { restartDue } from "../rollout/restart.ts";
import { formatSelector } from "../rollout/selector.ts";
import { COUNTERS_EVERY_MS, onlyCounters } from "./pace.ts";

export interface ReconcilePorts extends Writer {
  readonly clock: Clock;
  readonly gatherer: Gatherer;
  readonly wakeAfter: (key: string, delayMs: number) => void;
  readonly finished: (status: string, totalSeconds: number, manualPauseSeconds: number) => void;
}

export interface Reconciler {
  /** `key`: "namespace/name". Throws what should be retried. */
  reconcile(key: string): Promise<void>;
  /** The Rollout is gone. */
  forget(key: string): void;
}

export function createReconciler(ports: ReconcilePorts): Reconciler {
  const { clock, gatherer } = ports;
  const statusWrittenAt = new Map<string, number>();
  const announced = new Set<string>();
  // Events go out before the status that they belong to; if writing that fails, the next turn must not tell them again.
  const toldUnsaved = new Map<string, ReadonlySet<string>>();

  const announce = (key: string, { rollout }: Snapshot): void => {
    if (announced.has(key)) return;
    announced.add(key);
    if (rollout.status?.observedGeneration !== undefined) return;
    const { namespace, name } = rollout.metadata;
    ports.recordEvent(rollout, event("RolloutAddedToInformer", `Rollout resource added to informer: ${namespace}/${name}`));
  };

  /** The facts from the cache; with a restart due also the pods, which are not cached. */
  const gather = async (key: string): Promise<Snapshot | undefined> => {
    const rollout = ports.stores.rollouts.get(key);
    if (rollout === undefined || restartDue(rollout, clock.now()) === undefined) return gatherer.gather(key);
    const sets = gatherer.gather(key)?.replicaSets ?? [];
    const pods = await readPods(ports.client, rollout.metadata.namespace, formatSelector(rollout.spec.selector), sets);
    const snapshot = gatherer.gather(key);
    return snapshot === undefined ? undefined : { ...snapshot, pods };
  };

  /** Milliseconds for which this status may wait; 0: it is to be written now. */
  const waitMs = (key: string, snapshot: Snapshot, { status }: Decision): number => {
    const last = statusWrittenAt.get(key);
    if (status === undefined || last === undefined || !onlyCounters(snapshot.rollout.status ?? {}, status)) return 0;
    return Math.max(0, last + COUNTERS_EVERY_MS - clock.now());
  };

  const applyOnce = async (key: string, snapshot: Snapshot, decision: Decision, deferStatus: boolean): Promise<Outcome> => {
    const told = toldUnsaved.get(key);
    const events = told === undefined ? decision.events : decision.events.filter((e) => !told.has(textOf(e)));
    const status = events.filter((e) => e.after === "status").map(textOf);
    toldUnsaved.set(key, new Set([...(told ?? []), ...status]));
    const outcome = await apply(ports, snapshot, { ...decision, events }, deferStatus);
    toldUnsaved.delete(key);
    return outcome;
  };

  const carryOut = async (key: string, snapshot: Snapshot): Promise<void> => {
    const decision = decide(snapshot, clock.now());
    if (decision.wakeAt !== undefined) ports.wakeAfter(key, decision.wakeAt - clock.now());
    const later = waitMs(key, snapshot, decision);
    if (later > 0) ports.wakeAfter(key, later);
    const outcome = await applyOnce(key, snapshot, decision, later > 0);
    if (outcome.kind === "done") {
      if (decision.status !== undefined && later === 0) {
        statusWrittenAt.set(key, clock.now());
        const { finished } = decision;
        if (finished !== undefined) ports.finished(finished.status, finished.totalSeconds, finished.manualPauseSeconds);
      }
      return;
    }
    await explain(key, outcome);
  };

  /** Creating the ReplicaSet failed: what follows from that is decided as everything else is. */
  const explain = async (key: string, outcome: Exclude<Outcome, { kind: "done" }>): Promise<void> => {
    const fresh = gatherer.gather(key);
    if (fresh === undefined) return;
    const { name } = outcome;
    if (outcome.kind === "nameTaken") throw new Error(`Cannot create ReplicaSet "${name}": ${outcome.message}`);
    const fact = outcome.kind === "collision" ? { collision: name } : { createFailure: { name, message: outcome.message } };
    const snapshot = { ...fresh, ...fact };
    await apply(ports, snapshot, decide(snapshot, clock.now()), false);
    if (outcome.kind === "createRefused") throw new Error(`Cannot create ReplicaSet "${name}": ${outcome.message}`);
  };

  return {
    async reconcile(key) {
      const snapshot = await gather(key);
      if (snapshot === undefined) return;
      announce(key, snapshot);
      await carryOut(key, snapshot);
    },
    forget(key) {
      statusWrittenAt.delete(key);
      toldUnsaved.delete(key);
      announced.delete(key);
      gatherer.forget(key);
    },
  };
}

const textOf = ({ reason, message }: RolloutEvent): string => `${reason}|${message}`;

const event = (reason: string, message: string): RolloutEvent => ({ type: "Normal", reason, message, after: 0 });
