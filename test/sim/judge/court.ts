/** What judges have in common: the facts on which controllers decide, and the pods that they may count on. */
import type { Snapshot } from "../../../controller/rollout/model/model.ts";
import { HASH_LABEL } from "../../../schema/labels.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { ApiCore } from "../../../simulator/model/model.ts";
import type { Truth } from "../world/truth.ts";
import type { lossesOf } from "./losses.ts";

export interface Violation {
  readonly rule: string;
  readonly what: string;
}

export interface JudgeOptions {
  readonly core: ApiCore;
  readonly truth: Truth;
  readonly leases: boolean;
  readonly report: (violation: Violation) => void;
}

export interface Court extends JudgeOptions {
  /** The facts on which each controller's last decision is based. */
  readonly known: Map<string, Snapshot>;
  readonly losses: ReturnType<typeof lossesOf>;
  /** When the active Service stopped selecting a revision, ms, by its hash. */
  readonly leftAt: Map<string, number>;
}

/** Sizes and serving pods of all ReplicaSets at an instant, as far as a controller is responsible for them. */
export interface Sizes {
  readonly rows: ReadonlyMap<string, Row>;
}

interface Row {
  readonly hash: string;
  readonly size: number;
  readonly serving: number;
  /** Those of them that the ReplicaSet's status counts already: the controller cannot know of others. */
  readonly counted: number;
}

/**
 * Pods that serve, and lost ones of which the controller cannot know yet: counting on them is not its fault. Of the
 * ReplicaSet that it writes (`written`) it knows the latest state, since its write has that resourceVersion.
 */
export function sizesOf({ truth, known, losses, core }: Court, actor: string, written: string): Sizes {
  const seen = new Map(known.get(actor)?.replicaSets.map((set) => [set.uid, set.resourceVersion]));
  const now = core.clock.now();
  const owner = truth.rollout?.metadata.uid ?? known.get(actor)?.rollout.metadata.uid;
  const rows = [...truth.sets.values()]
    .filter((set) => set.controllerUid === owner)
    .map((set) => {
      const version = set.name === written ? set.resourceVersion : seen.get(set.uid);
      const serving = truth.availableOf(set, now) + losses.uncounted(set.uid, version);
      const counted = Math.min(serving, set.status.availableReplicas);
      return [set.name, { hash: set.labels[HASH_LABEL] ?? "", size: set.replicas, serving, counted }] as const;
    });
  return { rows: new Map(rows) };
}

/** The Rollout as it is, and as the controller knew it when it decided: the more lenient of the two counts. */
export const rolloutsOf = ({ truth, known }: Court, actor: string): Rollout[] =>
  [truth.rollout, known.get(actor)?.rollout].filter((rollout) => rollout !== undefined);

export const least = (numbers: readonly number[]): number => Math.min(...numbers);
