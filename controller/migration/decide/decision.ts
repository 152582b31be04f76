/** What is decided about a Deployment that migrates: plain data, which migrationsRow.ts carries out. */
import type { EventReason } from "../../../schema/reasons.ts";
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

export const blocked = (message: string): MigrationDecision => ({
  actions: [],
  events: [{ type: "Warning", reason: "MigrationBlocked", message }],
});
