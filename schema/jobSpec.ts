/** The spec of a batch/v1 Job, as the API server checks it inside a job metric. */
import type * as v from "valibot";
import { LabelSelector, PodTemplateSpec } from "./kube.ts";
import { boolean, int32, int64, list, marked, notNegative, openObject, optional, string, within } from "./scalars.ts";

/** As under the reference's CRD, these sets refuse duplicates. */
const exitCodes = marked(list(int32), { "x-kubernetes-list-type": "set" });

export const JobSpec = openObject({
  template: PodTemplateSpec,
  ...optional({
    activeDeadlineSeconds: within(int64, 0),
    backoffLimit: notNegative,
    backoffLimitPerIndex: notNegative,
    completionMode: string,
    completions: notNegative,
    managedBy: string,
    manualSelector: boolean,
    maxFailedIndexes: notNegative,
    parallelism: notNegative,
    podFailurePolicy: openObject({
      rules: list(
        openObject({
          action: string,
          ...optional({
            onExitCodes: openObject({
              operator: string,
              values: exitCodes,
              ...optional({ containerName: string }),
            }),
            onPodConditions: list(openObject({ status: string, type: string })),
          }),
        }),
      ),
    }),
    podReplacementPolicy: string,
    selector: LabelSelector,
    successPolicy: openObject({
      rules: list(openObject(optional({ succeededCount: int32, succeededIndexes: string }))),
    }),
    suspend: boolean,
    ttlSecondsAfterFinished: notNegative,
  }),
});
export type JobSpec = v.InferOutput<typeof JobSpec>;
