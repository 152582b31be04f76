/**
 * What the metrics of AnalysisRuns and of Experiments have in common: gauges of phases, read from the cache while they are
 * printed, and counters by namespace alone, since these objects come and go without end.
 */
import { counterFamily, familyHead, histogramFamily, type Labels, sample } from "./exposition.ts";

interface Phased {
  readonly metadata: { readonly namespace?: string | undefined; readonly name?: string | undefined };
  readonly status?: { readonly phase?: string | undefined } | undefined;
}

const PHASES = ["Pending", "Error", "Failed", "Successful", "Running", "Inconclusive"];
const RECONCILE_BOUNDS = [0.01, 0.15, 0.25, 0.5, 1];

/**
 * `PREFIX_info` and the deprecated `PREFIX_phase`.
 * @param noun `An AnalysisRun`
 */
export function* phaseGauges(prefix: string, noun: string, objects: () => Iterable<Phased>): Generator<string> {
  yield familyHead(`${prefix}_info`, "gauge", `${noun}, with its phase.`);
  for (const object of objects())
    yield sample(`${prefix}_info`, [...identityOf(object), ["phase", object.status?.phase ?? ""]], 1);
  yield familyHead(`${prefix}_phase`, "gauge", `Deprecated: use ${prefix}_info.`);
  for (const object of objects())
    yield* phaseSamples(`${prefix}_phase`, identityOf(object), object.status?.phase ?? "");
}

/** One a phase: 1 for the current one, where none yet is Pending. */
export function* phaseSamples(name: string, labels: Labels, current: string): Generator<string> {
  const known = current === "" ? "Pending" : current;
  for (const phase of PHASES) yield sample(name, [...labels, ["phase", phase]], phase === known ? 1 : 0);
}

export const identityOf = ({ metadata }: Phased): Labels => [
  ["namespace", metadata.namespace ?? ""],
  ["name", metadata.name ?? ""],
];

/** `PREFIX_reconcile` and `PREFIX_reconcile_error`. @param plural `AnalysisRuns` */
export function passSeries(prefix: string, plural: string) {
  const labels = ["namespace"];
  const length = histogramFamily(
    `${prefix}_reconcile`,
    `Length of passes over ${plural} in seconds.`,
    labels,
    RECONCILE_BOUNDS,
  );
  const errors = counterFamily(`${prefix}_reconcile_error`, `Passes over ${plural} that failed.`, labels);
  return {
    reconciled(key: string, durationMs: number, failed: boolean): void {
      const namespace = key.slice(0, Math.max(0, key.indexOf("/")));
      length.observe([namespace], durationMs / 1_000);
      if (failed) errors.add([namespace]);
    },
    *render(): Generator<string> {
      yield* length.render();
      yield* errors.render();
    },
  };
}
