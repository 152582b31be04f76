/** A Rollout laid out for its rules: where each part stands, under the paths that the reference gives. */
import { at, pathOf, type Place, placed, present, root, whole } from "../../../kube/validation/place.ts";

export interface RolloutPlaces {
  readonly metadata: Place;
  readonly spec: Place;
  readonly selector: Place;
  readonly template: Place;
  /** True when the template came from `workloadRef`, which then stands in `template`. */
  readonly resolved: boolean;
  /** Path `spec.strategy`: the reference leaves out the segment of the strategy (⚠P). */
  readonly canary: Place;
  readonly blueGreen: Place;
}

export interface Resolution {
  /** Pod template found through `workloadRef`. */
  readonly resolvedTemplate?: unknown;
  /** Selector found through `workloadRef`; used where the Rollout has none of its own. */
  readonly resolvedSelector?: unknown;
}

export function placesOf(rollout: unknown, resolution: Resolution = {}): RolloutPlaces {
  const top = root(rollout);
  const spec = at(top, "spec");
  const own = at(spec, "selector");
  const template = at(spec, "template");
  const resolved = resolution.resolvedTemplate !== undefined;
  return {
    metadata: at(top, "metadata"),
    spec,
    selector: present(own) ? own : { ...own, value: resolution.resolvedSelector },
    template: resolved ? { ...template, value: resolution.resolvedTemplate } : template,
    resolved,
    canary: withoutSegment(at(spec, "strategy"), "canary"),
    blueGreen: withoutSegment(at(spec, "strategy"), "blueGreen"),
  };
}

function withoutSegment(strategy: Place, segment: string): Place {
  const true_ = at(strategy, segment);
  return placed(true_.value, pathOf(strategy), pathOf(true_));
}

export const replicasOf = (spec: Place): number => whole(at(spec, "replicas")) ?? 1;
export const revisionHistoryLimitOf = (spec: Place): number => whole(at(spec, "revisionHistoryLimit")) ?? 10;
export const progressDeadlineOf = (spec: Place): number => whole(at(spec, "progressDeadlineSeconds")) ?? 600;
