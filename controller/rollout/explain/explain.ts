/**
 * Why a Rollout does not move (docs/cli/explain.md): from the decision that the controller itself would make of the same
 * facts, and from the verdicts that led to it.
 */
import { humanDuration } from "../../../kube/object/humanDuration.ts";
import { instant, timestamp } from "../../../kube/object/time.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { decided } from "../decide/decide.ts";
import { STEPS } from "../../steps/stepKinds.ts";
import type { Evidence } from "./evidence.ts";
import { type Fact, factsOf } from "./facts.ts";
import type { Command, Gate, Scene, Standing } from "./gate.ts";
import { dueNow, generalRules } from "./generalGates.ts";
import { fallback, strategyRules } from "./strategyGates.ts";

export interface Explanation {
  readonly name: string;
  readonly namespace: string;
  readonly standing: Standing;
  /** One of docs/reasons.md. */
  readonly reason: Gate["reason"];
  /** One sentence. */
  readonly sentence: string;
  /** RFC 3339; absent: not known. */
  readonly since?: string;
  /** When time alone lets it go on. */
  readonly until?: string;
  readonly facts: readonly Fact[];
  /** What would let it go on, each a clause. */
  readonly goesOnWhen: readonly string[];
  readonly commands: readonly Command[];
}

const RULES = [...generalRules, ...strategyRules];

const gateOf = (scene: Scene): Gate => {
  for (const rule of RULES) {
    const gate = rule(scene);
    if (gate !== undefined) return gate;
  }
  return fallback(scene);
};

/** Pure: the same evidence gives the same explanation. */
export function explain(evidence: Evidence): Explanation {
  const { snapshot, now } = evidence;
  return decided({ snapshot, now, steps: STEPS }, (p, decision) => {
    const scene: Scene = { p, decision, evidence };
    const { name, namespace } = snapshot.rollout.metadata;
    const gate = gateOf(scene);
    return {
      name,
      namespace,
      standing: gate.standing,
      reason: gate.reason,
      sentence: `Rollout "${name}" ${gate.why}.`,
      ...(gate.since === undefined ? {} : { since: timestamp(gate.since) }),
      ...(gate.until === undefined ? {} : { until: timestamp(gate.until) }),
      facts: factsOf(scene, gate),
      goesOnWhen: gate.change ?? [],
      commands: gate.commands ?? [],
    };
  });
}

/** One that is being deleted: nothing is decided about it any more. */
export function explainLeaving({ metadata }: Rollout, now: number): Explanation {
  const { name, namespace, finalizers = [], deletionTimestamp = "" } = metadata;
  const since = instant(deletionTimestamp);
  const age = since === undefined ? "" : ` for ${humanDuration(now - since)}`;
  const held =
    finalizers.length === 0
      ? "what belongs to it is deleted first"
      : `the finalizer ${finalizers.join(", ")} keeps it until its owner takes it away`;
  return {
    name,
    namespace,
    standing: "waiting",
    reason: "BeingDeleted",
    sentence: `Rollout "${name}" is being deleted${age}, and no longer driven: ${held}.`,
    ...(since === undefined ? {} : { since: timestamp(since) }),
    facts: [{ about: "gate", text: "BeingDeleted" }],
    goesOnWhen: ["whoever has set the finalizer takes it away"],
    commands: [],
  };
}

/** What the controller would do at this moment; nothing: it waits. */
export const dueOf = (evidence: Evidence): readonly string[] =>
  decided({ snapshot: evidence.snapshot, now: evidence.now, steps: STEPS }, (p, decision) =>
    dueNow({ p, decision, evidence }),
  );
