/**
 * What a pass over a Rollout has to remember for the next, because it is neither in the cluster nor in the cache. All
 * of it is forgotten together, when the Rollout is deleted. A new process starts with nothing: then an event may be
 * emitted twice, pods are read once more, and no write is lost.
 */
import type { PodCheck, RolloutEvent, WorkloadFacts } from "../model/model.ts";
import type { PaceMemory } from "./pace.ts";
import type { StoryMemory } from "./rolloutLog.ts";

/** Of one Rollout. Times in milliseconds since the epoch. */
export interface Memory extends PaceMemory, StoryMemory {
  /** It has been seen before: its first event is no longer due. */
  isAnnounced: boolean;
  /** Events that wait with a status that is not written yet. */
  heldEvents: readonly RolloutEvent[];
  /**
   * What was emitted for a status that was not stored, as `eventText`. Events are sent before the status that they
   * belong to; if writing that fails, the next pass must not emit them again.
   */
  emittedUnsaved: ReadonlySet<string> | undefined;
  /** The size that its Deployment was given last. */
  lastScaled: WorkloadFacts["lastScaled"];
  /** What its pods last showed, while it is stuck. */
  podCheck: PodCheck | undefined;
  /**
   * The time at which all evictions were refused: until the next attempt all else goes on as if no restart were due.
   */
  evictionsRefusedAt: number | undefined;
}

export interface Memories {
  /** What is remembered of a Rollout that exists; created when missing. `key`: "namespace/name". */
  of(key: string): Memory;
  /** What is remembered, if anything. */
  known(key: string): Memory | undefined;
  /**
   * The Rollout was deleted. What a pass that is still running records does not affect a new Rollout of the same name.
   */
  forget(key: string): void;
}

const NO_EVENTS: readonly RolloutEvent[] = [];

/** The memory of a Rollout before its first pass. */
export const freshMemory = (): Memory => ({
  isAnnounced: false,
  heldEvents: NO_EVENTS,
  emittedUnsaved: undefined,
  lastScaled: undefined,
  podCheck: undefined,
  evictionsRefusedAt: undefined,
  statusWrittenAt: undefined,
  statusWaitsSince: undefined,
  newsWaitsSince: undefined,
  resizedAt: undefined,
  logged: undefined,
});

/** About 200 bytes for each Rollout. */
export function createMemories(): Memories {
  const memories = new Map<string, Memory>();
  return {
    of(key) {
      const known = memories.get(key);
      if (known !== undefined) return known;
      const begun = freshMemory();
      memories.set(key, begun);
      return begun;
    },
    known: (key) => memories.get(key),
    forget: (key) => void memories.delete(key),
  };
}
