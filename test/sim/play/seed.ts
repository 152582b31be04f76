/**
 * One seed: its world with faults, judged at every instant, and its end compared with that of a world without faults.
 */
import { chanceOf } from "../script/chance.ts";
import { chooseFaults, faultsOf, noFaults, type FaultKind } from "../world/faults.ts";
import { askedByTools } from "../genericTools.ts";
import type { Violation } from "../judge/court.ts";
import type { Breakage } from "../world/process.ts";
import { writeScript, type Script } from "../script/script.ts";
import { runWorld, type Outcome } from "./simulatedWorld.ts";

export interface Verdict {
  readonly seed: number;
  readonly violation: Violation | undefined;
  readonly kinds: readonly FaultKind[];
  readonly leases: boolean;
  /** How often something went wrong. */
  readonly faults: number;
  /** Virtual time, ms. */
  readonly lastedMs: number;
}

export interface SeedOptions {
  readonly breakage?: Breakage | undefined;
  readonly print?: ((line: string) => void) | undefined;
  /** What is broken shows only where nothing else goes wrong. */
  readonly isCalm?: boolean | undefined;
}

/** One script in so many is played with two controllers: their Leases take more time than all the rest. */
const LEASES_EVERY = 12;
/**
 * So many seeds in a row play the same script with faults of their own: how it ends without faults is determined once.
 */
const SEEDS_A_SCRIPT = 8;

const playOf = (seed: number): number => Math.floor(seed / SEEDS_A_SCRIPT);

/** Whether a seed has two controllers. */
export const hasLeases = (seed: number): boolean => playOf(seed) % LEASES_EVERY === 0;

/**
 * Kubernetes answers a list without a resourceVersion with what is stored at that moment. Older lists are played to be
 * sure, but not where stable shrinks with its traffic: at a start only the stored weights say how many pods that needs.
 */
const canStrike = (kind: FaultKind, { manifest, steps }: Script): boolean => {
  if (kind === "old lists") return manifest.spec.strategy?.canary?.dynamicStableScale !== true;
  // Whoever has not heard that the Rollout is another one makes its ReplicaSet again as fast as the garbage collector,
  // which takes no time here, deletes it.
  return kind !== "dead" || !steps.some(({ deed }) => deed.kind === "createRollout");
};

export function playSeed(seed: number, { breakage, print, isCalm }: SeedOptions = {}): Verdict {
  const play = playOf(seed);
  const leases = hasLeases(seed);
  const chance = chanceOf(seed);
  const written = chanceOf(play).fork("script");
  const script = askedByTools(writeScript(written, leases), written.fork("kstatus"));
  const kinds = chooseFaults(chance.fork("kinds"), leases).filter((kind) => canStrike(kind, script));
  const faults = isCalm === true ? noFaults : faultsOf(chance.fork("faults"), kinds);
  print?.(`Seed ${seed}: ${leases ? "two controllers; " : ""}${kinds.join(", ")}`);
  print?.(JSON.stringify(script.manifest.spec));
  const faulty = runWorld({ seed, script, faults, leases, breakage, print });
  const { lastedMs } = faulty;
  const verdict = { seed, kinds, leases, faults: faulty.faults, lastedMs };
  if (faulty.violation !== undefined) return { ...verdict, violation: faulty.violation };
  print?.("");
  print?.("The same without faults:");
  const calm = calmly(play, script, print);
  return { ...verdict, violation: calm.violation ?? difference(faulty, calm) };
}

const last: { play?: number; outcome?: Outcome } = {};

/** The world of a script in which nothing goes wrong. */
function calmly(play: number, script: Script, print: SeedOptions["print"]): Outcome {
  if (last.play === play && last.outcome !== undefined && print === undefined) return last.outcome;
  const outcome = runWorld({ seed: play, script, faults: noFaults, leases: false, print });
  last.play = play;
  last.outcome = outcome;
  return outcome;
}

function difference(faulty: Outcome, calm: Outcome): Violation | undefined {
  if (Bun.deepEquals(faulty.end, calm.end)) return undefined;
  const only = (a: readonly string[], b: readonly string[]): string =>
    a.filter((line) => !b.includes(line)).join("; ") || "nothing";
  const what = `with faults: ${only(faulty.end, calm.end)} | without: ${only(calm.end, faulty.end)}`;
  return { rule: "end", what };
}
