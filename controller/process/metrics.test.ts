import { describe, expect, test } from "bun:test";
import { type ControllerMetrics, createMetrics } from "./metrics.ts";
import type { ObservedRollout } from "./rolloutGauges.ts";

function world(...rollouts: ObservedRollout[]) {
  const state = { rollouts, nowMs: 1_000_000, leader: true };
  const metrics = createMetrics({
    now: () => state.nowMs,
    version: "v1.2.3",
    commit: "abc",
    rollouts: () => state.rollouts,
    analysisRuns: () => [],
    analysisTemplates: () => [],
    experiments: () => [],
    isLeader: () => state.leader,
    cacheObjects: () => [["rollouts", state.rollouts.length]],
    queues: () => [["Rollouts", { depth: 3, unfinishedMs: () => ({ sumMs: 1_500, longestMs: 1_000 }) }]],
  });
  return { state, metrics };
}

function rollout(name: string, more: Partial<ObservedRollout> = {}): ObservedRollout {
  return { metadata: { namespace: "shop", name }, spec: { strategy: { canary: {} } }, ...more };
}

/** The lines of one family, without its head. */
function lines(metrics: ControllerMetrics, family: string): string[] {
  const all = [...metrics.render()].join("").split("\n");
  const start = all.findIndex((line) => line.startsWith(`# TYPE ${family} `));
  const length = all.slice(start + 1).findIndex((line) => line.startsWith("#") || line === "");
  return start < 0 ? [] : all.slice(start + 1, start + 1 + length);
}

describe("gauges of a Rollout", () => {
  test("tell its strategy, router and phase, and its pods", () => {
    const { metrics } = world(
      rollout("web", {
        spec: { replicas: 5, strategy: { canary: { trafficRouting: { smi: {}, nginx: {}, traefik: {} } } } },
        status: {
          replicas: 6,
          availableReplicas: 4,
          updatedReplicas: 1,
          conditions: [{ type: "Progressing", reason: "RolloutPaused" }],
        },
      }),
    );
    expect(lines(metrics, "rollout_info")).toEqual([
      'rollout_info{namespace="shop",name="web",strategy="canary",traffic_router="SMI",phase="Paused"} 1',
    ]);
    const pods = ["available", "unavailable", "desired", "updated"].flatMap((what) =>
      lines(metrics, `rollout_info_replicas_${what}`),
    );
    expect(pods.map((line) => line.split("} ")[1])).toEqual(["4", "2", "5", "1"]);
    expect(lines(metrics, "rollout_phase").filter((line) => line.endsWith(" 1"))).toEqual([
      'rollout_phase{namespace="shop",name="web",strategy="canary",phase="Paused"} 1',
    ]);
  });

  test.each([
    ["NewReplicaSetAvailable", "Completed"],
    ["RolloutPaused", "Paused"],
    ["ReplicaSetCreateError", "Error"],
    ["ProgressDeadlineExceeded", "Timeout"],
    ["RolloutAborted", "Abort"],
    ["ReplicaSetUpdated", "Progressing"],
    ["RolloutResumed", "Progressing"],
  ])("the reason %s is the phase %s", (reason, phase) => {
    const { metrics } = world(rollout("web", { status: { conditions: [{ type: "Progressing", reason }] } }));
    expect(lines(metrics, "rollout_info")[0]).toContain(`phase="${phase}"`);
  });

  test("an invalid spec outweighs the rest, and has no rollout_phase", () => {
    const conditions = [{ type: "Progressing", reason: "RolloutPaused" }, { type: "InvalidSpec" }];
    const { metrics } = world(rollout("web", { status: { conditions } }));
    expect(lines(metrics, "rollout_info")[0]).toContain('phase="InvalidSpec"');
    expect(lines(metrics, "rollout_phase").every((line) => line.endsWith(" 0"))).toBe(true);
  });

  test("a Rollout without a status or replicas has defaults", () => {
    const { metrics } = world(rollout("web", { spec: {} }));
    expect(lines(metrics, "rollout_info")[0]).toContain('strategy="none",traffic_router="",phase="Progressing"');
    expect(lines(metrics, "rollout_info_replicas_desired")[0]).toEndWith(" 1");
    expect(lines(metrics, "rollout_info_replicas_available")[0]).toEndWith(" 0");
  });
});

describe("counters and histograms of a Rollout", () => {
  test("count passes in seconds, and failures", () => {
    const { metrics } = world(rollout("web"));
    metrics.reconciled("shop/web", 10, false);
    metrics.reconciled("shop/web", 200, true);
    metrics.reconciled("shop/web", 3_000, true);
    expect(lines(metrics, "rollout_reconcile")).toEqual([
      'rollout_reconcile_bucket{namespace="shop",name="web",le="0.01"} 1',
      'rollout_reconcile_bucket{namespace="shop",name="web",le="0.15"} 1',
      'rollout_reconcile_bucket{namespace="shop",name="web",le="0.25"} 2',
      'rollout_reconcile_bucket{namespace="shop",name="web",le="0.5"} 2',
      'rollout_reconcile_bucket{namespace="shop",name="web",le="1"} 2',
      'rollout_reconcile_bucket{namespace="shop",name="web",le="+Inf"} 3',
      'rollout_reconcile_sum{namespace="shop",name="web"} 3.21',
      'rollout_reconcile_count{namespace="shop",name="web"} 3',
    ]);
    expect(lines(metrics, "rollout_reconcile_error")).toEqual([
      'rollout_reconcile_error{namespace="shop",name="web"} 2',
    ]);
  });

  test("count events by type and reason", () => {
    const { metrics } = world(rollout("web"));
    metrics.eventEmitted("shop/web", "Normal", "RolloutUpdated");
    metrics.eventEmitted("shop/web", "Warning", "RolloutAborted");
    metrics.eventEmitted("shop/web", "Normal", "RolloutUpdated");
    expect(lines(metrics, "rollout_events_total")).toEqual([
      'rollout_events_total{namespace="shop",name="web",type="Normal",reason="RolloutUpdated"} 2',
      'rollout_events_total{namespace="shop",name="web",type="Warning",reason="RolloutAborted"} 1',
    ]);
  });

  test("count requests by name for Rollouts only", () => {
    const { metrics } = world(rollout("web"));
    const request = { kind: "rollouts", namespace: "shop", name: "web", verb: "Patch", status: 200 } as const;
    metrics.apiRequest(request);
    metrics.apiRequest(request);
    metrics.apiRequest({ kind: "rollouts", namespace: "", name: "", verb: "List", status: 200 });
    metrics.apiRequest({ ...request, kind: "replicasets", name: "web-1", verb: "Update", status: 409 });
    metrics.apiRequest({ kind: "/version", namespace: "", name: "", verb: "Get", status: 0 });
    expect(lines(metrics, "controller_clientset_k8s_request_total").toSorted()).toEqual([
      'controller_clientset_k8s_request_total{kind="Unknown",namespace="",name="N/A",verb="Get",status_code="0"} 1',
      'controller_clientset_k8s_request_total{kind="replicasets",namespace="shop",name="N/A",verb="Update",status_code="409"} 1',
      'controller_clientset_k8s_request_total{kind="rollouts",namespace="",name="N/A",verb="List",status_code="200"} 1',
      'controller_clientset_k8s_request_total{kind="rollouts",namespace="shop",name="web",verb="Patch",status_code="200"} 2',
    ]);
  });

  test("go 65 s after their Rollout", () => {
    const { state, metrics } = world(rollout("web"), rollout("api"));
    for (const key of ["shop/web", "shop/api"]) metrics.reconciled(key, 10, false);
    state.rollouts = [rollout("api")];
    metrics.rolloutDeleted("shop/web");
    metrics.eventEmitted("shop/web", "Normal", "RolloutDeleted");
    state.nowMs += 64_999;
    expect(lines(metrics, "rollout_events_total")).toHaveLength(1);
    state.nowMs += 1;
    expect(lines(metrics, "rollout_events_total")).toEqual([]);
    expect(lines(metrics, "rollout_reconcile").every((line) => line.includes('name="api"'))).toBe(true);
  });

  test("stay when the Rollout comes back within that time", () => {
    const { state, metrics } = world(rollout("web"));
    metrics.reconciled("shop/web", 10, false);
    metrics.rolloutDeleted("shop/web");
    state.nowMs += 100_000;
    expect(lines(metrics, "rollout_reconcile")).toHaveLength(8);
  });

  test("do not pile up where nobody scrapes", () => {
    const { state, metrics } = world();
    for (let index = 0; index < 20_000; index++) {
      state.nowMs += 1_000;
      metrics.reconciled(`shop/short-${index}`, 10, false);
    }
    state.nowMs -= 65_000;
    expect(lines(metrics, "rollout_reconcile").length / 8).toBeLessThan(3_000);
  });
});

describe("the rest of the page", () => {
  test("update times, by outcome, with and without manual pauses", () => {
    const { metrics } = world();
    metrics.rolloutFinished("Promoted", 100, 70);
    expect(lines(metrics, "rollout_duration_seconds")).toContain(
      'rollout_duration_seconds_bucket{status="Promoted",le="120"} 1',
    );
    expect(lines(metrics, "rollout_progression_duration_seconds")).toContain(
      'rollout_progression_duration_seconds_bucket{status="Promoted",le="30"} 1',
    );
    expect(lines(metrics, "rollout_manual_pause_duration_seconds")).toContain(
      'rollout_manual_pause_duration_seconds_sum{status="Promoted"} 70',
    );
  });

  test("the work queue as client-go tells it", () => {
    const { metrics } = world();
    const queue = metrics.queue("Rollouts");
    queue.added();
    queue.waitedMs(2);
    queue.workedMs(20_000);
    queue.retried();
    expect(lines(metrics, "workqueue_adds_total")).toEqual(['workqueue_adds_total{name="Rollouts"} 1']);
    expect(lines(metrics, "workqueue_retries_total")).toEqual(['workqueue_retries_total{name="Rollouts"} 1']);
    expect(lines(metrics, "workqueue_depth")).toEqual(['workqueue_depth{name="Rollouts"} 3']);
    expect(lines(metrics, "workqueue_unfinished_work_seconds")).toEqual([
      'workqueue_unfinished_work_seconds{name="Rollouts"} 1.5',
    ]);
    expect(lines(metrics, "workqueue_queue_duration_seconds")).toContain(
      'workqueue_queue_duration_seconds_bucket{name="Rollouts",le="0.01"} 1',
    );
    expect(lines(metrics, "workqueue_work_duration_seconds")).toContain(
      'workqueue_work_duration_seconds_bucket{name="Rollouts",le="10"} 0',
    );
  });

  test("what Sluice adds", () => {
    const { state, metrics } = world(rollout("web"));
    metrics.watchStalled("rollouts");
    metrics.relisted("services");
    metrics.relisted("services");
    state.leader = false;
    expect(lines(metrics, "sluice_watch_stalls_total")).toEqual(['sluice_watch_stalls_total{kind="rollouts"} 1']);
    expect(lines(metrics, "sluice_relists_total")).toEqual(['sluice_relists_total{kind="services"} 2']);
    expect(lines(metrics, "sluice_leader")).toEqual(["sluice_leader 0"]);
    expect(lines(metrics, "sluice_cache_objects")).toEqual(['sluice_cache_objects{kind="rollouts"} 1']);
  });

  test("the process and its build", () => {
    const { metrics } = world();
    expect(lines(metrics, "argo_rollouts_controller_info")).toEqual([
      'argo_rollouts_controller_info{version="v1.2.3"} 1',
    ]);
    expect(lines(metrics, "build_info")[0]).toStartWith('build_info{version="v1.2.3",goversion="bun');
    for (const name of ["cpu_seconds_total", "resident_memory_bytes", "start_time_seconds", "open_fds"]) {
      expect(Number(lines(metrics, `process_${name}`)[0]?.split(" ")[1])).toBeGreaterThan(0);
    }
  });

  test("has each family once, with its head before its samples, and escapes label values", () => {
    const { metrics } = world(rollout('we"b\\\n'));
    metrics.reconciled('shop/we"b\\\n', 10, false);
    const page = [...metrics.render()].join("");
    const families = page.split("\n").flatMap((line) => /^# TYPE (\S+)/.exec(line)?.[1] ?? []);
    expect(families).toEqual([...new Set(families)]);
    expect(page).toContain(String.raw`name="we\"b\\\n"`);
    for (const line of page.split("\n")) {
      expect(line).toMatch(/^$|^# (HELP|TYPE) |^[a-z_]+(\{([a-z_]+="(\\.|[^"\\])*",?)*\})? \S+$/);
    }
  });
});
