/** What a review about the migration of Deployments has to know beside its own object, and what it answers. */
import type { Answer, Cause, PatchOperation } from "../review/review.ts";

/** From indexes in memory; each is undefined where it is not known. */
export interface Migrations {
  /** Name of the Rollout that has, or is about to have, the pods of this Deployment. */
  rolloutOf(namespace: string, deployment: string): string | undefined;
  /** How the Rollout of this name came to be: by migration, or "own": by a user. Undefined: there is none that stays. */
  originOf(namespace: string, rollout: string): "reference" | "adopt" | "own" | undefined;
}

/** What the Namespace says: the value of its label where that has a meaning, "other" where it has none. */
export type NamespaceMode = "reference" | "adopt" | "other";

/** Nothing of ours. */
export const untouched: Answer = { verdict: "passed", causes: [], warnings: [] };

export const admitted = (patch: readonly PatchOperation[], warnings: readonly string[] = []): Answer => ({
  verdict: "allowed",
  causes: [],
  warnings,
  patch,
});

export function refused(field: string, message: string): Answer {
  const cause: Cause = { reason: "FieldValueForbidden", message: `Forbidden: ${message}`, field };
  return { verdict: "refused", causes: [cause], warnings: [] };
}
