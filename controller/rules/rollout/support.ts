/**
 * Features of the API that the loop does not drive yet. A Rollout that uses one is held with its reason, never driven
 * without it: half a strategy can be worse than none. A row is deleted when its feature arrives.
 * Routers stand in a table of their own: those without `route` are not driven.
 */
import { flatMap } from "../../../kube/object/flatMap.ts";
import { at, items, pathOf, type Place, present, root } from "../../../kube/validation/place.ts";
import { listed } from "../../../kube/validation/nearNames.ts";
import type { RouterRow } from "../../../providers/traffic/router.ts";
import { ROUTERS } from "../../../providers/traffic/routers.ts";
import { STEPS } from "../../steps/stepKinds.ts";
import type { StepTable } from "../../steps/stepTable.ts";

export interface UnsupportedFeature {
  readonly feature: string;
  /** True path of the first place that uses it. */
  readonly path: string;
  /** One sentence for the user. */
  readonly reason: string;
}

/** The places that use the feature, including absent ones. */
type Uses = (spec: Place) => readonly Place[];

const canary =
  (...names: readonly string[]): Uses =>
  (spec) => [at(spec, "strategy", "canary", ...names)];

type Row = readonly [feature: string, uses: Uses];

const routing = (routers: readonly RouterRow[]): readonly Row[] =>
  routers
    .filter(({ route }) => route === undefined)
    .map(({ kind, title }) => [`traffic routing by ${title}`, canary("trafficRouting", kind)]);

/** The row of each canary step's kind that is not driven. */
const stepRows = ({ kinds }: StepTable): readonly Row[] =>
  flatMap(kinds, ({ member, undriven }): readonly Row[] =>
    undriven === undefined
      ? []
      : [[undriven, (spec) => items(at(spec, "strategy", "canary", "steps")).map((step) => at(step, member))]],
  );

const ROWS: readonly Row[] = [...routing(ROUTERS), ...stepRows(STEPS)];

/** What to do about a feature that is not driven: for admission, where the object is still in somebody's hands. */
export const unsupportedHelp = ({ path }: UnsupportedFeature): string => {
  const driven = ROUTERS.filter(({ route }) => route !== undefined).map(({ title }) => title);
  const others = path.includes(".trafficRouting.") ? `It drives ${listed(driven)}. ` : "";
  return `${others}The Rollout is stored, and held as invalid until this is taken out or a version that drives it runs`;
};

/** The tables to read; those of the product by default. */
interface Tables {
  readonly routers?: readonly RouterRow[];
  readonly steps?: StepTable;
}

/** Every feature that a Rollout uses and that is not driven: routers, others, steps, each in the order of its table. */
export function unsupportedFeatures(rollout: unknown, tables?: Tables): readonly UnsupportedFeature[] {
  const spec = at(root(rollout), "spec");
  const rows =
    tables === undefined ? ROWS : [...routing(tables.routers ?? ROUTERS), ...stepRows(tables.steps ?? STEPS)];
  const reported = (feature: string, use: Place): UnsupportedFeature => ({
    feature,
    path: pathOf(use),
    reason: `this version of Sluice does not drive ${feature} yet`,
  });
  return flatMap(rows, ([feature, uses]) => {
    const use = uses(spec).find(present);
    return use === undefined ? [] : [reported(feature, use)];
  });
}
