/** What an Experiment waits for (docs/cli/explain.md#of-an-experiment-or-an-analysisrun), by the decision that the controller would make. */
import { instant, timestamp } from "../../../kube/object/time.ts";
import { isCompleted } from "../../analysis/decide/phase.ts";
import { metricWords, runFinding } from "../../rollout/explain/analysis.ts";
import type { RunStanding } from "../../rollout/explain/evidence.ts";
import type { Explanation } from "../../rollout/explain/explain.ts";
import { clause, type Standing, when } from "../../rollout/explain/gate.ts";
import { podReasons } from "../../rollout/explain/pods.ts";
import type { PodCheck, ReplicaSetFacts } from "../../rollout/model/model.ts";
import { decideExperiment } from "../decide/decide.ts";
import { endOf } from "../decide/draft.ts";
import type { ExperimentFacts } from "../facts/experimentFacts.ts";

export interface ExperimentEvidence {
  readonly facts: ExperimentFacts;
  /** ms since the epoch. */
  readonly now: number;
  /** By the uid of the ReplicaSet. */
  readonly checks: ReadonlyMap<string, PodCheck>;
  /** By name. */
  readonly runs: ReadonlyMap<string, RunStanding>;
}

function templateWords(evidence: ExperimentEvidence, name: string, set: ReplicaSetFacts): string {
  const reasons = podReasons({ evidence }, set);
  const count = `template ${name}: ${set.status.availableReplicas} of ${set.replicas} pods are available`;
  return `${count}${reasons === undefined ? "" : ` (${reasons})`}`;
}

/** `is Pending: template a: 0 of 1 pods are available (…)`. */
export function experimentClause(evidence: ExperimentEvidence): string {
  const { experiment, invalid, replicaSets } = evidence.facts;
  const { phase = "", message = "" } = experiment.status ?? {};
  if (invalid !== undefined) return `is invalid, and left as it is: ${clause(invalid)}`;
  const isOver = isCompleted(phase);
  const lacking = [...replicaSets]
    .filter(([, { replicas, status }]) => !isOver && status.availableReplicas < replicas)
    .map(([name, set]) => templateWords(evidence, name, set));
  const finding = [...evidence.runs.values()].map(runFinding).find((each) => each !== undefined);
  const parts = [...(message === "" ? [] : [clause(message)]), ...lacking, ...(finding === undefined ? [] : [finding])];
  const end = phase === "Running" ? endOf(experiment) : undefined;
  const until = end === undefined ? "" : ` until ${when({ evidence }, end)}`;
  const state = phase === "" ? "has not begun" : `${isOver ? "has ended" : "is"} ${phase}${until}`;
  return `${state}${parts.length === 0 ? "" : `: ${parts.join("; ")}`}`;
}

/** Pure. */
export function explainExperiment(evidence: ExperimentEvidence): Explanation {
  const { facts, now, runs } = evidence;
  const { metadata, status = {} } = facts.experiment;
  const { name, namespace } = metadata;
  const { phase, availableAt } = status;
  const { wakeAt } = decideExperiment(facts, now);
  const isOver = isCompleted(phase);
  const standing: Standing =
    facts.invalid !== undefined ? "stopped" : isOver ? "done" : phase === undefined ? "moving" : "waiting";
  const began = instant(availableAt);
  return {
    name,
    namespace,
    standing,
    reason: facts.invalid !== undefined ? "InvalidSpec" : isOver ? "Done" : "ExperimentNotOver",
    sentence: `Experiment "${name}" ${experimentClause(evidence)}.`,
    ...(began === undefined ? {} : { since: timestamp(began) }),
    facts: [
      ...(began === undefined ? [] : [{ about: "running", text: `since ${when({ evidence }, began)}` }]),
      ...[...facts.replicaSets].map(([template, set]) => ({
        about: "pods",
        text: templateWords(evidence, template, set),
      })),
      ...[...runs.values()].flatMap(({ metrics }) =>
        metrics.map((metric) => ({ about: "analysis", text: metricWords({ evidence }, metric) })),
      ),
      ...(wakeAt === undefined || isOver
        ? []
        : [{ about: "next", text: `the controller looks at it again by ${timestamp(wakeAt)}` }]),
    ],
    goesOnWhen: [],
    commands: isOver
      ? []
      : [{ command: `sluice terminate experiment ${name} -n ${namespace}`, does: "end it, as a success" }],
  };
}
