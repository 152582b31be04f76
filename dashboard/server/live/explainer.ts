/** Explanations of what a feed holds, by the controller's own decision (docs/cli/explain.md). */
import { type Caches, evidenceOf, experimentEvidence, toldGatherer } from "../../../controller/reading/evidence.ts";
import { gatherNow, gatherPass } from "../../../controller/rollout/apply/gatherPass.ts";
import { createMemories } from "../../../controller/rollout/apply/passMemory.ts";
import { checkPods } from "../../../controller/rollout/apply/podRequests.ts";
import { explainExperiment } from "../../../controller/experiment/explain/explainExperiment.ts";
import type { Drivers } from "../../../controller/rollout/explain/evidence.ts";
import { dueOf, explain, explainLeaving, type Explanation } from "../../../controller/rollout/explain/explain.ts";
import { isForbidden } from "../../../controller/rollout/facts/optionalWatch.ts";
import type { PodCheck } from "../../../controller/rollout/model/model.ts";
import { ApiError } from "../../../kube/client/apiError.ts";
import type { Clock } from "../../../kube/clock/clock.ts";
import { equal } from "../../../kube/object/equality.ts";
import type { Experiment } from "../../../schema/experiment.ts";
import { INSTANCE_LABEL } from "../../../schema/labels.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { Feed } from "./feed.ts";

export interface Explainer {
  /**
   * Undefined: it is not there, or not all is known that it depends on.
   * @param closely also asks what its pods wait for
   */
  rollout(key: string, closely: boolean): Promise<Explanation | undefined>;
  /**
   * What the controller would do at once, were the Rollout another than it is.
   * @param changed undefined: nothing is known of such a Rollout
   */
  afterwards(key: string, changed: (rollout: Rollout) => Rollout | undefined): Promise<readonly string[] | undefined>;
  experiment(experiment: Experiment): Promise<Explanation | undefined>;
  forget(key: string): void;
}

/** Leases and pods are read again after so long. */
const DRIVERS_MS = 15_000;
const CHECK_MS = 5_000;
/** What is due for longer than this is not being done: a controller that is at work does it within a moment. */
const LATE_MS = 2_000;

export function createExplainer(feed: Feed, again: (key: string) => void): Explainer {
  const { shelves, stores, ports } = feed;
  const { client, clock } = ports;
  const caches: Caches = {
    stores,
    runs: { get: (uid) => (uid === undefined ? [] : shelves.analysisRuns.by("owner", uid)) },
    instances: { get: (key) => shelves.rollouts.get(key)?.metadata.labels?.[INSTANCE_LABEL] },
  };
  const gatherer = toldGatherer(stores);
  const memories = createMemories();
  const gathering = { client, clock, gatherer, memories };
  const check = keptChecks();
  const drivers = keptDrivers(() => clock.now());
  const lateness = keptLateness(clock, again);
  const facts = async (key: string, closely: boolean) => {
    if (!closely) return gatherNow(gathering, key);
    try {
      return await gatherPass(gathering, key);
    } catch (error) {
      // Not everybody may read pods.
      if (error instanceof ApiError) return gatherNow(gathering, key);
      throw error;
    }
  };

  /** The controller may read what this person may not: nothing is said then of what it waits for. */
  const isHidden = (rollout: Rollout): boolean =>
    stores.optional.some(({ kind, refused }) => isForbidden(refused) && kind.neededBy(rollout).length > 0);

  return {
    async rollout(key, closely) {
      const rollout = stores.rollouts.get(key);
      if (!feed.isWhole() || rollout === undefined || isHidden(rollout)) return undefined;
      if (rollout.metadata.deletionTimestamp !== undefined) return explainLeaving(rollout, clock.now());
      const found = await facts(key, closely);
      if (found === undefined) return undefined;
      const asking = { client, clock, check: closely ? check : nobodyLooks };
      const evidence = await evidenceOf(asking, caches, drivers(), found.snapshot);
      return explain({ ...evidence, isLate: lateness.isLate(key, dueOf(evidence)) });
    },
    async afterwards(key, changed) {
      if (!feed.isWhole()) return undefined;
      const found = gatherNow(gathering, key);
      const rollout = found === undefined ? undefined : changed(found.snapshot.rollout);
      if (found === undefined || rollout === undefined) return undefined;
      const asking = { client, clock, check: nobodyLooks };
      return dueOf(await evidenceOf(asking, caches, drivers(), { ...found.snapshot, rollout }));
    },
    async experiment(experiment) {
      if (!feed.isWhole()) return undefined;
      const evidence = await experimentEvidence({ client, clock, check }, caches, experiment);
      return evidence === undefined ? undefined : explainExperiment(evidence);
    },
    forget(key) {
      gatherer.forget(key);
      lateness.forget(key);
    },
  };
}

interface Lateness {
  /** Whether the controller leaves undone what is due. @param what in words; none: nothing is due */
  isLate(key: string, what: readonly string[]): boolean;
  forget(key: string): void;
}

function keptLateness(clock: Clock, again: (key: string) => void): Lateness {
  const due = new Map<string, { readonly what: readonly string[]; readonly since: number }>();
  return {
    isLate(key, what) {
      const before = due.get(key);
      if (what.length === 0) {
        due.delete(key);
        return false;
      }
      if (before !== undefined && equal(before.what, what)) return clock.now() - before.since >= LATE_MS;
      due.set(key, { what, since: clock.now() });
      clock.after(LATE_MS + 1, () => again(key));
      return false;
    },
    forget: (key) => void due.delete(key),
  };
}

const nobodyLooks = async (): Promise<undefined> => undefined;

/** The pods of a ReplicaSet are not listed for each change. */
function keptChecks(): typeof checkPods {
  const kept = new Map<string, Promise<PodCheck>>();
  const at = new Map<string, number>();
  return (client, set, now) => {
    const before = kept.get(set.uid);
    if (before !== undefined && now - (at.get(set.uid) ?? 0) < CHECK_MS) return before;
    if (kept.size > 1_000) kept.clear();
    const check = checkPods(client, set, now);
    kept.set(set.uid, check);
    at.set(set.uid, now);
    return check;
  };
}

/** By the instance of the controller. */
function keptDrivers(now: () => number): () => Map<string, Promise<Drivers>> {
  let kept = new Map<string, Promise<Drivers>>();
  let since = now();
  return () => {
    if (now() - since > DRIVERS_MS) {
      kept = new Map();
      since = now();
    }
    return kept;
  };
}
