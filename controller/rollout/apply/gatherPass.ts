/**
 * The facts that a pass decides on: those of the cache, and of pods, which are not cached, what the pass needs. The API
 * server is read first, and the cache after it, so that all facts of the cache are of one instant.
 */
import type { KubeClient } from "../../../kube/client/transport.ts";
import type { Clock } from "../../../kube/clock/clock.ts";
import { formatSelector } from "../../../kube/object/selector.ts";
import type { Gatherer } from "../facts/gather.ts";
import type { Snapshot } from "../model/model.ts";
import { RESTART_RETRY_MS, restartDue } from "../revision/restart.ts";
import { nextPodCheckAt, setToCheck } from "../status/stuck.ts";
import type { Memories, Memory } from "./passMemory.ts";
import { checkPods, readPods } from "./podRequests.ts";

export interface GatherPorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly gatherer: Gatherer;
  readonly memories: Memories;
}

/** The facts about a Rollout, and what earlier passes have remembered of it. */
export interface PassFacts {
  readonly snapshot: Snapshot;
  readonly memory: Memory;
}

/**
 * Facts of the cache, with those of pods where a restart is due or nothing has moved for too long; undefined when there is
 * nothing to decide on (`Gatherer.gather`). `key`: "namespace/name". @throws {ApiError}
 */
export async function gatherPass(ports: GatherPorts, key: string): Promise<PassFacts | undefined> {
  return withPodCheck(ports, key, await withPods(ports, key));
}

/** The facts in the cache now. */
export function gatherNow({ gatherer, memories }: GatherPorts, key: string): PassFacts | undefined {
  const snapshot = gatherer.gather(key);
  if (snapshot === undefined) return undefined;
  const memory = memories.of(key);
  const { lastScaled } = memory;
  if (snapshot.workload === undefined || lastScaled === undefined) return { snapshot, memory };
  return { snapshot: { ...snapshot, workload: { ...snapshot.workload, lastScaled } }, memory };
}

/** When evictions are tried again: in the past when no evictions were refused. */
export const nextEvictionAt = ({ evictionsRefusedAt = Number.NEGATIVE_INFINITY }: Memory): number =>
  evictionsRefusedAt + RESTART_RETRY_MS;

/** The facts from the cache; when a restart is due, also the pods. */
async function withPods(ports: GatherPorts, key: string): Promise<PassFacts | undefined> {
  const { client, clock, memories } = ports;
  const first = gatherNow(ports, key);
  if (first === undefined || restartDue(first.snapshot.rollout, clock.now()) === undefined) {
    const memory = memories.known(key);
    if (memory !== undefined) memory.evictionsRefusedAt = undefined;
    return first;
  }
  if (clock.now() < nextEvictionAt(first.memory)) return first;
  const { rollout, replicaSets } = first.snapshot;
  const pods = await readPods(client, rollout.metadata.namespace, formatSelector(rollout.spec.selector), replicaSets);
  const fresh = gatherNow(ports, key);
  return fresh === undefined ? undefined : { ...fresh, snapshot: { ...fresh.snapshot, pods } };
}

/** Adds what the pods wait for, where nothing has moved for too long; they are read again only now and then. */
async function withPodCheck(
  ports: GatherPorts,
  key: string,
  facts: PassFacts | undefined,
): Promise<PassFacts | undefined> {
  const now = ports.clock.now();
  const set = facts === undefined ? undefined : setToCheck(facts.snapshot, now);
  if (facts === undefined || set === undefined) {
    const memory = ports.memories.known(key);
    if (memory !== undefined) memory.podCheck = undefined;
    return facts;
  }
  const { snapshot, memory } = facts;
  const known = memory.podCheck;
  const isFresh = known?.setUid === set.uid && now < nextPodCheckAt(snapshot.rollout, known);
  const check = isFresh ? known : await checkPods(ports.client, set, now);
  memory.podCheck = check;
  const fresh = isFresh ? facts : gatherNow(ports, key);
  if (fresh === undefined) return undefined;
  const pods = snapshot.pods === undefined ? {} : { pods: snapshot.pods };
  return { ...fresh, snapshot: { ...fresh.snapshot, podCheck: check, ...pods } };
}
