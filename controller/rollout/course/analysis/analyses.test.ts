import { describe, expect, test } from "bun:test";
import { HASH_LABEL, INSTANCE_LABEL } from "../../../../schema/labels.ts";
import type { RolloutAnalysis, RolloutStatus, RolloutStrategy } from "../../../../schema/rollout.ts";
import { STEPS } from "../../../steps/stepKinds.ts";
import { noIntent, type Pass } from "../../actions/pass.ts";
import type { AnalysisRunFacts, ReplicaSetFacts, Snapshot } from "../../model/model.ts";
import { canaryRecords, syncAnalyses } from "./analyses.ts";
import { runOf } from "./begin.ts";

const analysis: RolloutAnalysis = { templates: [{ templateName: "errors" }] };
const template = { metrics: [{ name: "errors", provider: { web: { url: "http://m", jsonPath: "{$}" } } }] };

function setOf(hash: string, createdAt: number): ReplicaSetFacts {
  return {
    namespace: "shop",
    name: `web-${hash}`,
    uid: hash,
    resourceVersion: "1",
    labels: { [HASH_LABEL]: hash },
    annotations: { "rollout.argoproj.io/desired-replicas": "1" },
    controllerUid: "u",
    selector: "app=web",
    createdAt,
    deleting: false,
    observed: true,
    minReadySeconds: 0,
    replicas: 1,
    status: { replicas: 1, readyReplicas: 1, availableReplicas: 1 },
    templateDigest: hash,
  };
}

const runFacts = (name: string, more: Partial<AnalysisRunFacts> = {}): AnalysisRunFacts => ({
  name,
  uid: name,
  labels: { [HASH_LABEL]: "new" },
  createdAt: 0,
  deleting: false,
  phase: "Running",
  message: "",
  terminated: false,
  measured: true,
  generations: "AnalysisTemplate/errors:1",
  spec: template,
  ...more,
});

interface Given {
  readonly strategy?: RolloutStrategy;
  readonly status?: RolloutStatus;
  readonly runs?: readonly AnalysisRunFacts[];
  readonly snapshot?: Partial<Snapshot>;
  readonly generation?: number;
  readonly spec?: typeof template;
}

/** An update from "old" to "new", with a background analysis. */
function passOf({
  strategy = { canary: { analysis } },
  status = {},
  runs = [],
  snapshot: more = {},
  generation = 1,
  spec = template,
}: Given): Pass {
  const snapshot: Snapshot = {
    rollout: {
      metadata: {
        name: "web",
        namespace: "shop",
        uid: "u",
        labels: { [INSTANCE_LABEL]: "blue", team: "a" },
        annotations: { "rollout.argoproj.io/revision": "2" },
      },
      spec: { replicas: 1, selector: { matchLabels: { app: "web" } }, strategy },
      status: { stableRS: "old", currentPodHash: "new", ...status },
    },
    replicaSets: [setOf("old", 0), setOf("new", 1_000)],
    services: new Map(),
    podHash: "new",
    stepHash: "",
    templateDigest: "new",
    invalid: undefined,
    orphans: [],
    strays: [],
    analysisRuns: runs,
    templates: {
      namespaced: new Map([["errors", spec]]),
      cluster: new Map(),
      generationOf: () => generation,
    },
    ...more,
  };
  return {
    snapshot,
    now: 60_000,
    world: snapshot,
    steps: STEPS,
    pause: noIntent,
    weights: undefined,
    routers: { kind: "unasked" },
    analyses: { kind: "unasked" },
    stepPlugins: { kind: "unasked" },
    experiment: undefined,
    actions: [],
    events: [],
    wakeAts: [],
    more: false,
    finished: undefined,
  };
}

const recorded = (name: string, status: string): RolloutStatus => ({
  canary: { currentBackgroundAnalysisRunStatus: { name, status } },
});

/** What a pass asks for, in words: `create web-new-2`. */
function asked(given: Given): readonly string[] {
  const p = passOf(given);
  syncAnalyses(p);
  return p.actions.map((action) => `${action.kind.replace("AnalysisRun", "")} ${"name" in action ? action.name : ""}`);
}

describe("a run", () => {
  test("has the name, the labels, the annotations and the owner that Argo Rollouts gives it", () => {
    const metadata = { labels: { extra: "1", app: "mine" }, annotations: { note: "2" } };
    const steps = [{ setWeight: 1 }, { analysis: { ...analysis, analysisRunMetadata: metadata } }];
    const made = runOf(passOf({ strategy: { canary: { steps } }, status: { currentStepIndex: 1 } }), "Step");
    expect(made).toEqual({
      kind: "run",
      run: {
        apiVersion: "argoproj.io/v1alpha1",
        kind: "AnalysisRun",
        metadata: {
          name: "web-new-2-1",
          namespace: "shop",
          labels: {
            [HASH_LABEL]: "new",
            "rollout-type": "Step",
            "step-index": "1",
            [INSTANCE_LABEL]: "blue",
            extra: "1",
            app: "web",
          },
          annotations: {
            "rollout.argoproj.io/revision": "2",
            note: "2",
            "sluice.dev/template-generations": "AnalysisTemplate/errors:1",
          },
          ownerReferences: [
            {
              apiVersion: "argoproj.io/v1alpha1",
              kind: "Rollout",
              name: "web",
              uid: "u",
              controller: true,
              blockOwnerDeletion: true,
            },
          ],
        },
        spec: template,
      },
    });
  });

  test("is created once, and found again after a crash before the status", () => {
    expect(asked({})).toEqual(["create web-new-2"]);
    expect(asked({ runs: [runFacts("web-new-2")] })).toEqual([]);
    expect(asked({ runs: [runFacts("web-new-2")], status: recorded("web-new-2", "Running") })).toEqual([]);
  });

  test("is found again under a number, also where the earlier ones have been deleted", () => {
    expect(asked({ runs: [runFacts("web-new-2.6")] })).toEqual([]);
  });

  test.each<[string, Partial<AnalysisRunFacts>]>([
    ["is over", { phase: "Successful" }],
    ["was told to end", { terminated: true }],
    ["is being deleted", { deleting: true }],
    ["measures something else", { spec: { metrics: [] } }],
  ])("gets a number where one of its name %s", (_, more) => {
    expect(asked({ runs: [runFacts("web-new-2", more)] })).toContain("create web-new-2.1");
  });

  test("gets a number where its name is taken by somebody else's", () => {
    expect(asked({ snapshot: { runNamesTaken: ["web-new-2", "web-new-2.1"] } })).toEqual(["create web-new-2.2"]);
  });

  test("that the API server refuses is not asked for again in the same breath", () => {
    const p = passOf({ snapshot: { runFailure: { name: "web-new-2", message: "exceeded quota" } } });
    syncAnalyses(p);
    expect(p.actions).toEqual([]);
    expect(p.analyses).toMatchObject({
      fault: {
        reason: "AnalysisRunCreateError",
        message: 'spec.strategy.canary.analysis: Failed to create AnalysisRun "web-new-2": exceeded quota',
      },
    });
  });

  test("that waits for its first measurement is replaced when its template was edited, and no other", () => {
    const status = recorded("web-new-2", "Running");
    const edited = { metrics: [...template.metrics, { ...template.metrics[0], name: "more" }] } as typeof template;
    const given = (more: Partial<AnalysisRunFacts>, spec = edited): Given => ({
      status,
      generation: 2,
      spec,
      runs: [runFacts("web-new-2", more)],
    });
    expect(asked(given({ measured: false }))).toEqual(["delete web-new-2", "create web-new-2"]);
    expect(asked(given({ measured: true }))).toEqual([]);
    // A change that says the same.
    expect(asked(given({ measured: false }, template))).toEqual([]);
    expect(asked(given({ measured: false, generations: undefined }))).toEqual([]);
  });
});

describe("runs end", () => {
  const running = { status: recorded("web-new-2", "Running"), runs: [runFacts("web-new-2")] };

  test.each<[string, RolloutStatus]>([
    ["when the update is aborted", { abort: true, abortedAt: "2026-01-01T00:00:00Z" }],
    ["when it is promoted in full", { promoteFull: true }],
    ["when it is done", { stableRS: "new" }],
  ])("%s", (_, status) => {
    expect(asked({ ...running, status: { ...running.status, ...status } })).toEqual(["terminate web-new-2"]);
  });

  test("when the analysis is taken out of the Rollout", () => {
    expect(asked({ ...running, strategy: { canary: {} } })).toEqual(["terminate web-new-2"]);
  });

  test("when they belong to another version, and are deleted when that is gone", () => {
    const old = runFacts("web-old-1", { labels: { [HASH_LABEL]: "old" } });
    const gone = runFacts("web-gone-0", { labels: { [HASH_LABEL]: "gone" } });
    const runs = [...running.runs, old, gone];
    expect(asked({ ...running, runs }).toSorted()).toEqual(["delete web-gone-0", "terminate web-old-1"]);
  });
});

describe("what a run has found", () => {
  const found = (phase: string, message = "", before = "Running"): Pass => {
    const p = passOf({ status: recorded("web-new-2", before), runs: [runFacts("web-new-2", { phase, message })] });
    syncAnalyses(p);
    return p;
  };

  test("aborts the update with the message of the run", () => {
    expect(found("Failed", "too many").pause.abort).toBe("Background analysis phase error/failed: too many");
    expect(found("Error").pause.abort).toBe("Background analysis phase error/failed");
    expect(found("Successful").pause).toEqual(noIntent);
  });

  test("pauses the update, once", () => {
    expect(found("Inconclusive").pause.add).toEqual(["InconclusiveAnalysisRun"]);
  });

  test("is told once for each phase", () => {
    expect(found("Failed").events).toEqual([
      {
        type: "Warning",
        reason: "AnalysisRunFailed",
        message: "Background Analysis Run 'web-new-2' Status New: 'Failed' Previous: 'Running'",
        after: "status",
      },
    ]);
    expect(found("Running").events).toEqual([]);
    expect(found("Running", "", "").events.map(({ message }) => message)).toEqual([
      "Background Analysis Run 'web-new-2' Status New: 'Running' Previous: ''",
    ]);
  });

  test("is in the status with its message", () => {
    expect(canaryRecords(found("Failed", "too many"))?.currentBackgroundAnalysisRunStatus).toEqual({
      name: "web-new-2",
      status: "Failed",
      message: "too many",
    });
  });

  test("leads to another run once somebody has resumed", () => {
    const runs = [runFacts("web-new-2", { phase: "Inconclusive" })];
    const status = { ...recorded("web-new-2", "Inconclusive"), controllerPause: true };
    expect(asked({ status, runs })).toEqual(["create web-new-2.1"]);
    const pauseConditions = [{ reason: "InconclusiveAnalysisRun", startTime: "2026-01-01T00:00:00Z" }];
    expect(asked({ status: { ...status, pauseConditions }, runs })).toEqual([]);
  });
});
