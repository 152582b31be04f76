/**
 * The Experiments that the loop holds: whole, since ReplicaSets are made of their templates. Their Rollouts find them
 * by the index "owner", what they have made by "uid", and the watches of templates by "need".
 */
import { controllerOf } from "../../../kube/object/ownerReference.ts";
import type { StoreOptions } from "../../../kube/runtime/cache.ts";
import { heldBack, tooLarge, tooLong } from "../../../kube/validation/size.ts";
import type { Experiment } from "../../../schema/experiment.ts";

/** The kind under which room is taken for objects. */
export const EXPERIMENT = "Experiment";

export interface HoldingPorts {
  /** Without what nothing here reads. */
  readonly slim: (metadata: Experiment["metadata"]) => Experiment["metadata"];
  /** Takes room for an Experiment, unless it is `tooMuch` anyway. @returns why it is not to be held */
  readonly whyNot: (experiment: Experiment, tooMuch: string | undefined) => string | undefined;
  readonly needsOf: (experiment: Experiment) => readonly string[];
}

/** Of an Experiment that is too large, or finds no room, the templates and analyses are not held. */
export const experimentStoreOptions = ({
  slim,
  whyNot,
  needsOf,
}: HoldingPorts): Omit<StoreOptions<Experiment, Experiment, "owner" | "uid" | "need">, "isPartial"> => ({
  transform(raw) {
    const experiment = { ...raw, metadata: slim(raw.metadata) };
    const tooMuch = tooLarge(raw.spec) ?? tooLong([experiment.metadata, raw.status], "its metadata and status have");
    const why = whyNot(experiment, tooMuch);
    if (why === undefined) return experiment;
    const { terminate } = raw.spec;
    const { phase, availableAt } = raw.status ?? {};
    const spec = { templates: [], ...(terminate === undefined ? {} : { terminate }) };
    return heldBack({ ...experiment, spec, status: { phase, availableAt } }, why);
  },
  indices: {
    owner(experiment) {
      const uid = controllerOf(experiment)?.uid;
      return uid === undefined ? [] : [uid];
    },
    uid: ({ metadata }) => [metadata.uid ?? ""],
    need: needsOf,
  },
});
