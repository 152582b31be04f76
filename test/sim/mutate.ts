/** `bun test/sim/mutate.ts [--seeds 400] [--jobs 2]`: after how many seeds each broken rule is noticed, and by which judge. */
import { parseArgs } from "node:util";
import { mutations } from "./mutations.ts";
import { hasLeases, playSeed } from "./seed.ts";
import { spread } from "./workers.ts";

interface Notice {
  readonly name: string;
  /** Undefined: no seed noticed it. */
  readonly seed?: number;
  readonly rule?: string;
  readonly what?: string;
}

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "400" },
    only: { type: "string", default: "" },
    jobs: { type: "string", default: String(Math.min(2, navigator.hardwareConcurrency)) },
    share: { type: "string" },
  },
});

const chosen = mutations.filter(({ name }) => name.includes(values.only));

function notice({ name, breakage, leases = false }: (typeof mutations)[number]): Notice {
  for (let seed = 1; seed <= Number(values.seeds); seed += 1) {
    if (leases && !hasLeases(seed)) continue;
    const { violation } = playSeed(seed, { breakage });
    if (violation !== undefined) return { name, seed, ...violation };
  }
  return { name };
}

const [share, of] = (values.share ?? "").split("/").map(Number);
if (share !== undefined && of !== undefined) {
  for (const [index, mutation] of chosen.entries())
    if (index % of === share) console.log(JSON.stringify(notice(mutation)));
} else {
  const notices = await spread<Notice>(import.meta.path, process.argv.slice(2), Number(values.jobs));
  for (const { name, seed, rule, what } of notices)
    console.log(seed === undefined ? `NOT NOTICED: ${name}` : `${name}: by seed ${seed}, ${rule}: ${what}`);
  process.exit(notices.every(({ seed }) => seed !== undefined) ? 0 : 1);
}
