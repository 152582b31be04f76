/** However many objects come and go, the page of metrics stays as small as the objects that exist (docs/metrics.md). */
import { expect, test } from "bun:test";
import { type ControllerMetrics, createMetrics } from "./metrics.ts";

const COUNT = 1_000;

interface World {
  readonly metrics: ControllerMetrics;
  /** Rollouts that exist, as "shop/NAME". */
  readonly rollouts: Set<string>;
  now: number;
}

function world(): World {
  const rollouts = new Set<string>();
  const made: World = {
    rollouts,
    now: 0,
    metrics: createMetrics({
      now: () => made.now,
      version: "v0",
      commit: "c",
      rollouts: () =>
        [...rollouts].map((key) => ({
          metadata: { namespace: "shop", name: key.slice("shop/".length) },
          spec: { strategy: { canary: {} } },
        })),
      analysisRuns: () => [],
      analysisTemplates: () => [],
      experiments: () => [],
      isLeader: () => true,
      cacheObjects: () => [],
      queues: () => [],
    }),
  };
  return made;
}

/** Everything that the controller reports, about objects of this number. */
function everything(metrics: ControllerMetrics, n: number): void {
  metrics.reconciled(`shop/web-${n}`, 1, true);
  metrics.eventEmitted(`shop/web-${n}`, "Normal", "RolloutUpdated");
  metrics.runReconciled(`shop/run-${n}`, 1, true);
  metrics.experimentReconciled(`shop/trial-${n}`, 1, true);
  metrics.measured("web", "Successful");
  metrics.requestWaited(n);
  metrics.rolloutFinished("Promoted", n, 0);
  metrics.watchStalled("services");
  metrics.relisted("services");
  metrics.eventLost("gone");
  for (const kind of ["rollouts", "replicasets", "analysisruns", "events", "services", "/healthz"])
    metrics.apiRequest({ verb: "Patch", kind, namespace: "shop", name: `web-${n}`, status: 200 });
  const queue = metrics.queue("Rollouts");
  queue.added();
  queue.retried();
  queue.waitedMs(n);
  queue.workedMs(n);
}

/** How many samples each family has. */
function sizes({ metrics }: World): Readonly<Record<string, number>> {
  const lines = [...metrics.render()].join("").split("\n");
  const sizesOf: Record<string, number> = {};
  let family = "";
  for (const line of lines) {
    const [, name] = /^# TYPE (\S+)/.exec(line) ?? [];
    if (name !== undefined) sizesOf[(family = name)] = 0;
    else if (line !== "" && !line.startsWith("#")) sizesOf[family] = (sizesOf[family] ?? 0) + 1;
  }
  return sizesOf;
}

test("a thousand objects that have come and gone leave no series behind", () => {
  const one = world();
  everything(one.metrics, 0);
  one.metrics.rolloutDeleted("shop/web-0");
  const many = world();
  for (let n = 0; n < COUNT; n += 1) {
    everything(many.metrics, n);
    many.metrics.rolloutDeleted(`shop/web-${n}`);
  }
  for (const each of [one, many]) {
    sizes(each);
    each.now = 70_000;
  }
  expect(sizes(many)).toEqual(sizes(one));
});

test("only families of Rollouts grow with the Rollouts that exist", () => {
  const few = world();
  const many = world();
  for (const [each, count] of [
    [few, 1],
    [many, COUNT],
  ] as const) {
    for (let n = 0; n < count; n += 1) {
      each.rollouts.add(`shop/web-${n}`);
      everything(each.metrics, n);
    }
  }
  const small = sizes(few);
  const grown = Object.entries(sizes(many)).filter(([family, size]) => size !== small[family]);
  expect(grown.map(([family]) => family).toSorted()).toEqual([
    "controller_clientset_k8s_request_total",
    "rollout_events_total",
    "rollout_info",
    "rollout_info_replicas_available",
    "rollout_info_replicas_desired",
    "rollout_info_replicas_unavailable",
    "rollout_info_replicas_updated",
    "rollout_phase",
    "rollout_reconcile",
    "rollout_reconcile_error",
  ]);
  expect(grown.every(([family, size]) => size <= (small[family] ?? 0) * COUNT)).toBe(true);
});
