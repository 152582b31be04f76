/**
 * Experiments as a row of the controller (docs/behaviour/experiments.md). Keys are "namespace/name". What a pass writes
 * leads to the next: nothing follows from what is not stored.
 */
import type { Clock } from "../../kube/clock/clock.ts";
import { controllerOf } from "../../kube/object/ownerReference.ts";
import { keyOf } from "../../kube/runtime/cache.ts";
import type { WorkQueue } from "../../kube/runtime/queue.ts";
import type { EventRecorder } from "../../kube/runtime/recorder.ts";
import { type ControllerRow, keysIn, type Pass, watch, type Watch } from "../../kube/runtime/runController.ts";
import type { Experiment } from "../../schema/experiment.ts";
import { EXPERIMENT_KIND, ROLLOUT_KIND } from "../../schema/kinds.ts";
import { readNamedByExperiment } from "../rollout/apply/recorded.ts";
import { sameForOwner } from "../rollout/facts/runFacts.ts";
import type { Sources } from "../rollout/facts/cacheSources.ts";
import { needOf } from "../rollout/facts/optionalStore.ts";
import { sameFacts, type Stores } from "../rollout/facts/stores.ts";
import { perform, send, type Sending } from "./actions/perform.ts";
import { statusRequest } from "./actions/requests.ts";
import { decideExperiment } from "./decide/decide.ts";
import type { ExperimentDecision, ExperimentEvent } from "./decide/decision.ts";
import { type ExperimentFacts, refusalKey } from "./facts/experimentFacts.ts";
import { gatherExperiment, NOTHING_LEARNED } from "./gather.ts";

/** What is reported to the metrics; see `ControllerObserver`. Times in ms. */
export interface ExperimentsObserver {
  experimentReconciled(key: string, durationMs: number, failed: boolean): void;
}

export interface ExperimentsPorts extends Sending {
  readonly clock: Clock;
  readonly events: Pick<EventRecorder, "record">;
  readonly observer: ExperimentsObserver;
}

type Row = ControllerRow<ExperimentFacts, ExperimentDecision>;

export function experimentsRow(ports: ExperimentsPorts, sources: Sources): Row {
  const { stores } = ports;
  return {
    kind: "Experiments",
    noun: "Experiment",
    watches: watchesOf(stores, sources),
    keys: () => keysIn(stores.experiments),
    async gather(key) {
      const experiment = stores.experiments.get(key);
      if (experiment !== undefined) await readNamedByExperiment(ports.client, stores, experiment);
      return gatherExperiment(stores, key, NOTHING_LEARNED);
    },
    decide: decideExperiment,
    apply: (pass, queue) => apply(ports, pass, queue),
    passed: (key, durationMs, failed) => ports.observer.experimentReconciled(key, durationMs, failed),
  };
}

const NOBODY = { metadata: { name: "", namespace: "" } };

/** Answers to a pass's own writes are no news: it comes back by itself. */
function watchesOf(stores: Stores, sources: Sources): Watch[] {
  const { experiments } = stores;
  const add = (queue: WorkQueue, uid: string | undefined): void => {
    for (const experiment of uid === undefined ? [] : experiments.by("uid", uid)) queue.add(keyOf(experiment));
  };
  return [
    watch(sources.experiments, (queue, _old, next, origin) => {
      if (next !== undefined && origin !== "own") queue.add(keyOf(next));
    }),
    watch(sources.replicaSets, (queue, old, next, origin) => {
      if (origin !== "own" && !sameFacts(old, next)) add(queue, (next ?? old)?.facts.controllerUid);
    }),
    watch(sources.services, (queue, old, next, origin) => {
      if (origin !== "own" && !sameFacts(old, next)) add(queue, (next ?? old)?.facts.experiment?.uid);
    }),
    // Whoever drives AnalysisRuns in this process writes what is news here.
    watch(sources.analysisRuns, (queue, old, next) => {
      if (!sameForOwner(old, next)) add(queue, controllerOf(next ?? old ?? NOBODY)?.uid);
    }),
    ...[stores.templates.namespaced, stores.templates.cluster].map((store) => templatesWatch(stores, store)),
  ];
}

const templatesWatch = ({ experiments }: Stores, { kind, objects }: Stores["templates"]["namespaced"]): Watch =>
  watch({ cache: objects }, (queue, old, next) => {
    if (old !== undefined && next !== undefined && !kind.heeds(old, next)) return;
    const namespace = (next ?? old)?.metadata.namespace ?? "";
    for (const experiment of experiments.by("need", needOf(kind)))
      if (namespace === "" || namespace === experiment.metadata.namespace) queue.add(keyOf(experiment));
  });

/** Refusals and names that are taken are facts for another decision; more of them are nobody's intention. */
const MOST_DECISIONS = 20;

async function apply(
  ports: ExperimentsPorts,
  { key, facts: first, decision: decided }: Pass<ExperimentFacts, ExperimentDecision>,
  queue: WorkQueue,
): Promise<void> {
  let facts = first;
  let decision = decided;
  for (let n = 0; n < MOST_DECISIONS; n += 1) {
    const learned = await carryOut(ports, facts, decision);
    if (learned === undefined) break;
    const fresh = gatherExperiment(ports.stores, key, learned);
    if (fresh === undefined) return;
    facts = fresh;
    decision = decideExperiment(facts, ports.clock.now());
  }
  queue.cancelDelay(key);
  const { wakeAt, status, actions } = decision;
  if (wakeAt !== undefined) queue.addAfter(key, Math.max(0, wakeAt - ports.clock.now()));
  if (status !== undefined)
    ports.stores.experiments.upsert(await send<Experiment>(ports, statusRequest(facts.experiment, status)));
  record(
    ports,
    facts,
    decision.events.filter(({ after }) => after === "status"),
  );
  if (status !== undefined || actions.length > 0) queue.add(key);
}

type Learned = Pick<ExperimentFacts, "refusals" | "namesTaken">;

/** Undefined: all actions are done. */
async function carryOut(
  ports: ExperimentsPorts,
  facts: ExperimentFacts,
  { actions, events }: ExperimentDecision,
): Promise<Learned | undefined> {
  let done = 0;
  const { refusals, namesTaken } = facts;
  for (const action of actions) {
    const refusal = await perform(ports, facts.experiment, action);
    if (refusal?.kind === "nameTaken") return { refusals, namesTaken: [...namesTaken, action.name] };
    if (refusal?.kind === "refused")
      return { refusals: new Map([...refusals, [refusalKey(action.kind, action.name), refusal.why]]), namesTaken };
    done += 1;
    record(
      ports,
      facts,
      events.filter(({ after }) => after === done),
    );
  }
  return undefined;
}

function record(
  { events, stores }: ExperimentsPorts,
  { experiment, rollout }: ExperimentFacts,
  list: readonly ExperimentEvent[],
): void {
  const { name, namespace, uid = "", resourceVersion } = experiment.metadata;
  const owner = rollout === undefined ? undefined : stores.rollouts.get(`${namespace}/${rollout}`);
  for (const { on, type, reason, message } of list) {
    if (on === "experiment")
      events.record({ object: { ...EXPERIMENT_KIND, name, namespace, uid, resourceVersion }, type, reason, message });
    else if (owner !== undefined) {
      const { uid: ownerUid = "", resourceVersion: version } = owner.metadata;
      const object = { ...ROLLOUT_KIND, name: owner.metadata.name, namespace, uid: ownerUid, resourceVersion: version };
      events.record({ object, type, reason, message });
    }
  }
}
