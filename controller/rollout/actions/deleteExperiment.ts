/** Deletes an Experiment that is of no use any more (docs/behaviour/experiments.md#experiments-that-are-over). */
import { EXPERIMENTS } from "../../../kube/client/resources.ts";
import type { ActionRow } from "./row.ts";

export interface DeleteExperiment {
  readonly kind: "deleteExperiment";
  readonly name: string;
  /** "": not known yet. */
  readonly uid: string;
}

export const deleteExperiment = {
  effect: (world, { name }) => ({
    ...world,
    experiments: (world.experiments ?? []).filter((each) => each.name !== name),
  }),
  requests: ({ name, uid }) => [
    {
      verb: "delete",
      resource: EXPERIMENTS,
      name,
      body: { propagationPolicy: "Background", ...(uid === "" ? {} : { preconditions: { uid } }) },
    },
  ],
  words: ({ name }) => `delete Experiment "${name}"`,
  target: ({ name }) => `Experiment/${name}`,
} as const satisfies ActionRow<DeleteExperiment>;
