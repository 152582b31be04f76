/**
 * Features of the API that the loop does not drive yet. A Rollout that uses one is held with its reason, never driven
 * without it: half a strategy can be worse than none. A row is deleted when its feature arrives.
 */
import { at, items, type Place, present, root } from "../../../kube/validation/place.ts";
import { STEPS } from "../../steps/kinds.ts";
import type { StepTable } from "../../steps/table.ts";

export interface UnsupportedFeature {
  readonly feature: string;
  /** True path of the first place that uses it. */
  readonly path: string;
  /** One sentence for the user. */
  readonly reason: string;
}

/** What uses the feature, the absent ones included. */
type Uses = (spec: Place) => readonly Place[];

const canary =
  (...names: readonly string[]): Uses =>
  (spec) => [at(spec, "strategy", "canary", ...names)];

const blueGreen =
  (...names: readonly string[]): Uses =>
  (spec) => [at(spec, "strategy", "blueGreen", ...names)];

type Row = readonly [feature: string, uses: Uses];

const ROWS: readonly Row[] = [
  ["traffic routing by Istio", canary("trafficRouting", "istio")],
  ["traffic routing by Ambassador", canary("trafficRouting", "ambassador")],
  ["traffic routing by App Mesh", canary("trafficRouting", "appMesh")],
  ["traffic routing by Traefik", canary("trafficRouting", "traefik")],
  ["traffic routing by APISIX", canary("trafficRouting", "apisix")],
  ["traffic routing by plugins", canary("trafficRouting", "plugins")],
  ["background analysis", canary("analysis")],
  ["analysis before promotion", blueGreen("prePromotionAnalysis")],
  ["analysis after promotion", blueGreen("postPromotionAnalysis")],
];

/** Kinds of canary steps say it of themselves. */
const stepRows = ({ kinds }: StepTable): readonly Row[] =>
  kinds.flatMap(({ member, undriven }): readonly Row[] =>
    undriven === undefined
      ? []
      : [[undriven, (spec) => items(at(spec, "strategy", "canary", "steps")).map((step) => at(step, member))]],
  );

/** Every feature that a Rollout uses and that is not driven, in the order of the tables. */
export function unsupportedFeatures(rollout: unknown, steps: StepTable = STEPS): readonly UnsupportedFeature[] {
  const spec = at(root(rollout), "spec");
  return [...ROWS, ...stepRows(steps)].flatMap(([feature, uses]) => {
    const use = uses(spec).find(present);
    if (use === undefined) return [];
    return [{ feature, path: use.path, reason: `this version of Sluice does not drive ${feature} yet` }];
  });
}
