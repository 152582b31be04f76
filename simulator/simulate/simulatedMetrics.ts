/** The metric providers of a simulation: they answer with what the scenario says, and reach nothing. */
import type { Clock } from "../../kube/clock/clock.ts";
import { deadline } from "../../kube/clock/deadline.ts";
import { aborted } from "../../kube/clock/sleep.ts";
import type { SendHttp } from "../../providers/metrics/measuring/http.ts";
import type { Asking, MetricProviderRow, Next } from "../../providers/metrics/provider.ts";
import { OWN_PROVIDERS, PROVIDERS } from "../../providers/metrics/providers.ts";
import { outcomeAt, type Scenario } from "./scenario.ts";

export interface SimulatedTime {
  /** ms since the epoch; undefined before the update. */
  readonly beganAt: () => number | undefined;
}

const HANG_MS = 30_000;

/** What a measurement says of which the scenario says nothing. */
export const ASSUMED = "the scenario does not say: taken for good";

/** Every provider of this version, with another source. Those that look at the pods themselves see those of the simulation. */
export const simulatedProviders = (scenario: Scenario, time: SimulatedTime): readonly MetricProviderRow[] =>
  [...PROVIDERS, ...OWN_PROVIDERS].map((row) => simulated(row, scenario, time));

function simulated(row: MetricProviderRow, scenario: Scenario, time: SimulatedTime): MetricProviderRow {
  const own = row.reaches.includes("pods") ? row.measure : undefined;
  const begin = (asking: Asking): Next =>
    said(row, scenario, asking, time) ??
    own?.begin(asking) ?? { kind: "decided", phase: "Successful", message: ASSUMED };
  return { ...row, measure: { ...own, begin } };
}

function said(
  row: MetricProviderRow,
  scenario: Scenario,
  { metric, now, settings }: Asking,
  { beganAt }: SimulatedTime,
): Next | undefined {
  const outcome = outcomeAt(scenario, metric, now - (beganAt() ?? now));
  switch (outcome?.kind) {
    case undefined:
      return undefined;
    case "value":
      return { kind: "value", value: isVector(row, settings, outcome.value) ? [outcome.value] : outcome.value };
    case "error":
      return { kind: "error", message: outcome.message };
    case "noData":
      return { kind: "noData", message: "the scenario says that there is no data" };
    case "hang":
      return {
        kind: "ask",
        questions: [{ to: "address", method: "GET", url: "http://hangs.invalid/", timeoutMs: HANG_MS }],
      };
    case "phase":
      return { kind: "decided", phase: outcome.phase };
    default:
      return outcome satisfies never;
  }
}

/** A query of Prometheus gives a list of samples, unless it says otherwise. */
function isVector({ conditions }: MetricProviderRow, settings: unknown, value: unknown): boolean {
  if (typeof value !== "number" || conditions.kind !== "checked" || conditions.results[0] !== "numbers") return false;
  const { query = "" } = (settings ?? {}) as { readonly query?: unknown };
  return !/^\s*scalar\s*\(/.test(String(query));
}

/** Answers the plugins of steps and routers, which are done at once; nothing else is ever answered. */
export const simulatedHttp =
  (clock: Clock): SendHttp =>
  async ({ url, body = "", timeoutMs }, signal) => {
    if (url === PLUGIN_ADDRESS && /"kind":"(step|traffic)"/.test(body))
      return { kind: "answered", status: 200, headers: {}, body: JSON.stringify({ phase: "Successful" }) };
    const limit = deadline(clock, timeoutMs, signal);
    await aborted(limit.signal);
    limit.end();
    return { kind: "failed", message: `no answer within ${timeoutMs / 1_000} s` };
  };

export const PLUGIN_ADDRESS = "http://plugins.invalid/";
