/** What is decided about a Deployment that migrates: plain data, which migrationsRow.ts carries out. */
import type { EventReason } from "../../../schema/reasons.ts";
import { isWorthSaying, wordsAboutFollowers } from "../plan/beginning.ts";
import type { Follower } from "../plan/followers.ts";
import type { Obstacle } from "../plan/obstacles.ts";
import type { MigrationAction } from "../actions/action.ts";

export interface MigrationEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: EventReason;
  readonly message: string;
}

export interface MigrationDecision {
  readonly actions: readonly MigrationAction[];
  /** About the Deployment; sent after the actions. */
  readonly events: readonly MigrationEvent[];
}

export const nothing: MigrationDecision = { actions: [], events: [] };

/** An event for each; none where a whole Namespace asks, and the Deployment is plainly no matter of ours. */
export const inTheWay = (
  obstacles: readonly Obstacle[],
  from: "Deployment" | "Namespace" = "Deployment",
): MigrationDecision => ({
  actions: [],
  events: obstacles
    .filter((each) => isWorthSaying(each, from))
    .map(({ text }) => ({ type: "Warning", reason: "MigrationBlocked", message: `Not migrated: ${text}` })),
});

/** What goes on with the pods, and what has to be changed for that. */
export const followed = (followers: readonly Follower[]): readonly MigrationEvent[] =>
  wordsAboutFollowers(followers).map(({ change, text }) => ({
    type: change ? "Warning" : "Normal",
    reason: "MigrationFollowUp",
    message: text,
  }));

export const blocked = (message: string): MigrationDecision => ({
  actions: [],
  events: [{ type: "Warning", reason: "MigrationBlocked", message }],
});
