/**
 * Which part of the traffic a canary should get from the routers (docs/behaviour/traffic.md#weights). Pure arithmetic
 * over facts.
 */
import { affinityTo } from "../../../providers/traffic/affinity.ts";
import { stableWeight, type Traffic } from "../../../providers/traffic/router.ts";
import type { Rollout, TrafficWeights, WeightDestination } from "../../../schema/rollout.ts";
import { equal } from "../../../kube/object/equality.ts";
import { isCompleted } from "../model/rolloutConditions.ts";
import { canaryOf, desiredReplicas, fullWeight, stepIndexOf, stepsOf, trafficRoutingOf } from "../model/defaults.ts";
import { canaryThresholdMet, currentSetWeight } from "./replicas.ts";
import type { ReplicaSetFacts } from "../model/model.ts";
import { hashOf, lastingPods, type Roles } from "../model/replicaSets.ts";
import { canaryWeight, podsFor, routedCanarySizes, routedSizesLack } from "./routedReplicas.ts";
import { routesAfter, type StepTable, weightAfter } from "../../steps/stepTable.ts";

const isFullyPromoted = ({ status }: Rollout): boolean => isCompleted(status ?? {});

/** The part of all traffic that a ReplicaSet's available pods can take, rounded down. */
function weightOfPods(rollout: Rollout, pods: number): number {
  const full = fullWeight(rollout);
  const size = desiredReplicas(rollout);
  return size === 0 ? full : Math.min(full, Math.floor((full * pods) / size));
}

/**
 * Hash of the revision that an update was interrupted at, while stable, small by dynamicStableScale, grows again to take
 * its traffic back; undefined otherwise (docs/behaviour/traffic.md#giving-traffic-back).
 */
export function hashLeftBehind(rollout: Rollout, { newRS }: Roles): string | undefined {
  const recorded = rollout.status?.canary?.weights?.canary.podTemplateHash ?? "";
  const dynamic = trafficRoutingOf(rollout) !== undefined && canaryOf(rollout)?.dynamicStableScale === true;
  if (!isFullyPromoted(rollout) || !dynamic || newRS === undefined) return undefined;
  if (rollout.status?.canary?.weights === undefined || recorded === hashOf(newRS)) return undefined;
  return newRS.status.availableReplicas >= desiredReplicas(rollout) ? undefined : recorded;
}

/**
 * While traffic goes back to a stable ReplicaSet that is still growing: no more than its pods can take, and the
 * canary's weight never rises again.
 */
function returningWeight(rollout: Rollout, roles: Roles, steps: StepTable): number {
  const { newRS, stableRS } = roles;
  const dynamic = canaryOf(rollout)?.dynamicStableScale === true;
  if (!dynamic || stableRS === undefined || newRS === undefined || desiredReplicas(rollout) === 0) return 0;
  const wanted = canaryWeight(rollout, roles, steps);
  const carried = weightOfPods(rollout, lastingPods(stableRS));
  const left = Math.max(0, fullWeight(rollout) - carried);
  const current = rollout.status?.canary?.weights?.canary.weight;
  if (current === undefined) return Math.min(Math.max(left, wanted), weightOfPods(rollout, lastingPods(newRS)));
  if (wanted <= 0) return Math.min(left, current);
  return carried < fullWeight(rollout) - wanted ? current : Math.min(wanted, current);
}

/** What the routers send to these pods now, according to the recorded weights. */
function recordedWeight({ status }: Rollout, hash: string): number {
  const canary = status?.canary?.weights?.canary;
  return canary?.podTemplateHash === hash ? canary.weight : 0;
}

/** The step leaves the canary no pods: requests must have moved away before these go. */
const hasNoPods = (rollout: Rollout, roles: Roles, steps: StepTable): boolean =>
  routedCanarySizes(rollout, roles, undefined, steps).canary === 0;

/**
 * The canary's weight by the steps. Until its pods are there, that of the step before; but never more than is sent to
 * them already, or than they can carry: steps may have been skipped. A lower weight needs no new pods, and is asked for
 * before pods are removed.
 */
function stepWeight(rollout: Rollout, roles: Roles, newRS: ReplicaSetFacts, steps: StepTable): number {
  const index = stepIndexOf(rollout);
  const isScaledDown = desiredReplicas(rollout) > 0 && hasNoPods(rollout, roles, steps);
  if (index === undefined || isScaledDown) return 0;
  const weight = currentSetWeight(rollout, steps);
  if (routedSizesLack(rollout, roles, undefined, steps) === undefined) return weight;
  const carried = Math.max(recordedWeight(rollout, hashOf(newRS)), weightOfPods(rollout, lastingPods(newRS)));
  return Math.min(weight, weightAfter(steps, stepsOf(rollout), index), carried);
}

/**
 * Pods of a full promotion get traffic as they become available; without dynamicStableScale traffic waits for the
 * promotion.
 */
function fullPromotionWeight(rollout: Rollout, newRS: ReplicaSetFacts): number {
  if (canaryOf(rollout)?.dynamicStableScale === true) return weightOfPods(rollout, lastingPods(newRS));
  return rollout.status?.canary?.weights?.canary.weight ?? 0;
}

/**
 * The managed routes that the steps up to the current one ask for, in the order of `managedRoutes`
 * (docs/behaviour/traffic.md#header-and-mirror-routes). None where the step leaves the canary no pods.
 */
function managedRoutes(rollout: Rollout, roles: Roles, steps: StepTable): Traffic["routes"] {
  const managed = trafficRoutingOf(rollout)?.managedRoutes ?? [];
  const index = stepIndexOf(rollout);
  if (managed.length === 0 || index === undefined) return [];
  const made = routesAfter(steps, stepsOf(rollout), index + 1);
  if (made.size === 0 || hasNoPods(rollout, roles, steps)) return [];
  return [...new Set(managed.map(({ name }) => name))].flatMap((name) => made.get(name) ?? []);
}

/**
 * Sessions stay with a canary that gets requests by its weight, and keeps its pods, while the steps or a full promotion
 * decide (docs/behaviour/traffic.md#session-affinity).
 */
function withSessions(rollout: Rollout, roles: Roles, steps: StepTable, traffic: Traffic): Traffic {
  const affinity = affinityTo(trafficRoutingOf(rollout)?.sessionAffinity, traffic.canaryHash);
  if (affinity === undefined || traffic.canaryWeight === 0) return traffic;
  return hasNoPods(rollout, roles, steps) ? traffic : { ...traffic, affinity };
}

/**
 * The traffic to ask for now; the first rule that applies, in the order of the table. `aborted`: by this pass, or before;
 * `experiment`: what an Experiment gets while the steps decide.
 */
export function wantedTraffic(
  rollout: Rollout,
  roles: Roles,
  aborted: boolean,
  steps: StepTable,
  experiment: Traffic["additional"] = [],
): Traffic {
  const { newRS, stableRS } = roles;
  const leftBehind = hashLeftBehind(rollout, roles);
  const traffic = (weight: number): Traffic => ({
    canaryHash: leftBehind ?? hashOf(newRS),
    stableHash: hashOf(stableRS),
    canaryWeight: weight,
    total: fullWeight(rollout),
    additional: [],
    routes: [],
  });
  if (leftBehind !== undefined) return traffic(returningWeight(rollout, roles, steps));
  if (isFullyPromoted(rollout)) return traffic(0);
  if (aborted) return traffic(returningWeight(rollout, roles, steps));
  if (newRS === undefined || newRS.status.availableReplicas === 0) return { ...traffic(0), additional: experiment };
  if (rollout.status?.promoteFull === true) {
    return withSessions(rollout, roles, steps, traffic(fullPromotionWeight(rollout, newRS)));
  }
  const routes = managedRoutes(rollout, roles, steps);
  const byStep = { ...traffic(stepWeight(rollout, roles, newRS, steps)), additional: experiment, routes };
  return withSessions(rollout, roles, steps, byStep);
}

/**
 * The weights that are recorded, with the managed routes and sessions of now: these change although the weights have to
 * wait, since a route leads to the canary whatever it comes to, and takes nothing from stable's pods that it would need.
 * Undefined where there are neither.
 */
export function routesMeanwhile(rollout: Rollout, wanted: Traffic): Traffic | undefined {
  const weights = rollout.status?.canary?.weights;
  const { managedRoutes: managed = [], sessionAffinity } = trafficRoutingOf(rollout) ?? {};
  if (weights === undefined || (managed.length === 0 && sessionAffinity === undefined)) return undefined;
  const { canary, stable, additional = [] } = weights;
  const isSame = canary.podTemplateHash === wanted.canaryHash;
  const { affinity } = wanted;
  return {
    canaryHash: canary.podTemplateHash ?? "",
    stableHash: stable.podTemplateHash ?? "",
    canaryWeight: canary.weight,
    // What they were recorded out of: maxTrafficWeight may have changed since.
    total: [canary, stable, ...additional].reduce((sum, { weight }) => sum + weight, 0),
    additional: additional.map(({ weight, serviceName = "", podTemplateHash = "" }) => ({
      weight,
      serviceName,
      podTemplateHash,
    })),
    routes: isSame ? wanted.routes : [],
    ...(isSame && canary.weight > 0 && affinity !== undefined ? { affinity } : {}),
  };
}

/**
 * The new ReplicaSet has enough pods for what the routers send to the canary Service now, which another revision
 * serves. Going from one canary to the next with a small stable ReplicaSet, that can be most of the traffic.
 */
export function canTakeOver(rollout: Rollout, { newRS }: Roles): boolean {
  const canary = rollout.status?.canary?.weights?.canary;
  if (newRS === undefined || canary === undefined || canary.podTemplateHash === hashOf(newRS)) return true;
  return lastingPods(newRS) >= podsFor(rollout, canary.weight);
}

/** What the routers send to stable now: all of it before any weight was recorded. */
function recordedStableWeight({ status }: Rollout, hash: string, total: number): number {
  const stable = status?.canary?.weights?.stable;
  if (stable === undefined) return total;
  return stable.podTemplateHash === hash ? stable.weight : 0;
}

/**
 * Stable has enough pods for its remaining traffic, or some of its traffic moves to a canary that has them: a stable
 * version that is broken must not hold the one that mends it. Otherwise traffic stays as it is, as it does before the
 * first promotion.
 */
export function stableCarries(
  rollout: Rollout,
  { stableRS }: Roles,
  { stableHash, canaryWeight: weight, total }: Traffic,
): boolean {
  if (stableRS === undefined) return false;
  // Not the canary's weight: a third version may take over less than the second one had, and stable gets the rest.
  if (total - weight < recordedStableWeight(rollout, stableHash, total)) return true;
  const needed = Math.floor(((total - weight) * desiredReplicas(rollout)) / total);
  return lastingPods(stableRS) >= needed || canaryThresholdMet(rollout, stableRS, needed);
}

const destination = (weight: number, podTemplateHash: string, serviceName: string | undefined): WeightDestination => ({
  weight,
  ...(podTemplateHash === "" ? {} : { podTemplateHash }),
  ...((serviceName ?? "") === "" ? {} : { serviceName: serviceName ?? "" }),
});

/** The traffic as `status.canary.weights` records it. */
export function weightsOf(rollout: Rollout, traffic: Traffic): TrafficWeights {
  const { canaryHash, stableHash, canaryWeight, additional } = traffic;
  const canary = canaryOf(rollout);
  return {
    canary: destination(canaryWeight, canaryHash, canary?.canaryService),
    stable: destination(stableWeight(traffic), stableHash, canary?.stableService),
    ...(additional.length === 0
      ? {}
      : {
          additional: additional.map(({ weight, podTemplateHash, serviceName }) =>
            destination(weight, podTemplateHash, serviceName),
          ),
        }),
  };
}

/** As Go prints a list of structs, which is how the reference's event has them. */
const goPrinted = (destinations: TrafficWeights["additional"] = []): string =>
  `[${destinations.map(({ weight, serviceName = "", podTemplateHash = "" }) => `{${weight} ${serviceName} ${podTemplateHash}}`).join(" ")}]`;

/** Text of the event about changed weights: only the introduction where just the hashes have changed. */
export function weightsText(before: TrafficWeights | undefined, after: TrafficWeights): string {
  if (before === undefined) return `Traffic weight updated to ${after.canary.weight}`;
  const from = before.canary.weight;
  const to = after.canary.weight;
  const added = equal(before.additional, after.additional) ? [] : [`additional: ${goPrinted(after.additional)}`];
  return `Traffic weight updated ${[...(from === to ? [] : [`from ${from} to ${to}`]), ...added].join(", ")}`;
}
