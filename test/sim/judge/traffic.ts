/**
 * What must hold of users' requests at every instant, by whatever router they come
 * (docs/behaviour/traffic.md#pods-before-their-weight): no write of ours leaves them without pods.
 */
import type { ServiceFacts } from "../../../controller/rollout/model/model.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { Change } from "../../../simulator/model/model.ts";
import type { Way } from "../planes/plane.ts";
import { hashOfTarget, planesOf, waysOf } from "../planes/planes.ts";
import { reachedBy, targetsOfUsers, type Serving } from "../served.ts";
import { edgeWays } from "../script/edgeWorlds.ts";
import { namesSizes } from "../script/trafficWorlds.ts";
import { type Court, least, rolloutsOf, sizesOf } from "./court.ts";
import { wantedOf } from "./demands.ts";

type Services = ReadonlyMap<string, Pick<ServiceFacts, "selector" | "experiment">>;

/** What a controller may know of the pods that stay, and what is missing for the requests, before and after a write. */
export interface TrafficNow {
  /** For the Rollout as it is and as the controller knew it. */
  readonly missing: readonly number[];
  /** By the Services and subsets that users come by: how many pods stay behind each. */
  readonly reached: ReadonlyMap<string, number>;
}

const NOTHING: TrafficNow = { missing: [], reached: new Map() };

/** `written`: the name of the object that is written. */
export function trafficNow(court: Court, actor: string, written: string): TrafficNow {
  const { truth } = court;
  const rollouts = rolloutsOf(court, actor);
  if (rollouts.length === 0) return NOTHING;
  const { rows } = sizesOf(court, actor, written);
  const sets = [...rows.values()].map(({ hash, size, counted }) => ({ hash, pods: Math.min(size, counted) }));
  const routed = rollouts.every((rollout) => planesOf(rollout).length > 0);
  return {
    missing: routed
      ? rollouts.map((rollout) =>
          missingPods([...waysOf(truth.seen, rollout), ...edgeWays(truth.edge, rollout)], truth.services, sets, {
            size: namesSizes(rollout) ? 0 : wantedOf(rollout),
            isEmpty: wantedOf(rollout) === 0,
          }),
        )
      : [],
    reached: rollouts.some((rollout) => wantedOf(rollout) === 0)
      ? NOTHING.reached
      : reachedByAll(court, rollouts, sets),
  };
}

function reachedByAll({ truth }: Court, rollouts: readonly Rollout[], sets: readonly Serving[]): TrafficNow["reached"] {
  const [first = [], ...more] = rollouts.map((rollout) => targetsOfUsers(truth.seen, rollout));
  const names = first.filter(({ name }) => more.every((other) => other.some((one) => one.name === name)));
  return reachedBy(names, truth, sets);
}

/**
 * How many pods are missing: each target should have its part of the Rollout's size, and whoever header and mirror
 * routes lead to one at least.
 */
export function missingPods(
  ways: readonly Way[],
  services: Services,
  sets: readonly Serving[],
  { size, isEmpty }: { readonly size: number; readonly isEmpty: boolean },
): number {
  return ways.reduce((sum, { kind, to, weight, total }) => {
    const hash = hashOfTarget(to, services);
    if (hash === undefined) return sum;
    const pods = sets.reduce((all, set) => all + (hash === "" || set.hash === hash ? set.pods : 0), 0);
    if (kind !== "weight") return sum + (pods > 0 || isEmpty ? 0 : 1);
    return sum + Math.max(0, Math.floor((weight * size) / Math.max(1, total)) - pods);
  }, 0);
}

/** No write removes pods that the traffic needs, or sends traffic to where pods are missing. */
export function judgeTraffic(court: Court, actor: string, before: TrafficNow, { object, type }: Change): void {
  const after = trafficNow(court, actor, object.metadata.name);
  const what = `(${type} ${object.kind} ${object.metadata.name})`;
  const isWorse = after.missing.every((missing, n) => missing > (before.missing[n] ?? 0));
  if (before.missing.length > 0 && after.missing.length === before.missing.length && isWorse)
    court.report({
      rule: "traffic",
      what: `${actor} leaves its traffic ${least(after.missing)} pods short, not ${least(before.missing)} ${what}`,
    });
  if (object.kind !== "Rollout") judgeServed(court, actor, before.reached, after.reached, what);
}

/**
 * No write takes the last pod from a Service that users come by, or sends them to one without pods, while pods serve.
 * Where pods split the traffic, `maxUnavailable` may allow that there are none at all.
 */
function judgeServed(
  court: Court,
  actor: string,
  before: TrafficNow["reached"],
  after: TrafficNow["reached"],
  what: string,
): void {
  const { rows } = sizesOf(court, actor, "");
  const left = [...rows.values()].reduce((sum, { size, counted }) => sum + Math.min(size, counted), 0);
  const basic = rolloutsOf(court, actor).every(
    ({ spec: { strategy } }) => strategy?.canary !== undefined && strategy.canary.trafficRouting === undefined,
  );
  if (left === 0 && (basic || before.size === 0)) return;
  for (const [name, pods] of after) {
    if (pods > 0 || before.get(name) === 0) continue;
    court.report({ rule: "served", what: `${actor} leaves ${name} without pods, and ${left} serve ${what}` });
  }
}

/**
 * With a router, the pods of a version that is given up help nobody once no requests go there: what stable lacks they do
 * not make up for (docs/behaviour/scale-down.md#after-an-abort).
 */
export const helpsNobody = (
  hash: string,
  rollout: Pick<Rollout, "status">,
  ways: readonly Way[],
  services: Services,
): boolean =>
  rollout.status?.abort === true &&
  hash !== rollout.status.stableRS &&
  ways.length > 0 &&
  ways.every(({ to, weight }) => weight === 0 || hashOfTarget(to, services) !== hash);
