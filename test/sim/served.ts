/**
 * Where users' requests come in, and what they reach: no Service or subset may be emptied by a write of ours while there
 * are pods that could serve (docs/behaviour/traffic.md#no-service-is-emptied).
 */
import { HASH_LABEL } from "../../schema/labels.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { type Seen, service, type Target } from "./planes/plane.ts";
import { entrancesOf, hashOfTarget, waysOf } from "./planes/planes.ts";
import type { Truth } from "./world/truth.ts";

/** Serving pods by the hash of their revision. */
export interface Serving {
  readonly hash: string;
  readonly pods: number;
}

/**
 * A preview Service shows the new version and nothing else, so that it is empty at first; with a router those count to
 * which it sends requests, and the Services by which they come in whatever the weights are.
 */
export function targetsOfUsers(seen: Seen, rollout: Rollout): readonly Target[] {
  const { canary, blueGreen } = rollout.spec.strategy ?? {};
  if (blueGreen !== undefined) return [service(blueGreen.activeService ?? "")];
  const { stableService = "", canaryService = "", trafficRouting } = canary ?? {};
  if (trafficRouting === undefined) return [service(stableService), service(canaryService)];
  const weighed = waysOf(seen, rollout).filter(({ kind, weight }) => kind === "weight" && weight > 0);
  const all = [...entrancesOf(rollout).map(service), ...weighed.map(({ to }) => to)];
  return [...new Map(all.map((target) => [target.name, target])).values()];
}

/** Pods that serve behind each of these; a Service that a user has deleted, or an Experiment has made, is left out. */
export function reachedBy(
  targets: readonly Target[],
  { services }: Pick<Truth, "services">,
  sets: readonly Serving[],
): ReadonlyMap<string, number> {
  return new Map(
    targets.flatMap((target) => {
      const hash = hashOfTarget(target, services);
      if (hash === undefined) return [];
      const pods = sets.filter((set) => hash === "" || set.hash === hash).reduce((sum, set) => sum + set.pods, 0);
      return [[target.name, pods] as const];
    }),
  );
}

/** A Service or subset at rest that selects a revision without pods, while other pods serve. */
export function emptyAtRest(truth: Truth, nowMs: number): string | undefined {
  const { rollout } = truth;
  if (rollout === undefined || rollout.spec.replicas === 0) return undefined;
  const sets = [...truth.sets.values()].filter((set) => set.controllerUid === rollout.metadata.uid);
  const serving = sets.map((set) => ({ hash: set.labels[HASH_LABEL] ?? "", pods: truth.availableOf(set, nowMs) }));
  if (serving.every(({ pods }) => pods === 0)) return undefined;
  for (const target of targetsOfUsers(truth.seen, rollout)) {
    const hash = hashOfTarget(target, truth.services);
    const pods = reachedBy([target], truth, serving).get(target.name);
    // Pods that fail by themselves are not ours to replace.
    const isAskedFor = sets.some((set) => set.labels[HASH_LABEL] === hash && set.replicas > 0);
    if (pods === 0 && !isAskedFor) return `${target.name} selects ${truth.imageOf(hash ?? "")}, which has no pods`;
  }
  return undefined;
}
