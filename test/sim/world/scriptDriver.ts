/**
 * Plays a script: waits for each step's milestone, carries the step out, and reports when all steps are done and the
 * world is at rest.
 */
import type { Clock } from "../../../kube/clock/clock.ts";
import { HASH_LABEL } from "../../../schema/labels.ts";
import type { Milestone, Step } from "../script/script.ts";
import type { Truth } from "./truth.ts";

export interface DriverOptions {
  readonly clock: Clock;
  readonly truth: Truth;
  readonly steps: readonly Step[];
  readonly perform: (step: Step) => void;
  /** The world is at rest. */
  readonly rested: () => void;
  /** All steps are done and the world is at rest. */
  readonly finished: () => void;
  /** There is something to do, but nothing has happened for longer than any fault explains. */
  readonly stuck: (why: string) => void;
}

export interface Driver {
  /** Something has changed in the world. */
  check(): void;
  /** After the end: waits for rest once more. */
  checkAgain(): void;
}

/**
 * A dead watch is noticed after 130 s of silence, a new list may fail for some time more, and Leases change hands. The
 * resync after 15 minutes, which finds everything that was forgotten, comes later.
 */
const STUCK_MS = 450_000;

/** After so long without a change, everything that the last change caused is over. */
const STILL_MS = 1_000;

export function createDriver({ clock, truth, steps, perform, rested, finished, stuck }: DriverOptions): Driver {
  let next = 0;
  /** A step is about to be carried out. */
  let due = false;
  let over = false;
  let changedMs = clock.now();
  /** Since when there has been the same thing to do. */
  let idleMs: number | undefined;
  let pollMs: number | undefined;
  let cancelPoll = (): void => {};

  const act = (): void => {
    due = false;
    const step = steps[next];
    if (step === undefined) return;
    next += 1;
    perform(step);
    const after = steps[next]?.when;
    if (after?.kind === "soon") arrange(after.ms);
    pollAt(clock.now() + STILL_MS);
  };
  const arrange = (ms: number): void => {
    due = true;
    clock.after(ms, act);
  };
  const pollAt = (atMs: number): void => {
    if (over || (pollMs !== undefined && pollMs <= atMs)) return;
    cancelPoll();
    pollMs = atMs;
    cancelPoll = clock.after(atMs - clock.now(), poll);
  };
  const poll = (): void => {
    pollMs = undefined;
    if (due) return;
    const now = clock.now();
    if (now < changedMs + STILL_MS) return pollAt(changedMs + STILL_MS);
    const unrest = truth.unrest(now);
    if (unrest?.untilMs !== undefined) {
      idleMs = undefined;
      return pollAt(Math.max(unrest.untilMs, now) + STILL_MS);
    }
    if (unrest !== undefined) {
      idleMs ??= now;
      return now - idleMs >= STUCK_MS ? stuck(unrest.why) : pollAt(idleMs + STUCK_MS);
    }
    idleMs = undefined;
    rested();
    if (next < steps.length) return arrange(0);
    over = true;
    finished();
  };
  const [first] = steps;
  if (first?.when.kind === "soon") arrange(first.when.ms);
  pollAt(clock.now() + STILL_MS);
  return {
    check() {
      changedMs = clock.now();
      idleMs = undefined;
      pollAt(changedMs + STILL_MS);
      const when = steps[next]?.when;
      if (due || when === undefined || when.kind === "rest" || when.kind === "soon") return;
      if (isReached(truth, when, clock.now())) arrange(msUntilDistinct(truth, steps[next], clock.now()));
    },
    checkAgain() {
      over = false;
      pollAt(clock.now() + STILL_MS);
    },
  };
}

/**
 * ReplicaSets are put in order by their age in whole seconds: what makes a new one waits until it will be younger than
 * the last, so that the order does not depend on fractions of a second. No pod is ready so soon.
 */
function msUntilDistinct(truth: Truth, step: Step | undefined, now: number): number {
  if (step?.deed.kind !== "edit" || !step.what.startsWith("image")) return 0;
  const youngest = Math.max(0, ...[...truth.sets.values()].map(({ createdAt }) => createdAt));
  return Math.max(0, youngest + 1_000 - now);
}

function isReached(truth: Truth, when: Milestone, now: number): boolean {
  const status = truth.rollout?.status;
  const isNamed = (image: string): boolean => truth.imageOf(status?.currentPodHash ?? "") === image;
  switch (when.kind) {
    case "set":
      return truth.setOfImage(when.image) !== undefined && (!when.named || isNamed(when.image));
    case "available": {
      const set = truth.setOfImage(when.image);
      if (when.named && !isNamed(when.image)) return false;
      return set !== undefined && truth.availableOf(set, now) >= when.count;
    }
    case "step":
      return (
        truth.imageOf(status?.currentPodHash ?? "") !== truth.imageOf(status?.stableRS ?? "") &&
        (status?.currentStepIndex ?? 0) >= when.index
      );
    case "pause":
      return (status?.pauseConditions ?? []).length > 0 && isNamed(when.image);
    case "serves": {
      const hash = truth.services.get(when.service)?.selector[HASH_LABEL] ?? "";
      return truth.imageOf(hash) === when.image;
    }
    default:
      return false;
  }
}
