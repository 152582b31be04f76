/** One pass over one Rollout: gather, decide, carry out. Knows no strategy. */
import type { Pass } from "../../../kube/runtime/runController.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { finishDeletion } from "../../workloads/workloadRestore.ts";
import { timedClient } from "./answerTime.ts";
import { announce, carryOut, type PassPorts, type PassQueue } from "./carryOut.ts";
import { gatherPass, type PassFacts } from "./gatherPass.ts";
import { readNamedByRollout } from "./recorded.ts";
import type { Decision } from "../actions/action.ts";

/** A Rollout that is being deleted is no longer driven: what is left to do is done by `finishDeletion`. */
export type RolloutFacts =
  ({ readonly kind: "staying" } & PassFacts) | { readonly kind: "leaving"; readonly rollout: Rollout };

export interface Reconciler {
  /** `key`: "namespace/name". Undefined: there is nothing to decide. @throws what should be retried */
  gather(key: string): Promise<RolloutFacts | undefined>;
  /** Undefined for a Rollout that is being deleted. */
  decide(facts: RolloutFacts, now: number): Decision | undefined;
  /** @throws what should be retried */
  apply(pass: Pass<RolloutFacts, Decision | undefined>, queue: PassQueue): Promise<void>;
  /** The Rollout was deleted. */
  forget(key: string): void;
}

export function createReconciler(given: Omit<PassPorts, "answerMs">): Reconciler {
  const ports: PassPorts = { ...given, ...timedClient(given.client, given.clock) };
  const { clock, gatherer, memories, stores } = ports;
  return {
    async gather(key) {
      // At the start all Rollouts are queued at once.
      if (clock.giveWay !== undefined) await clock.giveWay();
      if (gatherer.prepare(key) && clock.giveWay !== undefined) await clock.giveWay();
      const rollout = stores.rollouts.get(key);
      if (rollout?.metadata.deletionTimestamp !== undefined) return { kind: "leaving", rollout };
      if (rollout !== undefined) await readNamedByRollout(ports.client, stores, rollout);
      const facts = await gatherPass(ports, key);
      return facts === undefined ? undefined : { kind: "staying", ...facts };
    },
    decide: (facts, now) => (facts.kind === "leaving" ? undefined : ports.decide(facts.snapshot, now)),
    async apply({ key, facts, decision, now }, queue) {
      if (facts.kind === "leaving") {
        const againMs = await finishDeletion(ports, facts.rollout);
        if (againMs !== undefined) queue.addAfter(key, againMs);
        return;
      }
      if (decision === undefined) return;
      announce(ports, facts);
      await carryOut(ports, queue, { ...facts, key, decision, now });
    },
    forget(key) {
      memories.forget(key);
      gatherer.forget(key);
    },
  };
}
