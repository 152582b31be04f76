import { describe, expect, test } from "bun:test";
import { abort } from "../../controller/rollout/verbs/abort.ts";
import { pause, restart } from "../../controller/rollout/verbs/pause.ts";
import {
  analysed,
  analysisTemplate,
  blueGreen,
  budget,
  canary,
  judged,
  rollout,
  services,
  shop,
  type Shop,
  toPerson,
  update,
} from "./testing.ts";

interface Case {
  readonly when: string;
  readonly measured?: number;
  readonly story: (world: Shop) => Promise<unknown>;
  readonly says: string;
}

const NOT_PULLED =
  '1 of 1 pods not ready: ImagePullBackOff, container "web", image "web:missing": Back-off pulling image "web:missing"';
const AT_WEIGHT =
  "waits at step 1/2 (setWeight: 25) for pods of the new version: 0 of 1 pods of revision 2 are available";

const cases: readonly Case[] = [
  {
    when: "a step waits for a person",
    story: (world) => update(world, toPerson),
    says: "waits for a person to promote it at step 2/2 (pause).",
  },
  {
    when: "a step waits for a time",
    story: (world) => update(world, canary([{ setWeight: 25 }, { pause: { duration: "10m" } }])),
    says: "waits at step 2/2 (pause: 10m) until 2026-01-01T00:10:23Z (in 9m32s).",
  },
  {
    when: "somebody has paused it",
    story: async (world) => {
      await update(world, toPerson);
      await world.act(pause);
      await world.advance(3_000);
    },
    says: "is held by a person, who has set spec.paused at step 2/2 (pause).",
  },
  {
    when: "an image cannot be pulled",
    story: (world) => update(world, toPerson, { image: "web:missing" }),
    says: `${AT_WEIGHT} (${NOT_PULLED}).`,
  },
  {
    when: "its pods crash",
    story: (world) => update(world, toPerson, { image: "web:crash" }),
    says: `${AT_WEIGHT} (1 of 1 pods not ready: CrashLoopBackOff, container "web", ended with exit code 128 (StartError), restarted 1 time).`,
  },
  {
    when: "no node takes its pods",
    story: (world) => update(world, toPerson, { pods: { nodeSelector: { disk: "none" } } }),
    says: `${AT_WEIGHT} (1 of 1 pods not ready: Unschedulable: 0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling).`,
  },
  {
    when: "its pods do not pass their readiness probe",
    story: (world) => update(world, toPerson, { image: "web:never-ready" }),
    says: `${AT_WEIGHT} (1 of 1 pods not ready: NotReady, container "web": it runs, but has not passed its readiness probe).`,
  },
  {
    when: "its pods are not ready for long enough",
    story: (world) => update(world, toPerson, { spec: { minReadySeconds: 60 } }),
    says: `${AT_WEIGHT} (1 ready for less than minReadySeconds (60s)).`,
  },
  {
    when: "a canary without steps lacks pods",
    story: (world) => update(world, canary([]), { image: "web:missing" }),
    says: `waits for all pods of the new version, before it is promoted: 0 of 2 pods of revision 2 are available (${NOT_PULLED.replace("1 of 1", "2 of 2")}).`,
  },
  {
    when: "the progress deadline has passed",
    story: (world) => update(world, toPerson, { image: "web:missing", spec: { progressDeadlineSeconds: 20 } }),
    says: `has made no progress for longer than progressDeadlineSeconds (20) at step 1/2 (setWeight: 25): 0 of 1 pods of revision 2 are available (${NOT_PULLED}).`,
  },
  {
    when: "the progress deadline has aborted it",
    story: (world) =>
      update(world, toPerson, {
        image: "web:missing",
        spec: { progressDeadlineSeconds: 20, progressDeadlineAbort: true },
      }),
    says: `was aborted: ReplicaSet "web-cfc9584fb" has timed out progressing. ${NOT_PULLED}; revision 1 serves, and revision 2 does not.`,
  },
  {
    when: "a person has aborted it",
    story: async (world) => {
      await update(world, toPerson);
      await world.act(abort);
      await world.advance(3_000);
    },
    says: "was aborted by a person; revision 1 serves, and revision 2 does not.",
  },
  {
    when: "an aborted preview waits for its delay",
    story: async (world) => {
      const strategy = blueGreen({ autoPromotionEnabled: false, abortScaleDownDelaySeconds: 300 });
      await update(world, strategy, { beside: services });
      await world.act(abort);
      await world.advance(3_000);
    },
    says: "was aborted by a person; revision 1 serves, and revision 2 does not; its pods stay until 2026-01-01T00:05:51Z (in 4m57s).",
  },
  {
    when: "an analysis runs",
    story: (world) => update(world, analysed, { beside: [analysisTemplate()] }),
    says: "waits at step 2/2 (analysis) for analysis web-859687bffd-2-1, which is Running; metric errors: last measurement 1 was Successful (success is result < 5), 0 failed of 2 allowed.",
  },
  {
    when: "an analysis has failed once, and may do so twice",
    measured: 7,
    story: (world) => update(world, analysed, { beside: [analysisTemplate()] }),
    says: "waits at step 2/2 (analysis) for analysis web-859687bffd-2-1, which is Running; metric errors: last measurement 7 was Failed (success is result < 5), 1 failed of 2 allowed.",
  },
  {
    when: "an analysis has aborted it",
    measured: 7,
    story: (world) => update(world, analysed, { beside: [analysisTemplate({ failureLimit: 0 })] }),
    says: 'was aborted: Step-based analysis phase error/failed: Metric "errors" assessed Failed due to failed (1) > failureLimit (0); metric errors: last measurement 7 was Failed (success is result < 5), 1 failed of 0 allowed; revision 1 serves, and revision 2 does not.',
  },
  {
    when: "an analysis cannot tell",
    measured: 7,
    story: (world) => update(world, analysed, { beside: [analysisTemplate({ failureCondition: "result > 10" })] }),
    says: "waits for a person to promote it at step 2/2 (analysis): analysis web-859687bffd-2-1 has found neither success nor failure; metric errors: last measurement 7 was Inconclusive (success is result < 5, failure is result > 10), 0 failed of 2 allowed.",
  },
  {
    when: "the template of an analysis is missing",
    story: (world) => update(world, analysed),
    says: "waits at step 2/2 (analysis), since what is to judge it cannot begin: spec.strategy.canary.steps[1].analysis: AnalysisTemplate 'errors' not found; the analysis begins once it is there.",
  },
  {
    when: "an Experiment runs",
    story: (world) => {
      const experiment = { duration: "10m", templates: [{ name: "a", specRef: "canary" }] };
      return update(world, canary([{ setWeight: 25 }, { experiment }]));
    },
    says: "waits at step 2/2 (experiment) for Experiment web-859687bffd-2-1, which is Running until 2026-01-01T00:10:25Z (in 9m34s).",
  },
  {
    when: "the pods of an Experiment are not ready",
    story: (world) => {
      const experiment = { templates: [{ name: "a", specRef: "canary" }] };
      return update(world, canary([{ experiment }, { setWeight: 25 }]), { image: "web:missing" });
    },
    says: `waits at step 1/2 (experiment) for Experiment web-cfc9584fb-2-0, which is Pending: template a: 0 of 1 pods are available (${NOT_PULLED}).`,
  },
  {
    when: "the plugin of a step is not configured",
    story: (world) => update(world, canary([{ setWeight: 25 }, { plugin: { name: "a/b" } }])),
    says: "waits at step 2/2 (plugin: a/b) for its plugin: Reconciliation failed with error: could not create step plugin at index 1 : failed to get step plugin a/b: unable to find plugin (a/b): plugin a/b not configured in configmap.",
  },
  {
    when: "blue-green waits for a person",
    story: (world) => update(world, blueGreen({ autoPromotionEnabled: false }), { beside: services }),
    says: "waits for a person to promote it before the active Service is switched: 4 of 4 pods of revision 2 are available.",
  },
  {
    when: "blue-green waits for a time",
    story: (world) => update(world, blueGreen({ autoPromotionSeconds: 600 }), { beside: services }),
    says: "waits until 2026-01-01T00:10:23Z (in 9m32s) before the active Service is switched: 4 of 4 pods of revision 2 are available.",
  },
  {
    when: "blue-green waits for pods",
    story: (world) => update(world, blueGreen(), { beside: services, image: "web:missing" }),
    says: `waits for pods of the new version, before the active Service is switched: 0 of 4 pods of revision 2 are available (${NOT_PULLED.replace("1 of 1", "4 of 4")}).`,
  },
  {
    when: "blue-green waits for the analysis before the promotion",
    story: (world) =>
      update(world, blueGreen({ prePromotionAnalysis: judged }), { beside: [...services, analysisTemplate()] }),
    says: "waits before the active Service is switched for analysis web-859687bffd-2-pre, which is Running; metric errors: last measurement 1 was Successful (success is result < 5), 0 failed of 2 allowed.",
  },
  {
    when: "blue-green waits for the analysis after the promotion",
    story: (world) =>
      update(world, blueGreen({ postPromotionAnalysis: judged }), { beside: [...services, analysisTemplate()] }),
    says: "waits after the active Service was switched for analysis web-859687bffd-2-post, which is Running; metric errors: last measurement 1 was Successful (success is result < 5), 0 failed of 2 allowed.",
  },
  {
    when: "all is done, and old pods are kept for a while",
    story: (world) => update(world, blueGreen({ scaleDownDelaySeconds: 600 }), { beside: services }),
    says: "is done: revision 2 serves with all 4 pods; pods of an older version stay until 2026-01-01T00:10:23Z (in 9m32s), by scaleDownDelaySeconds.",
  },
  {
    when: "all is done",
    story: async (world) => {
      await update(world, canary([]));
      await world.advance(30_000);
    },
    says: "is done: revision 2 serves with all 4 pods.",
  },
  {
    when: "it is to have no pods",
    story: async (world) => {
      await world.create(rollout(canary([]), { replicas: 0 }));
      await world.advance(20_000);
    },
    says: "is done: revision 1 serves with all 0 pods.",
  },
  {
    when: "a Service that it names is missing",
    story: (world) => update(world, blueGreen()),
    says: 'is invalid, and left as it is: spec.strategy.blueGreen.activeService: Invalid value: "active": service "active" not found.',
  },
  {
    when: "an Ingress that it names is missing",
    story: (world) => {
      const trafficRouting = { nginx: { stableIngress: "web" } };
      const names = { stableService: "active", canaryService: "preview", trafficRouting };
      return update(world, canary([{ setWeight: 25 }], names), { beside: services });
    },
    says: 'is invalid, and left as it is: spec.strategy.canary.trafficRouting.nginx.stableIngress: Invalid value: "web": ingress.networking.k8s.io "web" not found.',
  },
  {
    when: "its spec breaks a rule",
    story: async (world) => {
      await update(world, toPerson);
      world.patchSpec({ minReadySeconds: 900 });
      await world.advance(3_000);
    },
    says: "is invalid, and left as it is: spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds.",
  },
  {
    when: "the workload that it names is missing",
    story: async (world) => {
      const workloadRef = { apiVersion: "apps/v1", kind: "Deployment", name: "gone" };
      const { spec: _, ...rest } = rollout(canary([]));
      await world.create({ ...rest, spec: { replicas: 1, workloadRef, strategy: canary([]) } });
      await world.advance(3_000);
    },
    says: 'is invalid, and left as it is: deployments.apps "shop/gone" not found.',
  },
  {
    when: "a disruption budget holds a restart",
    story: async (world) => {
      await world.create(budget(4));
      await world.create(rollout(canary([])));
      await world.advance(20_000);
      await world.act(() => restart(world.now()));
      await world.advance(5_000);
    },
    says: "restarts, and 4 of 4 pods are still older than spec.restartAt: PodDisruptionBudget budget allows none to be evicted.",
  },
  {
    when: "a restart waits for the pods that it has replaced",
    story: async (world) => {
      await world.create(rollout(canary([])));
      await world.advance(20_000);
      await world.act(() => restart(world.now()));
      await world.advance(3_000);
    },
    says: 'restarts, and 2 of 4 pods are still older than spec.restartAt: no further pod may be missing: 3 of 4 pods of revision 1 are available (1 of 4 pods not ready: ContainerCreating, container "web").',
  },
  {
    when: "no controller is there",
    story: async (world) => {
      await world.create(rollout(toPerson));
      await world.advance(20_000);
      world.stopLoop();
      world.patchSpec({ replicas: 5 });
      await world.advance(5_000);
    },
    says: 'is driven by no controller: it is time to update ReplicaSet "web-cb5d95cc5": replicas=5, annotations rollout.argoproj.io/desired-replicas=5, and nothing has been done about it.',
  },
  {
    when: "the controller's Lease has run out",
    story: async (world) => {
      await world.create(rollout(toPerson));
      await world.advance(20_000);
      world.stopLoop();
      world.lease("argo-rollouts-controller-lock", "pod-1");
      world.patchSpec({ replicas: 5 });
      await world.advance(600_000);
    },
    says: 'is driven by no controller: it is time to update ReplicaSet "web-cb5d95cc5": replicas=5, annotations rollout.argoproj.io/desired-replicas=5, and Lease shop/argo-rollouts-controller-lock was last renewed by pod-1 10m ago.',
  },
  {
    when: "a finalizer keeps it",
    story: async (world) => {
      const made = rollout(toPerson);
      await world.create({ ...made, metadata: { ...made.metadata, finalizers: ["example.com/keep"] } });
      await world.advance(20_000);
      world.remove();
      await world.advance(90_000);
    },
    says: "is being deleted for 90s, and no longer driven: the finalizer example.com/keep keeps it until its owner takes it away.",
  },
];

describe("one sentence says why it does not move, when", () => {
  test.each(cases.map((each) => [each.when, each] as const))("%s", async (_, { measured = 1, story, says }) => {
    const world = await shop(() => measured);
    await story(world);
    const { code, out, err } = await world.explained();
    expect([code, err]).toEqual([0, ""]);
    expect(out.split("\n")[0]).toBe(`Rollout "web" ${says}`);
  });
});
