/** An Experiment as pages show it. Pure. */
import type { Explanation } from "../../../controller/rollout/explain/explain.ts";
import type { ExperimentInfo } from "../../../controller/view/info.ts";
import type { Experiment } from "../../../schema/experiment.ts";
import type { ExperimentView, May, RunView } from "../../model.ts";
import { ownerText } from "./runView.ts";

export function experimentView(
  experiment: Experiment,
  whole: ExperimentInfo,
  runs: readonly RunView[],
  explanation: Explanation | undefined,
  may: May = {},
  /** By the hash of a template's pods. */
  weights: ReadonlyMap<string, number> = new Map(),
): ExperimentView {
  const { metadata, spec, status = {} } = experiment;
  const { analysisRuns: _, ...info } = whole;
  const statuses = new Map((status.templateStatuses ?? []).map((each) => [each.name, each]));
  const known = explanation ?? unexplained(experiment);
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    revision: info.revision,
    phase: info.status,
    icon: info.icon,
    message: info.message,
    owner: ownerText(experiment),
    startedAt: status.availableAt ?? "",
    duration: spec.duration ?? "",
    templates: (spec.templates ?? []).map(({ name, replicas = 1 }) => {
      const now = statuses.get(name);
      const weight = weights.get(now?.podTemplateHash ?? "");
      return {
        name,
        phase: now?.status ?? "",
        message: now?.message ?? "",
        replicas,
        available: now?.availableReplicas ?? 0,
        ...(weight === undefined ? {} : { weight }),
      };
    }),
    runs,
    sentence: known.sentence,
    explanation: known,
    info,
    may,
  };
}

/** Where not all can be read that an explanation is made of: what its status says. */
function unexplained({ metadata, status = {} }: Experiment): Explanation {
  const { name, namespace } = metadata;
  const { phase = "", message = "" } = status;
  const state = phase === "" ? "has not begun" : `is ${phase}${message === "" ? "" : `: ${message}`}`;
  const sentence = `Experiment "${name}" ${state}.`;
  return {
    name,
    namespace,
    standing: "waiting",
    reason: "ExperimentNotOver",
    sentence,
    facts: [],
    goesOnWhen: [],
    commands: [],
  };
}
