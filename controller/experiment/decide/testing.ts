/** An Experiment, its objects and the decisions about them, for tests: a cluster as simple as can be. */
import { mergePatch } from "../../../kube/object/mergePatch.ts";
import type { AnalysisRun } from "../../../schema/analysis.ts";
import type { Experiment, ExperimentSpec, ExperimentStatus } from "../../../schema/experiment.ts";
import { HASH_LABEL } from "../../../schema/labels.ts";
import type { ReplicaSetFacts, ServiceFacts } from "../../rollout/model/model.ts";
import type { ExperimentFacts } from "../facts/experimentFacts.ts";
import { decideExperiment } from "./decide.ts";
import type { ExperimentAction, ExperimentDecision } from "./decision.ts";

export const T0 = Date.parse("2026-01-01T00:00:00Z");

const pod = (app: string) => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: "web", image: `${app}:1`, ports: [{ name: "http", containerPort: 8080 }] }] },
});

export const templateOf = (name: string, more: object = {}): ExperimentSpec["templates"][number] => ({
  name,
  selector: { matchLabels: { app: name } },
  template: pod(name),
  ...more,
});

const METRIC = { name: "errors", provider: { web: { url: "http://metrics/errors" } } };

export interface World {
  experiment: Experiment;
  now: number;
  readonly replicaSets: Map<string, ReplicaSetFacts>;
  readonly services: Map<string, ServiceFacts>;
  readonly runs: Map<string, AnalysisRun>;
  readonly analysisTemplates: Map<string, unknown>;
  readonly refusals: Map<string, string>;
  readonly events: string[];
  readonly writes: string[];
  rollout: string | undefined;
  wakeAt: number | undefined;
}

export function world(spec: Partial<ExperimentSpec>, status: ExperimentStatus = {}): World {
  return {
    experiment: {
      metadata: { name: "exp", namespace: "shop", uid: "exp-uid" },
      spec: { templates: [templateOf("one")], ...spec },
      status,
    },
    now: T0,
    replicaSets: new Map(),
    services: new Map(),
    runs: new Map(),
    analysisTemplates: new Map([["check", { metrics: [METRIC], args: [] }]]),
    refusals: new Map(),
    events: [],
    writes: [],
    rollout: undefined,
    wakeAt: undefined,
  };
}

export function factsOf(w: World): ExperimentFacts {
  return {
    experiment: w.experiment,
    invalid: undefined,
    replicaSets: new Map(w.replicaSets),
    services: new Map(w.services),
    runs: new Map(w.runs),
    templates: { namespaced: w.analysisTemplates, cluster: new Map() },
    rollout: w.rollout,
    refusals: w.refusals,
    namesTaken: [],
  };
}

const templateOfRs = (name: string): string => name.replace(/^exp-/, "");

function perform(w: World, action: ExperimentAction): string {
  switch (action.kind) {
    case "createReplicaSet": {
      const { metadata, spec } = action.manifest;
      w.replicaSets.set(templateOfRs(action.name), {
        namespace: "shop",
        name: action.name,
        uid: `${action.name}-uid`,
        resourceVersion: "1",
        labels: metadata.labels ?? {},
        annotations: metadata.annotations ?? {},
        controllerUid: "exp-uid",
        selector: "",
        createdAt: w.now,
        deleting: false,
        observed: true,
        minReadySeconds: 0,
        replicas: spec.replicas ?? 0,
        status: { replicas: 0, readyReplicas: 0, availableReplicas: 0 },
        templateDigest: "",
      });
      return `create ReplicaSet ${action.name}`;
    }
    case "updateReplicaSet": {
      const old = [...w.replicaSets].find(([, rs]) => rs.name === action.name);
      if (old === undefined) throw new Error(`no ReplicaSet ${action.name}`);
      const [template, rs] = old;
      const annotations = Object.fromEntries(
        Object.entries({ ...rs.annotations, ...action.annotations }).filter(([, value]) => value !== null),
      ) as Record<string, string>;
      w.replicaSets.set(template, { ...rs, annotations, replicas: action.replicas ?? rs.replicas });
      return `update ReplicaSet ${action.name}${action.replicas === undefined ? "" : ` to ${action.replicas}`}`;
    }
    case "createService":
      w.services.set(action.template, {
        name: action.name,
        uid: `${action.name}-uid`,
        resourceVersion: "1",
        selector: action.manifest.spec?.selector ?? {},
        annotations: {},
      });
      return `create Service ${action.name}`;
    case "deleteService": {
      for (const [template, { name }] of w.services) if (name === action.name) w.services.delete(template);
      return `delete Service ${action.name}`;
    }
    case "createAnalysisRun":
      w.runs.set(action.name, { ...action.manifest, metadata: { ...action.manifest.metadata, uid: action.name } });
      return `create AnalysisRun ${action.name}`;
    case "terminateAnalysisRun": {
      const run = w.runs.get(action.name);
      if (run !== undefined) w.runs.set(action.name, { ...run, spec: { ...run.spec, terminate: true } });
      return `terminate AnalysisRun ${action.name}`;
    }
    default:
      return action satisfies never;
  }
}

/** One pass; `crashAfter`: the process ends after so many writes, the status being the last of them. */
export function pass(w: World, crashAfter = Number.POSITIVE_INFINITY): ExperimentDecision {
  const decision = decideExperiment(factsOf(w), w.now);
  let writes = 0;
  for (const action of decision.actions) {
    if (writes >= crashAfter) return decision;
    w.writes.push(perform(w, action));
    writes += 1;
  }
  if (decision.status !== undefined) {
    if (writes >= crashAfter) return decision;
    mergePatch({ ...w.experiment.status }, { ...decision.status });
    w.experiment = { ...w.experiment, status: decision.status };
  }
  for (const { on, type, reason, message } of decision.events)
    w.events.push(`${on === "rollout" ? "(on the Rollout) " : ""}${type} ${reason}: ${message}`);
  w.wakeAt = decision.wakeAt;
  return decision;
}

const isIdle = ({ actions, status }: ExperimentDecision): boolean => actions.length === 0 && status === undefined;

/** Passes until nothing is left to do, as long as time stands still. */
export function settle(w: World, crashAfter?: number): void {
  for (let n = 0; n < 30; n += 1) if (isIdle(pass(w, n === 0 ? crashAfter : undefined))) return;
  throw new Error("does not settle");
}

/** The ReplicaSet controller and the kubelets do their work: all pods, or so many of them, are available. */
export function podsBecome(w: World, available = Number.POSITIVE_INFINITY): void {
  for (const [template, rs] of w.replicaSets) {
    const count = Math.min(available, rs.replicas);
    const status = { replicas: rs.replicas, readyReplicas: count, availableReplicas: count };
    w.replicaSets.set(template, { ...rs, status });
  }
}

export function runBecomes(w: World, name: string, phase: string, message?: string): void {
  const run = w.runs.get(name);
  if (run === undefined) throw new Error(`no AnalysisRun ${name}`);
  w.runs.set(name, { ...run, status: { phase, ...(message === undefined ? {} : { message }) } });
}

export const phaseOf = ({ experiment }: World): string | undefined => experiment.status?.phase;
export const hashOf = (w: World, template: string): string => w.replicaSets.get(template)?.labels[HASH_LABEL] ?? "";

/** To where the pods of all templates are available and its analyses have begun. */
export function started(spec: Partial<ExperimentSpec>): World {
  const w = world(spec);
  settle(w);
  podsBecome(w);
  settle(w);
  return w;
}
