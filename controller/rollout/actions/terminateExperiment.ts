/** Tells an Experiment to end (docs/behaviour/experiments.md#experiments-that-are-over). */
import { EXPERIMENTS } from "../../../kube/client/resources.ts";
import type { ActionRow } from "./row.ts";

export interface TerminateExperiment {
  readonly kind: "terminateExperiment";
  readonly name: string;
  /** "": not known yet. */
  readonly uid: string;
}

export const terminateExperiment = {
  effect: (world, { name }) => ({
    ...world,
    experiments: (world.experiments ?? []).map((each) => (each.name === name ? { ...each, terminated: true } : each)),
  }),
  // Without a version: its status changes all the time, and none of that matters here.
  requests: ({ name, uid }) => [
    {
      verb: "patch",
      resource: EXPERIMENTS,
      name,
      body: { ...(uid === "" ? {} : { metadata: { uid } }), spec: { terminate: true } },
    },
  ],
  words: ({ name }) => `terminate Experiment "${name}"`,
  target: ({ name }) => `Experiment/${name}`,
} as const satisfies ActionRow<TerminateExperiment>;
