/** What stories about AnalysisRuns measure, do and compare on a real API server. */
import type { AnalysisRun, AnalysisRunSpec, AnalysisRunStatus, Metric } from "../../../schema/analysis.ts";
import type { KubeObject } from "./api.ts";
import { newWorld, type World } from "./clusterWorld.ts";
import { otherController, ownController } from "./controllerProcess.ts";
import { startHarness } from "./harness.ts";
import { type MetricSource, startMetricSource } from "./metricSource.ts";
import { until } from "./until.ts";

/** A metric over what the source answers: 1 is good, 0 is bad, all else is neither. */
export const metric = (name: string, letters: string, more: Partial<Metric> = {}): Metric => ({
  name,
  provider: { web: { url: `SOURCE/RUN-${name}/${letters}`, jsonPath: "{$.v}" } },
  successCondition: "result == 1",
  failureCondition: "result == 0",
  ...more,
});

export const every = (interval: string, count: number, more: Partial<Metric> = {}): Partial<Metric> => ({
  interval,
  count,
  ...more,
});

export type RunSpec = Partial<AnalysisRunSpec> & { readonly metrics: Metric[] };

const COMPLETED = ["Successful", "Failed", "Error", "Inconclusive"];

/** Without times, and in one order of metrics: the reference's depends on who answers first. */
export function timeless(status: AnalysisRunStatus): object {
  const { startedAt: _, completedAt: __, metricResults = [], ...kept } = status;
  const results = metricResults.map(({ measurements = [], ...result }) => ({
    ...result,
    measurements: measurements.map((measurement) => {
      const { startedAt: ___, finishedAt: ____, ...rest } = measurement;
      return rest;
    }),
  }));
  return { ...kept, metricResults: results.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

interface Event extends KubeObject {
  readonly involvedObject: { readonly name: string };
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

export interface RunWorld extends World {
  readonly source: MetricSource;
  /** `SOURCE` in the spec becomes the source's address, and `RUN` the run's name. */
  createRun(name: string, spec: RunSpec): Promise<void>;
  readRun(name: string): Promise<AnalysisRun>;
  terminateRun(name: string): Promise<unknown>;
  /** Waits for its end. */
  runOver(name: string, timeoutMs: number): Promise<unknown>;
  /** `Normal Reason: message`, in one order. */
  eventsOfRun(name: string): Promise<string[]>;
  /** Ends the source and the cluster. */
  stop(): Promise<void>;
}

export const isOver = ({ status }: AnalysisRun): boolean => COMPLETED.includes(status?.phase ?? "");

/** A cluster of its own, whose controller may ask a source on this machine. @param token of the Secret `credentials` */
export async function newRunWorld(topic: string, token: string): Promise<RunWorld> {
  const command = otherController() ?? `${ownController} --analysis-allow-address 127.0.0.0/8`;
  const current = await startHarness({ controller: command });
  const { api } = current;
  const world = await newWorld(topic, current);
  const source = startMetricSource();
  const core = `/api/v1/namespaces/${world.namespace}`;
  await api.create(`${core}/secrets`, { metadata: { name: "credentials" }, stringData: { token } });
  const readRun = (name: string): Promise<AnalysisRun> => api.get<AnalysisRun>(world.path("AnalysisRun", name));
  return {
    ...world,
    source,
    readRun,
    async createRun(name, spec) {
      const text = JSON.stringify({ metadata: { name }, spec })
        .replaceAll("SOURCE", source.url)
        .replaceAll("RUN", name);
      await world.create({
        apiVersion: "argoproj.io/v1alpha1",
        kind: "AnalysisRun",
        ...(JSON.parse(text) as KubeObject),
      });
    },
    terminateRun: (name) => api.patch(world.path("AnalysisRun", name), "merge", { spec: { terminate: true } }),
    runOver(name, timeoutMs) {
      let run: AnalysisRun | undefined;
      const seenOver = async (): Promise<boolean> => isOver((run = await readRun(name)));
      return until(`AnalysisRun ${name} is over`, seenOver, timeoutMs, () => `: ${JSON.stringify(run?.status)}`);
    },
    async eventsOfRun(name) {
      const { items } = await api.list<Event>(`${core}/events`);
      return items
        .filter(({ involvedObject }) => involvedObject.name === name)
        .map(({ type, reason, message }) => `${type} ${reason}: ${message}`)
        .toSorted();
    },
    async stop() {
      source.stop();
      await current.stop();
    },
  };
}
