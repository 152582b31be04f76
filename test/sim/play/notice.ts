/** After how many seeds each broken rule is noticed, and by which judge. */
import { mutations, type Mutation } from "./mutations.ts";
import { routerMutations } from "./routerMutations.ts";
import { hasLeases, playSeed } from "./seed.ts";

export interface Notice {
  readonly name: string;
  /** Undefined: no seed noticed it. */
  readonly seed?: number;
  readonly rule?: string;
  readonly what?: string;
}

function notice({ name, breakage, leases = false, isCalm, from = 1 }: Mutation, seeds: number): Notice {
  for (let seed = from; seed < from + seeds; seed += 1) {
    if (leases && !hasLeases(seed)) continue;
    const { violation } = playSeed(seed, { breakage, isCalm });
    if (violation !== undefined) return { name, seed, ...violation };
  }
  return { name };
}

/** A share of the broken rules, `seeds` at most for each. */
export function playMutations(share: number, of: number, seeds: number, report: (notice: Notice) => void): void {
  for (const [index, mutation] of [...mutations, ...routerMutations].entries())
    if (index % of === share) report(notice(mutation, seeds));
}
