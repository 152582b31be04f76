/**
 * The table of actions. Deciding, the writer, the golden timelines and the simulated worlds look up in it what an
 * action means: each kind has one file and one line here, and a missing one is a type error.
 */
import type { World } from "../model/model.ts";
import type { Action } from "./action.ts";
import { adoptReplicaSet } from "./adoptReplicaSet.ts";
import { askBalancer } from "./askBalancer.ts";
import { callStepPlugin } from "./callStepPlugin.ts";
import { createAnalysisRun } from "./createAnalysisRun.ts";
import { createExperiment } from "./createExperiment.ts";
import { createReplicaSet } from "./createReplicaSet.ts";
import { deleteAnalysisRun } from "./deleteAnalysisRun.ts";
import { deleteExperiment } from "./deleteExperiment.ts";
import { deleteReplicaSet } from "./deleteReplicaSet.ts";
import { evictPods } from "./evictPods.ts";
import { releaseReplicaSet } from "./releaseReplicaSet.ts";
import { routeTraffic } from "./routeTraffic.ts";
import type { ActionRow, Basis } from "./row.ts";
import { scaleWorkload } from "./scaleWorkload.ts";
import { setPodMetadata } from "./setPodMetadata.ts";
import { switchService } from "./switchService.ts";
import { terminateAnalysisRun } from "./terminateAnalysisRun.ts";
import { terminateExperiment } from "./terminateExperiment.ts";
import { updateReplicaSet } from "./updateReplicaSet.ts";
import { updateRollout } from "./updateRollout.ts";

/** A row for every kind of a union. `never`: what a row's requests need differs from row to row. */
export type RowsOf<A extends { readonly kind: string }> = {
  readonly [K in A["kind"]]: ActionRow<Extract<A, { kind: K }>, never>;
};

export const actions = {
  createReplicaSet,
  updateReplicaSet,
  setPodMetadata,
  evictPods,
  deleteReplicaSet,
  adoptReplicaSet,
  releaseReplicaSet,
  switchService,
  routeTraffic,
  createAnalysisRun,
  terminateAnalysisRun,
  deleteAnalysisRun,
  callStepPlugin,
  askBalancer,
  createExperiment,
  terminateExperiment,
  deleteExperiment,
  updateRollout,
  scaleWorkload,
} as const satisfies RowsOf<Action>;

/** The row of an action of any kind. TypeScript does not see that the two belong together. */
const rowOf = <A extends Action>(action: A): ActionRow<A, never> =>
  actions[action.kind] as unknown as ActionRow<A, never>;

/** The world as it is to be once `action` has been carried out. */
export const effectOf = (world: World, action: Action, basis: Basis): World =>
  rowOf(action).effect(world, action, basis);

/** One sentence for logs and `explain`: `create ReplicaSet "web-6d4b" of size 0`. */
export const wordsOf = (action: Action): string => rowOf(action).words(action);

/** The object that an action is about, as a key: "ReplicaSet/web-6d4b". */
export const targetOf = (action: Action): string => rowOf(action).target(action);

/** The one action that does what both do, if there is one. */
export const joined = (first: Action, second: Action): Action | undefined => rowOf(second).join?.(first, second);

/** Around which changes other actions keep their order, if any; see `ActionRow.divides`. */
export const dividesOf = (action: Action): "sizes" | "traffic" | undefined => rowOf(action).divides?.(action);
