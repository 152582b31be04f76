/** Rollouts in the states in which people act on them, and what is typed then. No controller looks at them. */
import type { KubeObject } from "./api.ts";

/** No controller has this instance id. */
const NOBODYS = { "argo-rollouts.argoproj.io/controller-instance-id": "nobody" };

const template = (image: string) => ({
  metadata: { labels: { app: "web" } },
  spec: { initContainers: [{ name: "init", image }], containers: [{ name: "web", image }] },
});

const canary = { canary: { steps: [{ setWeight: 20 }, { pause: {} }, { setWeight: 40 }] } };
const blueGreen = { blueGreen: { activeService: "active", previewService: "preview" } };

interface State {
  readonly spec?: object;
  readonly status: Readonly<Record<string, unknown>>;
}

const nine = "2026-01-01T09:00:00Z";
const underWay = { currentPodHash: "b", stableRS: "a", currentStepIndex: 1, observedGeneration: "1", replicas: 5 };
const paused = {
  ...underWay,
  controllerPause: true,
  pauseConditions: [{ reason: "CanaryPauseStep", startTime: nine }],
  phase: "Paused",
  message: "CanaryPauseStep",
};
const undecided = { currentStepAnalysisRunStatus: { name: "run", status: "Inconclusive" } };
const degraded = { ...underWay, abort: true, abortedAt: nine, phase: "Degraded", message: "RolloutAborted: it is bad" };

export const STATES: Readonly<Record<string, State>> = {
  paused: { status: paused },
  user: { spec: { paused: true }, status: { ...underWay, phase: "Paused", message: "manually paused" } },
  both: { spec: { paused: true }, status: paused },
  running: {
    status: { ...underWay, currentStepIndex: 0, phase: "Progressing", message: "more replicas need to be updated" },
  },
  undecided: {
    status: { ...paused, message: "InconclusiveAnalysisRun", canary: undecided },
  },
  unpausing: { status: { ...paused, pauseConditions: [] } },
  unseen: { status: { ...paused, observedGeneration: "0" } },
  healthy: { status: { ...underWay, currentPodHash: "a", currentStepIndex: 3, phase: "Healthy", message: "" } },
  degraded: { status: degraded },
  invalid: {
    status: {
      observedGeneration: "1",
      phase: "Degraded",
      message: 'InvalidSpec: The Rollout "x" is invalid: spec.replicas',
    },
  },
  empty: { status: {} },
  stepless: { spec: { strategy: { canary: {} } }, status: { ...paused, currentStepIndex: undefined } },
  bluegreen: {
    spec: { strategy: blueGreen },
    status: {
      ...paused,
      currentStepIndex: undefined,
      message: "BlueGreenPause",
      pauseConditions: [{ reason: "BlueGreenPause", startTime: nine }],
    },
  },
  switched: {
    spec: { strategy: blueGreen },
    status: { currentPodHash: "a", stableRS: "a", observedGeneration: "1", phase: "Healthy", message: "" },
  },
};

export const rolloutIn = (state: State, name: string): KubeObject => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name, labels: NOBODYS },
  spec: {
    replicas: 5,
    selector: { matchLabels: { app: name } },
    template: { ...template("web:2"), metadata: { labels: { app: name } } },
    strategy: canary,
    ...state.spec,
  },
});

/** What is typed; `@` is the object's name. */
const PER_STATE: readonly string[] = [
  "promote @",
  "promote @ --full",
  "promote @ --skip-current-step",
  "promote @ --skip-all-steps",
  "abort @",
  "retry rollout @",
  "status @ --watch=false",
  "status @ --timeout 1500ms",
];

export interface Case {
  /** As it is typed, with names of its own: the key of the recording. */
  readonly line: string;
  /** The Rollout to make before, and its state. */
  readonly made?: { readonly name: string; readonly state: State };
}

export const STATE_CASES: readonly Case[] = Object.entries(STATES).flatMap(([of, state]) =>
  PER_STATE.map((words, index) => {
    const name = `${of}-${index}`;
    return { line: words.replace("@", name), made: { name, state } };
  }),
);

/** Of those that `otherObjects` makes, and of what is not there. */
export const OTHER_CASES: readonly Case[] = [
  "pause one",
  "pause one two",
  "pause two none one",
  "restart one",
  "restart one --in 10s",
  "restart one -i 1h30m",
  "set image one web=web:3",
  "set image two *=web:3",
  "set image one cache=c:1",
  "set image reference web=web:3",
  "undo history",
  "undo history2 --to-revision=1",
  "undo history2 --to-revision=3",
  "undo history2 --to-revision=9",
  "undo one",
  "undo reference",
  "status reference --watch=false",
  "promote none",
  "abort none",
  "retry rollout none",
  "retry ro degraded-0",
  "retry experiment exp",
  "retry experiment none",
  "terminate experiment exp",
  "terminate exp none",
  "terminate analysisrun run",
  "terminate ar none",
  "restart none",
  "undo none",
  "set image none web=w",
  "status none --watch=false",
  "promote one -c -a",
  "promote two -c",
  "promote",
  "promote one two three",
  "abort",
  "retry",
  "retry rollout",
  "terminate",
  "set",
  "set image one",
  "set image one a=b=c",
  "undo",
  "status",
  "create",
  "create -f rollout.yaml",
  "create -f rollout.yaml -f rollout.yaml -w",
  "create -f experiment.json",
  "create -f template.yaml",
  "create -f clusterTemplate.yaml",
  "create -f pod.yaml",
  "create -f unknown.yaml",
  "create analysisrun",
  "create analysisrun --from stored -a service=web --name given",
  "create ar --from stored -a other=1",
  "create analysisrun --from stored -a other",
  "create analysisrun --from none",
  "create analysisrun --from-file template.yaml -a service=web --name filed --instance-id nobody",
  "create analysisrun --from stored --name both --from-file template.yaml",
].map((line) => ({ line }));

const inArgo = (kind: string, name: string, spec: object, more: object = {}): KubeObject => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind,
  metadata: { name, labels: NOBODYS, ...more },
  spec,
});

const metrics = [{ name: "m", provider: { prometheus: { address: "http://127.0.0.1:1", query: "1" } } }];
const arguments_ = [{ name: "service" }];

/** Those that have to be there first come first. */
export function otherObjects(): readonly (KubeObject & { readonly status?: object })[] {
  const workloadRef = { apiVersion: "apps/v1", kind: "Deployment", name: "site" };
  const selector = { matchLabels: { app: "site" } };
  const plain = { status: STATES["paused"]?.status ?? {} };
  const reference = { workloadRef, selector: undefined, template: undefined };
  return [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "site" },
      spec: { replicas: 0, selector, template: { ...template("web:2"), metadata: { labels: { app: "site" } } } },
    },
    ...["one", "two", "history", "history2"].map((name) => ({ ...rolloutIn(plain, name), status: plain.status })),
    {
      ...rolloutIn({ spec: reference, status: {} }, "reference"),
      status: { ...plain.status, workloadObservedGeneration: "1" },
    },
    inArgo("Experiment", "exp", {
      templates: [
        { name: "a", replicas: 0, selector, template: { ...template("a"), metadata: { labels: { app: "site" } } } },
      ],
    }),
    inArgo("AnalysisRun", "run", { metrics }),
    inArgo("AnalysisTemplate", "stored", { metrics, args: arguments_ }, { annotations: { team: "a" } }),
  ];
}

/** Revisions of the Rollout `history`: the second is what it has now. */
export const replicaSetOf = (rollout: KubeObject, revision: number): KubeObject => {
  const labels = { app: rollout.metadata.name, "rollouts-pod-template-hash": `h${revision}` };
  const owner = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", controller: true, blockOwnerDeletion: true };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${rollout.metadata.name}-h${revision}`,
      labels,
      annotations: { "rollout.argoproj.io/revision": String(revision) },
      ownerReferences: [{ ...owner, name: rollout.metadata.name, uid: rollout.metadata.uid ?? "" }],
    },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { ...template(`web:${revision}`), metadata: { labels } },
    },
  };
};

/** The files that are named above. @param names are unlike those of other runs where they are the cluster's */
export const files = (suffix: string): Readonly<Record<string, unknown>> => ({
  "rollout.yaml": rolloutIn({ status: {} }, "filed"),
  "experiment.json": inArgo("Experiment", "filed", { templates: [] }),
  "template.yaml": inArgo("AnalysisTemplate", "filed", { metrics, args: arguments_ }),
  "clusterTemplate.yaml": inArgo("ClusterAnalysisTemplate", `filed-${suffix}`, { metrics }),
  "pod.yaml": { apiVersion: "v1", kind: "Pod", metadata: { name: "filed" }, spec: { containers: [] } },
  "unknown.yaml": inArgo("Rollout", "unknown", { replica: 3 }),
});
