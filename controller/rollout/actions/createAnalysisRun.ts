/** Creates an AnalysisRun of the Rollout (docs/behaviour/rollout-analysis.md#the-run). */
import { ANALYSIS_RUNS } from "../../../kube/client/resources.ts";
import { timestamp } from "../../../kube/object/time.ts";
import type { AnalysisRun } from "../../../schema/analysis.ts";
import { TEMPLATE_GENERATIONS } from "../../../schema/labels.ts";
import type { AnalysisRunFacts } from "../model/model.ts";
import type { ActionRow, Basis } from "./row.ts";

export interface CreateAnalysisRun {
  readonly kind: "createAnalysisRun";
  readonly name: string;
  readonly manifest: AnalysisRun;
}

/** What is known of it before it exists. */
export const createdRun = ({ name, manifest }: CreateAnalysisRun, { now }: Basis): AnalysisRunFacts => ({
  name,
  uid: "",
  labels: manifest.metadata.labels ?? {},
  createdAt: Date.parse(timestamp(now)),
  deleting: false,
  phase: "",
  message: "",
  terminated: false,
  measured: false,
  generations: manifest.metadata.annotations?.[TEMPLATE_GENERATIONS],
  spec: manifest.spec,
});

export const createAnalysisRun = {
  effect: (world, action, basis) => ({
    ...world,
    analysisRuns: [...(world.analysisRuns ?? []), createdRun(action, basis)],
  }),
  requests: ({ name, manifest }) => [{ verb: "create", resource: ANALYSIS_RUNS, name, body: manifest }],
  words: ({ name }) => `create AnalysisRun "${name}"`,
  target: ({ name }) => `AnalysisRun/${name}`,
} as const satisfies ActionRow<CreateAnalysisRun>;
