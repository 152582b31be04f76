/**
 * The Services by which users' requests come, and what they reach: none of them may be emptied by a write of ours while
 * there are pods that could serve (docs/behaviour/traffic.md#no-service-is-emptied).
 */
import { HASH_LABEL } from "../../schema/labels.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { sharesIn, type Serving } from "./script/trafficWorlds.ts";
import type { Truth } from "./world/truth.ts";

/**
 * A preview Service shows the new version and nothing else, so that it is empty at first; of a canary's Services those
 * count to which the router sends requests, and with NGINX the stable one always: without an endpoint there, it answers
 * everybody with 503, whatever the weights are.
 */
export function servicesOfUsers({ ingresses }: Pick<Truth, "ingresses">, rollout: Rollout): readonly string[] {
  const { canary, blueGreen } = rollout.spec.strategy ?? {};
  if (blueGreen !== undefined) return [blueGreen.activeService ?? ""];
  const { stableService = "", canaryService = "", trafficRouting } = canary ?? {};
  if (trafficRouting === undefined) return [stableService, canaryService];
  const shares = [...(sharesIn(ingresses, rollout) ?? [])].filter(([, weight]) => weight > 0).map(([name]) => name);
  return [...new Set([...(trafficRouting.nginx === undefined ? [] : [stableService]), ...shares])];
}

/** Pods that serve behind each of these Services; one that a user has deleted, or an Experiment has made, is left out. */
export function reachedBy(
  names: readonly string[],
  { services }: Pick<Truth, "services">,
  sets: readonly Serving[],
): ReadonlyMap<string, number> {
  return new Map(
    names.flatMap((name) => {
      const service = services.get(name);
      if (service === undefined || service.experiment !== undefined) return [];
      const hash = service.selector[HASH_LABEL] ?? "";
      const pods = sets.filter((set) => hash === "" || set.hash === hash).reduce((sum, set) => sum + set.pods, 0);
      return [[name, pods] as const];
    }),
  );
}

/** A Service at rest that selects a revision without pods, while other pods serve. */
export function emptyAtRest(truth: Truth, nowMs: number): string | undefined {
  const { rollout } = truth;
  if (rollout === undefined || rollout.spec.replicas === 0) return undefined;
  const sets = [...truth.sets.values()].filter((set) => set.controllerUid === rollout.metadata.uid);
  const serving = sets.map((set) => ({ hash: set.labels[HASH_LABEL] ?? "", pods: truth.availableOf(set, nowMs) }));
  if (serving.every(({ pods }) => pods === 0)) return undefined;
  for (const [name, pods] of reachedBy(servicesOfUsers(truth, rollout), truth, serving)) {
    const hash = truth.services.get(name)?.selector[HASH_LABEL] ?? "";
    // Pods that fail by themselves are not ours to replace.
    const isAskedFor = sets.some((set) => set.labels[HASH_LABEL] === hash && set.replicas > 0);
    if (pods === 0 && !isAskedFor) return `Service ${name} selects ${truth.imageOf(hash)}, which has no pods`;
  }
  return undefined;
}
