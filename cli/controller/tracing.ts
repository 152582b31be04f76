/** Traces of releases, where they are asked for; their modules are loaded only then (docs/tracing.md). */
import type { ControllerObserver } from "../../controller/controller.ts";
import type { Complaints } from "../../controller/process/complaints.ts";
import type { Tracing } from "../../controller/tracing/tracing.ts";
import { systemClock } from "../../kube/clock/clock.ts";
import type { ControllerOptions } from "./options.ts";

export interface TracingStart {
  readonly options: Pick<ControllerOptions, "otlpEndpoint">;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly complaints: Complaints;
}

/** @throws Error naming the variable that cannot be read */
export async function tracingOf({ options, env, version, complaints }: TracingStart): Promise<Tracing | undefined> {
  const { otlpEndpoint } = options;
  if (otlpEndpoint === undefined) return undefined;
  const { tracingSettings } = await import("../../controller/tracing/settings.ts");
  const { startTracing } = await import("../../controller/tracing/tracing.ts");
  const settings = tracingSettings({ endpoint: otlpEndpoint || undefined, env, version });
  return startTracing(settings, { clock: systemClock, complaints, version });
}

/** What the loop reports, and the tracing beside it. */
export const tracedObserver = (observer: ControllerObserver, tracing: Tracing | undefined): ControllerObserver =>
  tracing === undefined ? observer : { ...observer, runWritten: tracing.runWritten };
