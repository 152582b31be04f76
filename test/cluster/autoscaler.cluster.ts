/**
 * Autoscalers and Rollouts. The horizontal autoscaler of Kubernetes, fed with an external metric as KEDA does it, works
 * on the scale subresource: it reads status.replicas and status.selector there and writes spec.replicas.
 */
import { HASH_LABEL } from "../../schema/labels.ts";
import { afterAll, expect, test } from "bun:test";
import { promote, setImage } from "./harness/userActions.ts";
import type { KubeObject } from "./harness/api.ts";
import { type ExternalMetrics, serveExternalMetrics } from "./harness/externalMetrics.ts";
import { harness } from "./harness/harness.ts";
import { podsOf, rolloutOf } from "./harness/plainRollout.ts";
import type { ReplicaSetView, Scene } from "./harness/rolloutView.ts";
import { until } from "./harness/until.ts";
import { healthy, inPhase, newWorld, pausedAt, type World } from "./harness/clusterWorld.ts";

const current = await harness();
/** The metrics need an API server that reaches this process and that has no other metrics adapter. */
const needsPlane = test.skipIf(current.plane === undefined);
const metrics: ExternalMetrics | undefined =
  current.plane === undefined ? undefined : await serveExternalMetrics(current, current.plane.certs.authority);
afterAll(() => metrics?.stop());

/** One pod for each 10 of the metric. */
const perPod = 10;
const setLoad = (world: World, pods: number): void => metrics?.set(world.namespace, pods * perPod);

const rollout = (strategy: object): KubeObject =>
  rolloutOf("web", strategy, { replicas: 4, template: podsOf("web", "nginx:1") });

const service = (name: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
});

/** Scales at once in both directions, so that no stabilization window hides flapping. */
async function autoscale(world: World): Promise<void> {
  const atOnce = { stabilizationWindowSeconds: 0, policies: [{ type: "Percent", value: 1000, periodSeconds: 1 }] };
  await current.api.create(`/apis/autoscaling/v2/namespaces/${world.namespace}/horizontalpodautoscalers`, {
    metadata: { name: "web" },
    spec: {
      scaleTargetRef: { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "web" },
      minReplicas: 1,
      maxReplicas: 20,
      behavior: { scaleUp: atOnce, scaleDown: atOnce },
      metrics: [
        {
          type: "External",
          external: {
            metric: { name: world.namespace },
            target: { type: "AverageValue", averageValue: String(perPod) },
          },
        },
      ],
    },
  });
}

/** The sizes that each ReplicaSet was given, in order, and how often the autoscaler has written. */
interface Recording {
  /** Forgets what was seen: counts from now on. */
  begin(): void;
  /** Sizes of the ReplicaSet with this revision. */
  sizes(revision: number): number[];
  /** The sum of all ReplicaSets' sizes after each change. */
  totals(): number[];
  stop(): void;
}

async function record(world: World): Promise<Recording> {
  const aborter = new AbortController();
  const path = `/apis/apps/v1/namespaces/${world.namespace}/replicasets`;
  const { items, resourceVersion } = await current.api.list<ReplicaSetView>(path);
  const latest = new Map<number, number>();
  let changes: { revision: number; size: number; total: number }[] = [];
  const take = ({ metadata, spec }: ReplicaSetView): void => {
    const revision = Number(metadata.annotations?.["rollout.argoproj.io/revision"]);
    if (latest.get(revision) === spec.replicas) return;
    latest.set(revision, spec.replicas);
    changes.push({ revision, size: spec.replicas, total: [...latest.values()].reduce((sum, size) => sum + size, 0) });
  };
  items.forEach(take);
  const watching = async (): Promise<void> => {
    for await (const { type, object } of current.api.watch<ReplicaSetView>(path, resourceVersion, aborter.signal)) {
      if (type === "ADDED" || type === "MODIFIED") take(object);
    }
  };
  watching().catch(() => undefined);
  return {
    begin: () => void (changes = []),
    sizes: (revision) => changes.flatMap((change) => (change.revision === revision ? [change.size] : [])),
    totals: () => changes.map(({ total }) => total),
    stop: () => aborter.abort(),
  };
}

const isMonotone = (numbers: readonly number[]): boolean => {
  const steps = numbers.slice(1).map((number, index) => number - (numbers[index] ?? number));
  return steps.every((step) => step >= 0) || steps.every((step) => step <= 0);
};

interface Scale {
  readonly spec: { readonly replicas: number };
  readonly status: { readonly replicas: number; readonly selector: string };
}

const scaleOf = (world: World): Promise<Scale> => current.api.get<Scale>(`${world.path("Rollout", "web")}/scale`);

/** How often the autoscaler has changed the size. */
async function rescales(world: World): Promise<number> {
  const { items } = await current.api.list<KubeObject & { reason: string; count?: number; series?: { count: number } }>(
    `/api/v1/namespaces/${world.namespace}/events`,
  );
  return items
    .filter(({ reason }) => reason === "SuccessfulRescale")
    .reduce((sum, { count, series }) => sum + (series?.count ?? count ?? 1), 0);
}

/** Changes the load and waits until the Rollout has followed and rests in a state for which `holds` is true. */
async function load(world: World, pods: number, what: string, holds: Parameters<World["settle"]>[2]): Promise<Scene> {
  setLoad(world, pods);
  return world.settle(
    "web",
    `${what} with ${pods} pods`,
    (view, scene) => view.spec.replicas === pods && holds(view, scene),
  );
}

const sizesIn = ({ replicaSets }: Scene): number[] => replicaSets.map(({ spec }) => spec.replicas);

needsPlane("a canary that is scaled in the middle goes straight to its new sizes, up and down", async () => {
  const world = await newWorld("hpa-canary");
  setLoad(world, 4);
  const steps = [{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: {} }];
  await world.create(rollout({ canary: { steps, maxSurge: 1, maxUnavailable: 0 } }));
  await world.settle("web", "Healthy", healthy);
  await autoscale(world);
  await setImage(world, "web", "nginx:2");
  const first = await world.settle("web", "pauses at 25 %", pausedAt(1));
  expect(sizesIn(first)).toEqual([3, 1]);
  expect(await scaleOf(world)).toMatchObject({ spec: { replicas: 4 }, status: { replicas: 4, selector: "app=web" } });

  const recording = await record(world);
  recording.begin();
  expect(sizesIn(await load(world, 12, "paused", pausedAt(1)))).toEqual([9, 3]);
  expect(await scaleOf(world)).toMatchObject({ status: { replicas: 12 } });
  expect([1, 2].map(recording.sizes).every(isMonotone)).toBe(true);
  expect(recording.totals().every((total) => total >= 4 && total <= 13)).toBe(true);

  recording.begin();
  expect(sizesIn(await load(world, 8, "paused", pausedAt(1)))).toEqual([6, 2]);
  expect([1, 2].map(recording.sizes).every(isMonotone)).toBe(true);
  expect(recording.totals().every((total) => total >= 8)).toBe(true);

  // The size changes while a step is being taken.
  await promote(world, "web");
  expect(sizesIn(await load(world, 10, "paused", pausedAt(3)))).toEqual([5, 5]);
  await promote(world, "web");
  await load(world, 6, "Healthy", healthy);
  expect(await scaleOf(world)).toMatchObject({ spec: { replicas: 6 }, status: { replicas: 6 } });
  expect(await rescales(world)).toBe(4);
  recording.stop();
});

/** Waits for so many syncs of the autoscaler. */
async function autoscalerReads(world: World, count: number): Promise<void> {
  const before = metrics?.asked(world.namespace) ?? 0;
  await until("the autoscaler looks", async () => (metrics?.asked(world.namespace) ?? 0) >= before + count, 60_000);
}

needsPlane("a canary that pauses with one pod more than asked for is left alone", async () => {
  const world = await newWorld("hpa-surge");
  setLoad(world, 10);
  const manifest = rollout({ canary: { steps: [{ setWeight: 25 }, { pause: {} }] } });
  await world.create({ ...manifest, spec: { ...(manifest.spec as object), replicas: 10 } });
  await world.settle("web", "Healthy", healthy);
  await setImage(world, "web", "nginx:2");
  // Three pods of eleven are nearer to 25 % than any split of ten.
  expect(sizesIn(await world.settle("web", "pauses at 25 %", pausedAt(1)))).toEqual([8, 3]);
  await autoscale(world);
  const recording = await record(world);
  recording.begin();
  await autoscalerReads(world, 10);
  expect(await scaleOf(world)).toMatchObject({ spec: { replicas: 10 }, status: { replicas: 10 } });
  expect(recording.totals()).toEqual([]);
  expect(await rescales(world)).toBe(0);
  recording.stop();
});

needsPlane("blue-green tells the autoscaler of the active version alone, and keeps it at its size", async () => {
  const world = await newWorld("hpa-bluegreen");
  setLoad(world, 4);
  await world.create(service("active"));
  await world.create(service("preview"));
  const blueGreen = { activeService: "active", previewService: "preview", autoPromotionEnabled: false };
  await world.create(rollout({ blueGreen: { ...blueGreen, scaleDownDelaySeconds: 5 } }));
  await world.settle("web", "Healthy", healthy);
  await autoscale(world);
  await setImage(world, "web", "nginx:2");
  const paused = inPhase("Paused", "BlueGreenPause");
  const first = await world.settle("web", "waits for the promotion", paused);
  expect(sizesIn(first)).toEqual([4, 4]);
  const active = first.replicaSets[0]?.metadata.labels?.[HASH_LABEL];
  expect(await scaleOf(world)).toMatchObject({
    status: { replicas: 4, selector: `app=web,${HASH_LABEL}=${active}` },
  });

  const recording = await record(world);
  for (const [pods, from] of [
    [9, 4],
    [5, 9],
  ] as const) {
    recording.begin();
    expect(sizesIn(await load(world, pods, "paused", paused))).toEqual([pods, pods]);
    expect(await scaleOf(world)).toMatchObject({ status: { replicas: pods } });
    for (const revision of [1, 2]) {
      const sizes = [from, ...recording.sizes(revision)];
      expect(isMonotone(sizes)).toBe(true);
      expect(sizes.at(-1)).toBe(pods);
    }
  }
  await promote(world, "web");
  await load(world, 7, "Healthy", (view, scene) => healthy(view, scene) && sizesIn(scene)[0] === 0);
  expect(await scaleOf(world)).toMatchObject({ spec: { replicas: 7 }, status: { replicas: 7 } });
  expect(await rescales(world)).toBe(3);
  recording.stop();
});
