/** `bun test/sim/mutate.ts [--seeds 200]`: after how many seeds each broken rule is noticed, and by which judge. */
import { parseArgs } from "node:util";
import { mutations, type Mutation } from "./mutations.ts";
import { playSeed } from "./seed.ts";

/** The first seed that notices a mutation. */
export function noticedBy(
  { breakage }: Mutation,
  seeds: number,
): { seed: number; rule: string; what: string } | undefined {
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { violation } = playSeed(seed, { breakage });
    if (violation !== undefined) return { seed, ...violation };
  }
  return undefined;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seeds: { type: "string", default: "200" }, only: { type: "string" } } });
  for (const mutation of mutations) {
    if (values.only !== undefined && !mutation.name.includes(values.only)) continue;
    const noticed = noticedBy(mutation, Number(values.seeds));
    console.log(
      `${mutation.name}: ${noticed === undefined ? "NOT NOTICED" : `seed ${noticed.seed}, ${noticed.rule}: ${noticed.what}`}`,
    );
  }
}
