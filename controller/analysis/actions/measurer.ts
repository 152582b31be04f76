/** How measurements are taken: by the providers' one sender. A port, so that a test may answer instead. */
import type { Asking, MetricProviderRow, Reading, RunningMeasurement } from "../../../providers/metrics/provider.ts";
import {
  collectMeasurement,
  measure,
  type MeasuringPorts,
  resumeMeasurement,
  terminateMeasurement,
} from "../../../providers/metrics/measuring/measure.ts";

/** None of these throws, and each ends in time, or when `signal` aborts. */
export interface Measurer {
  begin(row: MetricProviderRow, asking: Asking, signal: AbortSignal): Promise<Reading>;
  resume(row: MetricProviderRow, asking: Asking, running: RunningMeasurement, signal: AbortSignal): Promise<Reading>;
  /** @returns what did not succeed, as sentences for the log */
  terminate(
    row: MetricProviderRow,
    asking: Asking,
    running: RunningMeasurement,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  /** @returns what did not succeed, as sentences for the log */
  collect(
    row: MetricProviderRow,
    asking: Asking,
    running: RunningMeasurement,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
}

export function measurerOf(ports: Omit<MeasuringPorts, "signal">): Measurer {
  return {
    begin: (row, asking, signal) => measure({ ...ports, signal }, row, asking),
    resume: (row, asking, running, signal) => resumeMeasurement({ ...ports, signal }, row, asking, running),
    terminate: (row, asking, running, signal) => terminateMeasurement({ ...ports, signal }, row, asking, running),
    collect: (row, asking, running, signal) => collectMeasurement({ ...ports, signal }, row, asking, running),
  };
}
