/** One seed of the worlds in which a Deployment migrates, and one script with a crash after each write. */
import { chanceOf } from "../script/chance.ts";
import { chooseFaults, type FaultKind, faultsOf, noFaults } from "../world/faults.ts";
import type { Violation } from "../judge/court.ts";
import type { Breakage } from "../world/process.ts";
import { writeMigration } from "./script.ts";
import { runMigration } from "./world.ts";

export interface MigrationVerdict {
  readonly seed: number;
  readonly violation: Violation | undefined;
  readonly kinds: readonly FaultKind[];
  readonly faults: number;
  readonly lastedMs: number;
  readonly writes: number;
}

export interface MigrationSeedOptions {
  readonly breakage?: Breakage | undefined;
  readonly print?: ((line: string) => void) | undefined;
  /** Instead of the seed's faults, one crash after so many writes. */
  readonly crashAfterWrite?: number | undefined;
}

/** Every third world has no faults: what people do is enough there. */
const CALM_EVERY = 3;

export function playMigration(seed: number, options: MigrationSeedOptions = {}): MigrationVerdict {
  const { breakage, print, crashAfterWrite } = options;
  const chance = chanceOf(seed).fork("migration");
  const script = writeMigration(chance.fork("script"));
  const isCalm = crashAfterWrite !== undefined || seed % CALM_EVERY === 0;
  // Kubernetes answers a list with what is stored at that moment.
  const kinds = isCalm ? [] : chooseFaults(chance.fork("kinds"), false).filter((kind) => kind !== "old lists");
  const faults = isCalm ? noFaults : faultsOf(chance.fork("faults"), kinds);
  print?.(`Seed ${seed}: ${kinds.join(", ")}`);
  print?.(JSON.stringify(script));
  const outcome = runMigration({ seed, script, faults, breakage, print, crashAfterWrite });
  return { seed, kinds, ...outcome };
}

export interface FailedMigration {
  readonly seed: number;
  readonly crashAfterWrite: number | undefined;
  readonly violation: Violation;
}

/** One script in so many is played again, with a crash after each of its writes. */
const CRASHES_EVERY = 20;

/** A share of the worlds; `report` is called once for each seed. */
export function playMigrations(
  { from, migrations, share, of }: Readonly<Record<"from" | "migrations" | "share" | "of", number>>,
  report: (failed: FailedMigration | undefined) => void,
): void {
  for (let seed = from; seed < from + migrations; seed += 1) {
    if (seed % of !== share) continue;
    const { violation } = playMigration(seed);
    const isCrashed = Math.floor(seed / of) % CRASHES_EVERY === 0;
    const first = violation === undefined ? undefined : { seed, crashAfterWrite: undefined, violation };
    report(first ?? (isCrashed ? crashAtWrites(seed) : undefined));
  }
}

function crashAtWrites(seed: number): FailedMigration | undefined {
  const { writes } = playMigration(seed, { crashAfterWrite: Infinity });
  for (let write = 1; write <= writes; write += 1) {
    const { violation } = playMigration(seed, { crashAfterWrite: write });
    if (violation !== undefined) return { seed, crashAfterWrite: write, violation };
  }
  return undefined;
}
