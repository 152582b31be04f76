/** The AnalysisRuns of a golden world, and a controller of them that follows a script. */
import { hasEnded } from "../../controller/rollout/course/analysisKinds.ts";
import type { AnalysisRunFacts, KnownTemplates } from "../../controller/rollout/model/model.ts";
import type { AnalysisTemplateSpec } from "../../schema/analysis.ts";

/** What a run comes to: its last phase, so long after it was created; undefined: it never ends by itself. */
export interface Course {
  readonly afterMs: number;
  readonly phase: string;
  readonly message?: string;
  /** When its first measurement begins; at once by default. */
  readonly measuredAfterMs?: number;
}

export interface Analyses {
  readonly runs: Map<string, AnalysisRunFacts>;
  readonly templates: Map<string, { readonly generation: number; readonly spec: AnalysisTemplateSpec }>;
  readonly courseOf: (run: AnalysisRunFacts) => Course | undefined;
}

/** A template with one metric. */
export const errors = (limit = 5): AnalysisTemplateSpec => ({
  args: [{ name: "service", value: "web" }],
  metrics: [
    {
      name: "errors",
      count: 3,
      interval: "10s",
      successCondition: `result < ${limit}`,
      provider: { web: { url: "http://metrics/{{args.service}}", jsonPath: "{$.errors}" } },
    },
  ],
});

export const knownTemplates = ({ templates }: Analyses): KnownTemplates => ({
  namespaced: { has: (name) => templates.has(name), get: (name) => templates.get(name)?.spec },
  cluster: new Map(),
  generationOf: ({ cluster, name }) => (cluster ? undefined : templates.get(name)?.generation),
});

/** Where each run is at `now`. */
export function runAnalyses({ runs, courseOf }: Analyses, now: number): void {
  for (const run of runs.values()) {
    if (hasEnded(run)) continue;
    const course = courseOf(run);
    const isOver = course !== undefined && now >= run.createdAt + course.afterMs;
    const measured = isOver || now >= run.createdAt + (course?.measuredAfterMs ?? 0);
    const ended = isOver ? { phase: course.phase, message: course.message ?? "" } : undefined;
    const next = ended ?? (run.terminated ? { phase: "Successful", message: "Run Terminated" } : { phase: "Running" });
    runs.set(run.name, { ...run, uid: run.name, measured: run.measured || measured, ...next });
  }
}

/** The next instant at which a run changes. */
export function nextRunChange({ runs, courseOf }: Analyses, now: number): number {
  const times = [...runs.values()].flatMap((run) => {
    const course = hasEnded(run) ? undefined : courseOf(run);
    return course === undefined ? [] : [run.createdAt + course.afterMs, run.createdAt + (course.measuredAfterMs ?? 0)];
  });
  return Math.min(...times.filter((at) => at > now), Infinity);
}

/** Those that have not ended, for the line of a decision. */
export const runsText = ({ runs }: Analyses): readonly string[] =>
  [...runs.values()]
    .filter((run) => !hasEnded(run))
    .map(({ name, phase, terminated }) => `${name} ${phase === "" ? "new" : phase}${terminated ? " terminated" : ""}`);
