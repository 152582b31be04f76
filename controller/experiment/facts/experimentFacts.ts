/** What a decision about one Experiment is made from. */
import type { AnalysisRun } from "../../../schema/analysis.ts";
import type { Experiment } from "../../../schema/experiment.ts";
import type { Templates } from "../../rules/analysis/templateCollection.ts";
import type { ReplicaSetFacts, ServiceFacts } from "../../rollout/model/model.ts";

export interface ExperimentFacts {
  readonly experiment: Experiment;
  /** Why it must not be driven, in the reference's words where it has some; undefined: it is valid. */
  readonly invalid: string | undefined;
  /** Those that it controls, by the names of its templates. */
  readonly replicaSets: ReadonlyMap<string, ReplicaSetFacts>;
  readonly services: ReadonlyMap<string, ServiceFacts>;
  /** Those that it controls, by their own names. */
  readonly runs: ReadonlyMap<string, AnalysisRun>;
  /** Of analyses, as the cluster holds them now; undefined: it names none, or they have not been read yet. */
  readonly templates: Templates | undefined;
  /** Its name, where it still exists. */
  readonly rollout: string | undefined;
  /** What the API server has refused in this pass, by `refusalKey`. */
  readonly refusals: ReadonlyMap<string, string>;
  /** Names of AnalysisRuns that belong to somebody else. */
  readonly namesTaken: readonly string[];
}

export const refusalKey = (kind: string, name: string): string => `${kind}/${name}`;
