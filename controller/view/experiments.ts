/** Experiments, with the pods and the analysis that belong to them. */
import type { Experiment } from "../../schema/experiment.ts";
import { analysisRunInfos } from "./analysisRuns.ts";
import { analysisIcon } from "./icons.ts";
import type { ExperimentInfo } from "./info.ts";
import { byCreation, byRevision, objectInfo, revisionOf } from "./objectInfo.ts";
import type { Owned } from "./owned.ts";
import { replicaSetInfos } from "./replicaSets.ts";

export function experimentInfo({ metadata, status }: Experiment, owned: Owned): ExperimentInfo {
  const { phase = "", message = "" } = status ?? {};
  const uid = metadata.uid ?? "";
  return {
    objectMeta: objectInfo(metadata),
    icon: analysisIcon(phase),
    revision: revisionOf(metadata),
    status: phase,
    message,
    replicaSets: replicaSetInfos(uid, owned),
    analysisRuns: analysisRunInfos(uid, owned),
  };
}

/** Newest revision first. */
export const experimentInfos = (owner: string, owned: Owned): readonly ExperimentInfo[] =>
  owned
    .experiments(owner)
    .map((experiment) => experimentInfo(experiment, owned))
    .toSorted((a, b) => byRevision(a, b) || byCreation(a, b));
