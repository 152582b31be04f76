/** The states of Rollouts and Experiments that the official plugin's output was recorded in. */
import { podScene } from "./podScene.ts";
import { analysisRun, experiment, pod, replicaSet, rollout, type Scene, template } from "./scene.ts";

const steps = [{ setWeight: 20 }, { pause: {} }, { setWeight: 60 }, { pause: { duration: "10m" } }];
const counts = (replicas: number, updatedReplicas: number, readyReplicas: number) => ({
  replicas,
  updatedReplicas,
  readyReplicas,
  availableReplicas: readyReplicas,
  observedGeneration: "1",
});

const canaryPaused: Scene = {
  name: "canary-paused",
  objects: (at) => [
    rollout(
      "guestbook",
      { replicas: 5, strategy: { canary: { steps } } },
      {
        ...counts(6, 1, 6),
        phase: "Paused",
        message: "CanaryPauseStep",
        currentPodHash: "7bf84f9696",
        stableRS: "123746c88d",
        currentStepIndex: 1,
        controllerPause: true,
        pauseConditions: [{ reason: "CanaryPauseStep", startTime: at(-60) }],
      },
    ),
    replicaSet({ owner: "guestbook", hash: "7bf84f9696", revision: 2, image: "repo/app:green", pods: [1, 1, 1] }),
    replicaSet({ owner: "guestbook", hash: "123746c88d", revision: 1, image: "repo/app:blue", pods: [5, 5, 5] }),
    replicaSet({ owner: "guestbook", hash: "5d5c4f8d9c", image: "repo/app:red", pods: [0, 0, 0] }),
    pod("guestbook-7bf84f9696", "x1"),
    { ...pod("guestbook-123746c88d", "b2"), later: true },
    pod("guestbook-123746c88d", "b1"),
    { ...pod("guestbook-123746c88d", "a1"), later: true },
    analysisRun(
      "guestbook",
      "guestbook-7bf84f9696-2-1",
      {
        phase: "Running",
        metricResults: [
          { name: "errors", phase: "Running", successful: 2, failed: 1, inconclusive: 4, error: 5 },
          { name: "more", phase: "Running", successful: 1 },
        ],
      },
      2,
    ),
    analysisRun("guestbook", "guestbook-7bf84f9696-2", { phase: "Pending" }, 2),
    analysisRun("guestbook", "guestbook-old", { phase: "Successful" }),
  ],
};

const blueGreenPaused: Scene = {
  name: "bluegreen-paused",
  objects: (at) => {
    const until = (deadline: string) => ({ annotations: { "scale-down-deadline": deadline } });
    const old = (hash: string, revision: number, deadline: string, image = "reg/web:0") =>
      replicaSet({ owner: "web", hash, revision, image, pods: [0, 0, 0], ...until(deadline) });
    return [
      rollout(
        "web",
        { replicas: 2, strategy: { blueGreen: { activeService: "web", previewService: "web-preview" } } },
        {
          ...counts(4, 2, 2),
          phase: "Paused",
          message: "BlueGreenPause",
          currentPodHash: "6d9c7f5d8b",
          stableRS: "5b8c9f4c66",
          blueGreen: { activeSelector: "5b8c9f4c66", previewSelector: "6d9c7f5d8b" },
        },
      ),
      replicaSet({ owner: "web", hash: "6d9c7f5d8b", revision: 5, image: "reg/web:2", pods: [2, 2, 2] }),
      replicaSet({ owner: "web", hash: "5b8c9f4c66", revision: 4, image: "reg/web:1", pods: [2, 2, 2] }),
      old("74b948fccb", 3, at(-100)),
      old("74b948fcca", 2, at(605)),
      old("74b948fccd", 1, "tomorrow"),
      pod("web-6d9c7f5d8b", "bbbbb"),
      pod("web-6d9c7f5d8b", "aaaaa"),
    ];
  },
};

const blueGreenCutOver: Scene = {
  name: "bluegreen-cut-over",
  objects: () => [
    rollout(
      "web",
      { strategy: { blueGreen: { activeService: "web" } } },
      {
        ...counts(2, 1, 1),
        phase: "Progressing",
        message: "waiting for post-promotion verification to complete",
        currentPodHash: "new",
        stableRS: "old",
        blueGreen: { activeSelector: "new", previewSelector: "new" },
      },
    ),
    replicaSet({ owner: "web", hash: "new", revision: 2, image: "reg/web:1", pods: [1, 1, 0] }),
    replicaSet({ owner: "web", hash: "old", revision: 1, image: ["reg/web:1", "reg/proxy:3"], pods: [1, 1, 1] }),
  ],
};

const job = (name: string, phase: string, startedAt: string, more: object = {}) => ({
  phase,
  startedAt,
  metadata: { "job-name": name, ...more },
});

const experimentStep: Scene = {
  name: "experiments-in-steps",
  objects: (at) => [
    rollout(
      "app",
      { strategy: { canary: { steps: [{ experiment: { templates: [{ name: "preview", specRef: "canary" }] } }] } } },
      {
        ...counts(1, 0, 1),
        phase: "Progressing",
        message: "more replicas need to be updated",
        currentPodHash: "645d5dbc4c",
        stableRS: "f8c9d",
        currentStepIndex: 0,
      },
    ),
    replicaSet({ owner: "app", hash: "645d5dbc4c", revision: 2, image: "reg/app:2", pods: [0, 0, 0] }),
    replicaSet({ owner: "app", hash: "f8c9d", revision: 1, image: "reg/app:1", pods: [1, 1, 1] }),
    experiment("app-645d5dbc4c-2-0", { owner: "app", revision: 2, status: { phase: "Running" } }),
    {
      ...experiment("app-645d5dbc4c-2-1", { owner: "app", revision: 2, status: { phase: "Failed", message: "no" } }),
      later: true,
    },
    replicaSet({
      owner: "app-645d5dbc4c-2-0",
      hash: "preview",
      image: "reg/app:1",
      pods: [1, 1, 1],
      annotations: { "experiment.argoproj.io/template-name": "preview" },
    }),
    replicaSet({
      owner: "app-645d5dbc4c-2-0",
      hash: "other",
      image: ["reg/app:3", "reg/app:1"],
      pods: [1, 1, 0],
      annotations: { "experiment.argoproj.io/template-name": "other" },
    }),
    pod("app-645d5dbc4c-2-0-preview", "zm"),
    analysisRun("app-645d5dbc4c-2-0", "app-645d5dbc4c-2-0-stress", {
      phase: "Running",
      metricResults: [
        {
          name: "stress",
          phase: "Running",
          successful: 1,
          measurements: [
            job("uid.stress.1", "Successful", at(-4_000)),
            job("uid.stress.2", "Running", at(-65)),
            { phase: "Successful", value: "1" },
          ],
        },
        {
          name: "slow",
          phase: "Running",
          measurements: [
            job("uid.slow.1", "Failed", at(-700), { "job-namespace": "jobs" }),
            job("uid.slow.2", "Error", at(-90_000)),
            job("uid.slow.3", "Inconclusive", at(-700_000)),
          ],
        },
      ],
    }),
  ],
};

const routed = (more: object, hasPingPong = false) => ({
  replicas: 4,
  strategy: {
    canary: {
      steps,
      canaryService: "a",
      stableService: "b",
      trafficRouting: { nginx: { stableIngress: "web" }, ...more },
      ...(hasPingPong ? { pingPong: { pingService: "ping", pongService: "pong" } } : {}),
    },
  },
});
const weights = (canary: number) => ({ weights: { canary: { weight: canary }, stable: { weight: 100 - canary } } });

const routers: Scene = {
  name: "routed-canaries",
  objects: () => {
    const status = { ...counts(5, 1, 5), phase: "Progressing", currentPodHash: "new", stableRS: "old" };
    const both = (owner: string) => [
      replicaSet({ owner, hash: "new", revision: 2, image: "reg/app:2", pods: [1, 1, 1] }),
      replicaSet({ owner, hash: "old", revision: 1, image: "reg/app:1", pods: [4, 4, 4] }),
    ];
    const running = { ...status, currentStepIndex: 2 };
    return [
      rollout("told", routed({}), { ...running, canary: weights(55) }),
      ...both("told"),
      rollout("untold", routed({}), running),
      ...both("untold"),
      rollout("thousand", routed({ maxTrafficWeight: 1000 }), { ...status, ...counts(5, 5, 5), currentStepIndex: 4 }),
      ...both("thousand"),
      rollout("ping", routed({}, true), { ...running, canary: { stablePingPong: "ping", ...weights(60) } }),
      ...both("ping"),
      rollout("pong", routed({}, true), running),
      ...both("pong"),
      rollout("aborted", routed({}), {
        ...running,
        phase: "Degraded",
        message: 'RolloutAborted: Rollout aborted update to revision 2: Metric "errors" assessed Failed',
        abort: true,
        canary: weights(0),
      }),
      ...both("aborted"),
      analysisRun("aborted", "aborted-new-2-1", { phase: "Failed" }, 2),
      analysisRun("aborted", "aborted-new-2", { phase: "Error" }, 2),
      analysisRun("aborted", "aborted-new-1", { phase: "Inconclusive" }, 1),
    ];
  },
};

const simple = { strategy: { canary: {} } };

const phases: Scene = {
  name: "phases",
  objects: (at) => [
    rollout(
      "invalid",
      { strategy: { canary: { steps } } },
      {
        observedGeneration: "1",
        phase: "Degraded",
        message: 'InvalidSpec: The Rollout "invalid" is invalid: spec.strategy: Required value',
      },
    ),
    rollout("new", simple),
    rollout("healthy", simple, { ...counts(1, 1, 1), phase: "Healthy", stableRS: "a", currentPodHash: "a" }),
    replicaSet({ owner: "healthy", hash: "a", revision: 1, image: "reg/app:1", pods: [1, 1, 1] }),
    rollout("behind", simple, { ...counts(1, 1, 1), observedGeneration: "0", phase: "Healthy" }),
    rollout("ahead", simple, { ...counts(1, 1, 1), observedGeneration: "9", phase: "Healthy" }),
    rollout("hashed", simple, { ...counts(1, 1, 1), observedGeneration: "5d4f", phase: "Healthy" }),
    rollout("unpausing", simple, { ...counts(1, 1, 1), controllerPause: true, phase: "Paused", message: "x" }),
    rollout("scaled-down", { ...simple, replicas: 0 }, { ...counts(0, 0, 0), phase: "ScaledDown" }),
    rollout("strange", simple, { ...counts(1, 1, 1), phase: "Strange" }),
    rollout("unphased", simple, { ...counts(2, 1, 1), currentPodHash: "a", stableRS: "b" }),
    rollout("timed-out", simple, {
      ...counts(2, 1, 1),
      conditions: [
        {
          type: "Progressing",
          status: "False",
          reason: "ProgressDeadlineExceeded",
          message: "too late",
          lastUpdateTime: at(0),
          lastTransitionTime: at(0),
        },
      ],
    }),
    rollout(
      "steps-done",
      { strategy: { canary: { steps } } },
      { ...counts(1, 1, 1), phase: "Healthy", currentStepIndex: 4 },
    ),
    rollout("a-name-that-is-longer-than-its-column-in-the-list", simple, {
      ...counts(1_000, 1_000, 1_000),
      phase: "Healthy",
    }),
  ],
};

const replicaSets: Scene = {
  name: "replicasets",
  objects: (at) => {
    const failure = { type: "ReplicaFailure", status: "True", reason: "FailedCreate", lastTransitionTime: at(0) };
    return [
      rollout(
        "many",
        { strategy: { canary: { steps } } },
        {
          ...counts(3, 1, 2),
          phase: "Progressing",
          currentPodHash: "e",
          stableRS: "d",
          currentStepIndex: 3,
        },
      ),
      replicaSet({ owner: "many", hash: "e", revision: 12, image: ["reg/b:2", "reg/a:1"], pods: [2, 2, 1] }),
      replicaSet({ owner: "many", hash: "d", revision: 11, image: ["reg/b:1", "reg/a:1"], pods: [2, 2, 2] }),
      replicaSet({
        owner: "many",
        hash: "c",
        revision: 10,
        image: "reg/c:1",
        pods: [1, 1, 1],
        status: { conditions: [failure] },
      }),
      replicaSet({
        owner: "many",
        hash: "b",
        revision: 9,
        image: "reg/c:2",
        pods: [1, 1, 1],
        status: { observedGeneration: 0 },
      }),
      replicaSet({ owner: "many", hash: "a2", revision: 8, image: "reg/d:1", pods: [0, 0, 0] }),
      replicaSet({ owner: "many", hash: "a1", revision: 8, image: "reg/d:1", pods: [0, 0, 0] }),
      rollout("other", simple, { ...counts(0, 0, 0), phase: "Healthy" }),
    ];
  },
};

const experiments: Scene = {
  name: "experiments",
  objects: (at) => [
    experiment("pending", { status: { phase: "Pending" } }),
    experiment("new", {}),
    experiment("running", {
      spec: { duration: "1h30m" },
      status: { phase: "Running", availableAt: at(-125) },
    }),
    experiment("over", { spec: { duration: "1m" }, status: { phase: "Running", availableAt: at(-125) } }),
    experiment("waiting", { spec: { duration: "300s" }, status: { phase: "Pending" } }),
    experiment("successful", { spec: { duration: "5m" }, status: { phase: "Successful", availableAt: at(-600) } }),
    experiment("failed", { status: { phase: "Failed", message: 'Metric "errors" assessed Failed' } }),
    experiment("error-with-a-long-name", { status: { phase: "Error" } }),
    experiment("inconclusive", { status: { phase: "Inconclusive" } }),
    replicaSet({
      owner: "running",
      hash: "one",
      image: ["reg/app:1", "reg/app:2"],
      pods: [1, 1, 1],
      annotations: { "experiment.argoproj.io/template-name": "one" },
    }),
    replicaSet({ owner: "running", hash: "two", image: "reg/app:1", pods: [1, 1, 1] }),
    pod("running-one", "x"),
    analysisRun("running", "running-errors", { phase: "Running" }),
    analysisRun("running", "running-latency", undefined),
    analysisRun("failed", "failed-errors", {
      phase: "Failed",
      metricResults: [{ name: "errors", phase: "Failed", failed: 2 }],
    }),
  ],
};

const workload: Scene = {
  name: "workload",
  objects: () => [
    {
      kind: "Deployment",
      name: "web",
      spec: { replicas: 0, selector: { matchLabels: { app: "web" } }, template: template("web", "reg/app:7") },
    },
    {
      kind: "Rollout",
      name: "web",
      spec: { workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" }, strategy: { canary: {} } },
      status: { ...counts(1, 1, 1), phase: "Healthy", currentPodHash: "a", stableRS: "a" },
    },
  ],
};

export const SCENES: readonly Scene[] = [
  canaryPaused,
  blueGreenPaused,
  blueGreenCutOver,
  experimentStep,
  routers,
  phases,
  replicaSets,
  podScene,
  experiments,
  workload,
];
