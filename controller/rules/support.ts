/**
 * Features of the API that the loop does not drive yet. A Rollout that uses one is held with its reason, never driven
 * without it: half a strategy can be worse than none. A row is deleted when its feature arrives.
 */
import type { CanaryStep, Rollout } from "../../schema/rollout.ts";

export interface UnsupportedFeature {
  readonly feature: string;
  readonly path: string;
  /** One sentence for the user. */
  readonly reason: string;
}

type Row = readonly [feature: string, path: (rollout: Rollout) => string | undefined];

const canary = "spec.strategy.canary";
const blueGreen = "spec.strategy.blueGreen";

const present = (value: unknown, path: string): string | undefined => (value === undefined || value === null ? undefined : path);

/** Path of the first canary step that has this member. */
const step =
  (member: keyof CanaryStep) =>
  ({ spec }: Rollout): string | undefined => {
    const index = (spec.strategy?.canary?.steps ?? []).findIndex((each) => each[member] !== undefined);
    return index < 0 ? undefined : `${canary}.steps[${index}].${member}`;
  };

const ROWS: readonly Row[] = [
  ["references to another workload", ({ spec }) => present(spec.workloadRef, "spec.workloadRef")],
  ["traffic routing", ({ spec }) => present(spec.strategy?.canary?.trafficRouting, `${canary}.trafficRouting`)],
  ["ping-pong Services", ({ spec }) => present(spec.strategy?.canary?.pingPong, `${canary}.pingPong`)],
  ["background analysis", ({ spec }) => present(spec.strategy?.canary?.analysis, `${canary}.analysis`)],
  ["analysis before promotion", ({ spec }) => present(spec.strategy?.blueGreen?.prePromotionAnalysis, `${blueGreen}.prePromotionAnalysis`)],
  ["analysis after promotion", ({ spec }) => present(spec.strategy?.blueGreen?.postPromotionAnalysis, `${blueGreen}.postPromotionAnalysis`)],
  ["analysis steps", step("analysis")],
  ["experiment steps", step("experiment")],
  ["plugin steps", step("plugin")],
  ["setCanaryScale steps", step("setCanaryScale")],
  ["setHeaderRoute steps", step("setHeaderRoute")],
  ["setMirrorRoute steps", step("setMirrorRoute")],
  ["anti-affinity of canaries", ({ spec }) => present(spec.strategy?.canary?.antiAffinity, `${canary}.antiAffinity`)],
  ["anti-affinity of previews", ({ spec }) => present(spec.strategy?.blueGreen?.antiAffinity, `${blueGreen}.antiAffinity`)],
];

/** Every feature that a Rollout uses and that is not driven, in the order of the table. */
export const unsupportedFeatures = (rollout: Rollout): UnsupportedFeature[] =>
  ROWS.flatMap(([feature, find]) => {
    const path = find(rollout);
    return path === undefined ? [] : [{ feature, path, reason: `this version of Sluice does not drive ${feature} yet` }];
  });
