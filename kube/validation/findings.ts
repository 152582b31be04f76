import type { Violation } from "./violation.ts";

/** The result for admission: `refuse` is certain, `warn` may be cured by objects still to come, or is merely risky. */
export interface Findings {
  readonly refuse: readonly Violation[];
  readonly warn: readonly Violation[];
}
