/** The Experiments of a golden world, and a controller of them that follows a script. */
import { hasEnded } from "../../controller/rollout/course/analysisKinds.ts";
import type { ExperimentFacts } from "../../controller/rollout/model/model.ts";

/** What an Experiment comes to: its last phase, so long after it was created. */
export interface Trial {
  readonly afterMs: number;
  readonly phase: string;
  readonly message?: string;
}

export interface Trials {
  readonly experiments: Map<string, ExperimentFacts>;
  /** Undefined: it never ends by itself. */
  readonly trialOf: (experiment: ExperimentFacts) => Trial | undefined;
}

/** How long its pods take to be available. */
const RUNS_AFTER_MS = 2_000;

/** Each template has a Service. */
const templatesOf = ({ name, outline }: ExperimentFacts): ExperimentFacts["templates"] =>
  (outline as { readonly templates: readonly { readonly name: string }[] }).templates.map((template) => ({
    name: template.name,
    serviceName: `${name}-${template.name}`,
    podTemplateHash: `of-${template.name}`,
  }));

function phaseAt(experiment: ExperimentFacts, trial: Trial | undefined, now: number) {
  const age = now - experiment.createdAt;
  if (trial !== undefined && age >= trial.afterMs) return { phase: trial.phase, message: trial.message ?? "" };
  if (experiment.terminated) return { phase: "Successful" };
  if (age < RUNS_AFTER_MS) return { phase: "Pending" };
  return { phase: "Running", templates: templatesOf(experiment) };
}

/** Where each is at `now`. */
export function runExperiments({ experiments, trialOf }: Trials, now: number): void {
  for (const experiment of experiments.values()) {
    if (hasEnded(experiment)) continue;
    const { name } = experiment;
    experiments.set(name, { ...experiment, uid: name, ...phaseAt(experiment, trialOf(experiment), now) });
  }
}

/** The next instant at which one changes. */
export function nextExperimentChange({ experiments, trialOf }: Trials, now: number): number {
  const times = [...experiments.values()].flatMap((experiment) => {
    if (hasEnded(experiment)) return [];
    const { createdAt } = experiment;
    return [createdAt + RUNS_AFTER_MS, createdAt + (trialOf(experiment)?.afterMs ?? Infinity)];
  });
  return Math.min(...times.filter((at) => at > now), Infinity);
}

/** Those that have not ended, for the line of a decision. */
export const experimentsText = ({ experiments }: Trials): readonly string[] =>
  [...experiments.values()]
    .filter((experiment) => !hasEnded(experiment))
    .map(({ name, phase, terminated }) => `${name} ${phase === "" ? "new" : phase}${terminated ? " terminated" : ""}`);
