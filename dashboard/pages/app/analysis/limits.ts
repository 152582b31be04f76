/** What of a chart would be a failure. Pure. */
import type { ConditionLine, MetricView } from "../../../model.ts";

/** The part of the values that fails by a line: above it, below it, or none that can be drawn. */
export function failingSide({ of, op }: ConditionLine): "above" | "below" | undefined {
  if (op === "==" || op === "!=") return undefined;
  const isMetAbove = op === ">" || op === ">=";
  return isMetAbove === (of === "success") ? "below" : "above";
}

/** More of them would hide each other. */
const MOST = 3;

/** The names of the numbers to draw: those that the conditions speak of, or else the first ones. */
export function seriesOf({ lines, measurements }: MetricView): readonly string[] {
  const named = new Set(lines.map(({ name }) => name));
  const all = new Set(measurements.flatMap(({ numbers }) => Object.keys(numbers)));
  const wanted = [...all].filter((name) => named.has(name));
  return (wanted.length > 0 ? wanted : [...all]).slice(0, MOST);
}

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`;

/** "5 measurements: 4 successful, 1 failed (may fail 2)". */
export function tally(metric: MetricView): string {
  const { taken, count, successful, failed, failureLimit, inconclusive, inconclusiveLimit, errors, errorLimit } =
    metric;
  const parts = [
    `${successful} successful`,
    failed > 0 || failureLimit > 0 ? `${failed} failed (may fail ${failureLimit})` : "",
    inconclusive > 0 ? `${inconclusive} inconclusive (may be ${inconclusiveLimit})` : "",
    errors > 0 ? `${counted(errors, "error")} (${errorLimit} in a row are let pass)` : "",
  ].filter((part) => part !== "");
  const of = count === undefined ? counted(taken, "measurement") : `${taken} of ${counted(count, "measurement")}`;
  return `${of}: ${parts.join(", ")}`;
}
