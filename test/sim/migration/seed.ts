/** One seed of the worlds in which a Deployment migrates, and one script with a crash after each write. */
import { chanceOf } from "../script/chance.ts";
import { chooseFaults, type FaultKind, faultsOf, noFaults } from "../world/faults.ts";
import type { Violation } from "../judge/judge.ts";
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
