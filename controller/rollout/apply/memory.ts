/**
 * What a pass over a Rollout has to remember for the next, because neither the cluster nor the cache says it. All of it is
 * forgotten together, when the Rollout is gone. A new process starts with nothing: then an event may be emitted twice, pods
 * are read once more, and no write is lost.
 */
import type { PodLook, RolloutEvent, WorkloadFacts } from "../model/model.ts";
import type { PaceMemory } from "./pace.ts";
import type { StoryMemory } from "./story.ts";

/** Of one Rollout. Times in milliseconds since the epoch. */
export interface Memory extends PaceMemory, StoryMemory {
  /** It has been seen before: its first event is not due any more. */
  isAnnounced: boolean;
  /** Events that wait for a status that waits. */
  heldEvents: readonly RolloutEvent[];
  /**
   * What was emitted for a status that was not stored, as `eventText`. Events go out before the status that they belong to;
   * if writing that fails, the next pass must not emit them again.
   */
  emittedUnsaved: ReadonlySet<string> | undefined;
  /** The size that its Deployment was given last. */
  lastScaled: WorkloadFacts["lastScaled"];
  /** What was last seen of its pods, while it is stuck. */
  look: PodLook | undefined;
  /** When all evictions were refused: until the next attempt everything else goes on as if no restart were due. */
  evictionsRefusedAt: number | undefined;
}

export interface Memories {
  /** What is remembered of a Rollout that exists, begun when there is nothing. `key`: "namespace/name". */
  of(key: string): Memory;
  /** What is remembered, if anything. */
  known(key: string): Memory | undefined;
  /** The Rollout is gone. What a pass that is still under way notes about it does not reach a namesake. */
  forget(key: string): void;
}

const NO_EVENTS: readonly RolloutEvent[] = [];

/** Of a Rollout of which no pass has been made. */
export const freshMemory = (): Memory => ({
  isAnnounced: false,
  heldEvents: NO_EVENTS,
  emittedUnsaved: undefined,
  lastScaled: undefined,
  look: undefined,
  evictionsRefusedAt: undefined,
  statusWrittenAt: undefined,
  statusWaitsSince: undefined,
  logged: undefined,
});

/** About 200 bytes a Rollout. */
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
