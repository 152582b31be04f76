/**
 * What metrics measure in a simulation, over the time since the update began (docs/cli/simulate.md#metrics). Pure.
 *
 *     metrics:
 *       success-rate:
 *         - { at: 0s, value: 0.99 }
 *         - { at: 10m, value: 0.7 }
 *       errors: 3
 */
import { goDurationMs } from "../../kube/object/goDuration.ts";
import { inWords } from "../../kube/object/inWords.ts";
import { isList, isObject } from "../../kube/object/json.ts";

export type Outcome =
  /** As the provider would give it; a number is what a query of Prometheus gives as one sample. */
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "error"; readonly message: string }
  | { readonly kind: "noData" }
  /** The source never answers: the measurement ends by its timeout. */
  | { readonly kind: "hang" }
  /** For sources that judge themselves: Jobs, Kayenta. */
  | { readonly kind: "phase"; readonly phase: "Successful" | "Failed" | "Inconclusive" };

export interface Change {
  /** ms since the update began. */
  readonly atMs: number;
  readonly outcome: Outcome;
}

export interface Scenario {
  /** By the name of the metric, in the order of time. */
  readonly metrics: ReadonlyMap<string, readonly Change[]>;
}

export type ReadScenario =
  | { readonly kind: "scenario"; readonly scenario: Scenario }
  /** A sentence, with the place. */
  | { readonly kind: "refused"; readonly problem: string };

class Wrong extends Error {}

const PHASES = ["Successful", "Failed", "Inconclusive"] as const;

/** @param given what the file holds, as JSON */
export function readScenario(given: unknown): ReadScenario {
  try {
    if (!isObject(given)) throw new Wrong("it is to be an object with `metrics`");
    const stray = Object.keys(given).find((key) => key !== "metrics");
    if (stray !== undefined) throw new Wrong(`${stray} is not known: it is to have \`metrics\` alone`);
    const metrics = given["metrics"];
    if (!isObject(metrics)) throw new Wrong("metrics is to be an object, by the names of the metrics");
    return {
      kind: "scenario",
      scenario: { metrics: new Map(Object.entries(metrics).map(([name, value]) => [name, changesOf(name, value)])) },
    };
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    return { kind: "refused", problem: error.message };
  }
}

/** A list of changes; anything else is what is measured from the start on. */
function changesOf(name: string, given: unknown): readonly Change[] {
  const isTimed = isList(given) && given.some((each) => isObject(each) && "at" in each);
  if (!isTimed) return [{ atMs: 0, outcome: isObject(given) ? outcomeOf(`metrics.${name}`, given) : value(given) }];
  return given.map((each, index) => changeOf(`metrics.${name}[${index}]`, each)).toSorted((a, b) => a.atMs - b.atMs);
}

function changeOf(place: string, given: unknown): Change {
  if (!isObject(given)) throw new Wrong(`${place} is to be an object such as { at: 10m, value: 0.7 }`);
  const { at = "0s", ...rest } = given;
  const atMs = typeof at === "number" ? at * 1_000 : goDurationMs(String(at));
  if (atMs === undefined || atMs < 0)
    throw new Wrong(`${place}.at is no time since the update began: ${inWords(String(at))}; write 90s, 10m or 1h30m`);
  return { atMs, outcome: outcomeOf(place, rest) };
}

const value = (given: unknown): Outcome => ({ kind: "value", value: special(given) });

/** YAML 1.1 and JSON write the numbers that are none in other ways. */
const special = (given: unknown): unknown => (given === "NaN" ? Number.NaN : given);

const KNOWN = "value, error, noData, hang or phase";

function outcomeOf(place: string, given: Readonly<Record<string, unknown>>): Outcome {
  const keys = Object.keys(given);
  const [key = ""] = keys;
  if (keys.length !== 1) throw new Wrong(`${place} is to have one of ${KNOWN}`);
  const held = given[key];
  switch (key) {
    case "value":
      return value(held);
    case "error":
      return { kind: "error", message: typeof held === "string" ? held : "the source does not answer" };
    case "noData":
      return { kind: "noData" };
    case "hang":
      return { kind: "hang" };
    case "phase": {
      const phase = PHASES.find((each) => each === held);
      if (phase === undefined) throw new Wrong(`${place}.phase is one of ${PHASES.join(", ")}`);
      return { kind: "phase", phase };
    }
    default:
      throw new Wrong(`${place}.${key} is not known: it is to have one of ${KNOWN}`);
  }
}

/** What is measured at a time; undefined: the scenario does not say. @param atMs since the update began */
export const outcomeAt = ({ metrics }: Scenario, metric: string, atMs: number): Outcome | undefined =>
  metrics.get(metric)?.findLast((change) => change.atMs <= atMs)?.outcome;

export const NO_SCENARIO: Scenario = { metrics: new Map() };
