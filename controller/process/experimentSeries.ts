/** The metrics of Experiments: the reference's by name and label. */
import { passSeries, phaseGauges } from "./phaseSeries.ts";

/** The members of an Experiment that are read. */
export interface ObservedExperiment {
  readonly metadata: { readonly namespace?: string | undefined; readonly name?: string | undefined };
  readonly status?: { readonly phase?: string | undefined } | undefined;
}

export function experimentSeries(experiments: () => Iterable<ObservedExperiment>) {
  const passes = passSeries("experiment", "Experiments");
  return {
    reconciled: passes.reconciled,
    *render(): Generator<string> {
      yield* phaseGauges("experiment", "An Experiment", experiments);
      yield* passes.render();
    },
  };
}
