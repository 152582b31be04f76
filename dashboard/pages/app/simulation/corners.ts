/** A simulated update as areas of a chart. Pure. */
import type { SimulationView } from "../../../model.ts";

type Moment = SimulationView["moments"][number];

/** From the bottom up. */
export const LAYERS: readonly {
  readonly kind: string;
  readonly name: string;
  readonly of: (moment: Moment) => number;
}[] = [
  { kind: "canary", name: "new version", of: ({ new: { ready } }) => ready },
  { kind: "stable", name: "old version", of: ({ old: { ready } }) => ready },
  {
    kind: "starting",
    name: "not ready, and of Experiments",
    of: ({ old, new: fresh, others }) => old.starting + fresh.starting + others.starting + others.ready,
  },
];

export const podsOf = (moment: Moment): number => LAYERS.reduce((sum, { of }) => sum + of(moment), 0);

export interface Axes {
  readonly x: (ms: number) => number;
  readonly y: (value: number) => number;
}

/** The corners of steps, each until the next moment. */
function corners(moments: readonly Moment[], endMs: number, { x, y }: Axes, of: (moment: Moment) => number): string[] {
  return moments.flatMap((moment, index) => {
    const to = moments[index + 1]?.atMs ?? endMs;
    const at = y(of(moment)).toFixed(1);
    return [`${x(moment.atMs).toFixed(1)},${at}`, `${x(to).toFixed(1)},${at}`];
  });
}

/** The points of a polygon between two heights. */
export const area = (
  { moments, endMs }: Pick<SimulationView, "moments" | "endMs">,
  axes: Axes,
  upper: (moment: Moment) => number,
  lower: (moment: Moment) => number,
): string => [...corners(moments, endMs, axes, upper), ...corners(moments, endMs, axes, lower).toReversed()].join(" ");

const ROUND_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 172_800];

/** Round times from 0 on, at most as many as asked for. */
export function timeTicks(endMs: number, most: number): readonly number[] {
  const every = (ROUND_S.find((seconds) => endMs / (seconds * 1_000) <= most) ?? endMs / 1_000) * 1_000 || 1_000;
  return Array.from({ length: Math.floor(endMs / every) + 1 }, (_, index) => index * every);
}
