/** Requests of measurements that wait for others of their namespace (docs/behaviour/providers.md#requests). */
import type { Complaints } from "./complaints.ts";
import type { ControllerMetrics } from "./metrics.ts";

/** Longer than most intervals: measurements come later than they are due. */
const LONG_MS = 10_000;

/** @returns called for each that has waited: how long, ms */
export const tellWaits =
  (metrics: Pick<ControllerMetrics, "requestWaited">, complaints: Complaints) =>
  (namespace: string, ms: number): void => {
    metrics.requestWaited(ms);
    if (ms < LONG_MS) return;
    complaints.report({
      about: `turns of ${namespace}`,
      level: "warn",
      message: "Measurements come late: their requests wait for others of their namespace, whose servers answer slowly",
      fields: { namespace, waitedSeconds: Math.round(ms / 1_000) },
      sameAs: "waiting",
    });
  };
