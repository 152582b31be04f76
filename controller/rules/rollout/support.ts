/**
 * Features of the API that the loop does not drive yet. A Rollout that uses one is held with its reason, never driven
 * without it: half a strategy can be worse than none. A row is deleted when its feature arrives.
 * Routers stand in a table of their own: those without `route` are not driven.
 */
import { at, items, type Place, present, root } from "../../../kube/validation/place.ts";
import type { RouterRow } from "../../../providers/traffic/router.ts";
import { ROUTERS } from "../../../providers/traffic/routers.ts";

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

const step =
  (member: string): Uses =>
  (spec) =>
    items(at(spec, "strategy", "canary", "steps")).map((each) => at(each, member));

type Row = readonly [feature: string, uses: Uses];

const routing = (routers: readonly RouterRow[]): readonly Row[] =>
  routers
    .filter(({ route }) => route === undefined)
    .map(({ kind, title }) => [`traffic routing by ${title}`, canary("trafficRouting", kind)]);

const OTHERS: readonly Row[] = [
  ["background analysis", canary("analysis")],
  ["analysis before promotion", blueGreen("prePromotionAnalysis")],
  ["analysis after promotion", blueGreen("postPromotionAnalysis")],
  ["analysis steps", step("analysis")],
  ["experiment steps", step("experiment")],
  ["plugin steps", step("plugin")],
  ["setHeaderRoute steps", step("setHeaderRoute")],
  ["setMirrorRoute steps", step("setMirrorRoute")],
];

const ROWS: readonly Row[] = [...routing(ROUTERS), ...OTHERS];

/** Every feature that a Rollout uses and that is not driven: routers, then the others, in the order of their tables. */
export function unsupportedFeatures(rollout: unknown, routers?: readonly RouterRow[]): readonly UnsupportedFeature[] {
  const spec = at(root(rollout), "spec");
  const rows = routers === undefined ? ROWS : [...routing(routers), ...OTHERS];
  return rows.flatMap(([feature, uses]) => {
    const use = uses(spec).find(present);
    if (use === undefined) return [];
    return [{ feature, path: use.path, reason: `this version of Sluice does not drive ${feature} yet` }];
  });
}
