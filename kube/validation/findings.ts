import type { Violation } from "./violation.ts";

/** What admission says: `refuse` is for certain, `warn` may be cured by what is on its way, or is merely risky. */
export interface Findings {
  readonly refuse: readonly Violation[];
  readonly warn: readonly Violation[];
}
