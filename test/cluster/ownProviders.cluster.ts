/**
 * Jobs, and the providers that need no metrics stack, on a real API server with the real Job controller. Pods of fake nodes
 * end as their commands say; the pods that are scraped are objects that name servers of this test as their addresses.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { AnalysisRun, AnalysisRunSpec } from "../../schema/analysis.ts";
import { HASH_LABEL } from "../../schema/labels.ts";
import { ownController } from "./harness/controllerProcess.ts";
import { newWorld, healthy, inPhase, type World } from "./harness/clusterWorld.ts";
import { type ExternalMetrics, serveExternalMetrics } from "./harness/externalMetrics.ts";
import { type StartedHarness, startHarness } from "./harness/harness.ts";
import { rolloutOf } from "./harness/plainRollout.ts";
import { until } from "./harness/until.ts";
import { setImage } from "./harness/userActions.ts";

let current: StartedHarness;
let world: World;
let metrics: ExternalMetrics | undefined;
const pages: { stop(closeActive: boolean): unknown }[] = [];

beforeAll(async () => {
  current = await startHarness({ controller: `${ownController} --analysis-allow-address 127.0.0.0/8` });
  world = await newWorld("own-providers", current);
  if (current.plane !== undefined) metrics = await serveExternalMetrics(current, current.plane.certs.authority);
}, 120_000);

afterAll(async () => {
  for (const page of pages) page.stop(true);
  await metrics?.stop();
  await current?.stop();
});

const inNamespace = (api: string, plural: string, name = ""): string =>
  `${api}/namespaces/${world.namespace}/${plural}${name === "" ? "" : `/${name}`}`;
const runPath = (name = ""): string => inNamespace("/apis/argoproj.io/v1alpha1", "analysisruns", name);

interface RunMore {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const create = (name: string, spec: AnalysisRunSpec, more: RunMore = {}): Promise<unknown> =>
  current.api.create(runPath(), {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: { name, ...more },
    spec,
  });

const read = (name: string): Promise<AnalysisRun> => current.api.get<AnalysisRun>(runPath(name));

async function ended(name: string): Promise<AnalysisRun> {
  let run: AnalysisRun | undefined;
  const isOver = async (): Promise<boolean> => !["", "Running"].includes((run = await read(name)).status?.phase ?? "");
  await until(`AnalysisRun ${name} is over`, isOver, 60_000, () => `: ${JSON.stringify(run?.status)}`);
  return run ?? read(name);
}

const jobSpec = (command: string, more: object = {}) =>
  ({
    backoffLimit: 0,
    template: {
      spec: {
        restartPolicy: "Never",
        containers: [{ name: "c", image: "tool:1", command: ["sh", "-c", command] }],
        ...more,
      },
    },
  }) as NonNullable<AnalysisRunSpec["metrics"][0]["provider"]["job"]>["spec"];

const jobRun = (command: string, more: object = {}): AnalysisRunSpec => ({
  metrics: [
    { name: "smoke", provider: { job: { spec: jobSpec(command), metadata: { labels: { team: "a" } } } }, ...more },
  ],
});

interface JobObject {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

const jobs = async (): Promise<readonly JobObject[]> =>
  (await current.api.list<JobObject>(inNamespace("/apis/batch/v1", "jobs"))).items;

test("a Job that completes is a success, and its measurement names it", async () => {
  await create("job-good", jobRun("sleep 1; exit 0"));
  const { metadata, status } = await ended("job-good");
  expect(status?.phase).toBe("Successful");
  const name = `${metadata.uid}.smoke.1`;
  expect(status?.metricResults?.[0]?.measurements?.[0]?.metadata).toEqual({
    "job-name": name,
    "job-namespace": world.namespace,
  });
  const job = (await jobs()).find((each) => each.metadata.name === name);
  expect(job?.metadata.labels).toMatchObject({ team: "a", "analysisrun.argoproj.io/uid": metadata.uid });
}, 60_000);

test("a Job that fails is told of in the message of the run, with its pod and how that ended", async () => {
  await create("job-bad", jobRun("exit 3"));
  const { metadata, status } = await ended("job-bad");
  expect(status?.phase).toBe("Failed");
  expect(status?.message).toStartWith(
    `Metric "smoke" assessed Failed due to failed (1) > failureLimit (0): "Error Message: Job ${metadata.uid}.smoke.1 failed (BackoffLimitExceeded: `,
  );
  expect(status?.message).toContain("container c ended with exit code 3");
}, 60_000);

test("a Job whose image cannot be pulled is Inconclusive", async () => {
  const spec = jobRun("exit 0");
  const text = JSON.stringify(spec).replace("tool:1", "tool:missing");
  await create("job-no-image", JSON.parse(text) as AnalysisRunSpec);
  const { status } = await ended("job-no-image");
  expect(status?.phase).toBe("Inconclusive");
  expect(status?.message).toMatch(/container c has terminal error \((ErrImagePull|ImagePullBackOff)\)/);
}, 60_000);

test("Jobs of measurements that are no longer kept are deleted, and that of a run that is terminated", async () => {
  const more = { interval: "1s", count: 3 };
  await create("job-kept", { ...jobRun("exit 0", more), measurementRetention: [{ metricName: "smoke", limit: 1 }] });
  const kept = await ended("job-kept");
  const ofRun = async (uid: string | undefined): Promise<number> =>
    (await jobs()).filter(({ metadata }) => metadata.name.startsWith(`${uid}.`)).length;
  await until("one Job is left", async () => (await ofRun(kept.metadata.uid)) === 1, 20_000);

  await create("job-ended", jobRun("sleep 600"));
  await until(
    "it runs",
    async () => (await read("job-ended")).status?.metricResults?.[0]?.measurements?.[0]?.metadata !== undefined,
    20_000,
  );
  await current.api.patch(runPath("job-ended"), "merge", { spec: { terminate: true } });
  const { metadata } = await ended("job-ended");
  await until("its Job is gone", async () => (await ofRun(metadata.uid)) === 0, 20_000);
}, 90_000);

const plugin = (name: string, settings: object = {}, more: object = {}): AnalysisRunSpec => ({
  metrics: [{ name: "m", provider: { plugin: { [`sluice.dev/${name}`]: settings } }, ...more }],
});

test("a canary whose pods restart fails, with nothing but the provider's name", async () => {
  await current.api.create(inNamespace("/apis/argoproj.io/v1alpha1", "analysistemplates"), {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisTemplate",
    metadata: { name: "pods" },
    spec: plugin("pods", {}, { interval: "2s", count: 5 }),
  });
  const steps = [{ setWeight: 50 }, { analysis: { templates: [{ templateName: "pods" }] } }];
  await world.create(rolloutOf("web", { canary: { steps } }, { replicas: 2 }));
  await world.settle("web", "Healthy", healthy);
  await setImage(world, "web", "web:2");
  await world.settle("web", "Healthy", healthy);
  await current.api.patch(inNamespace("/apis/argoproj.io/v1alpha1", "rollouts", "web"), "merge", {
    spec: {
      template: {
        metadata: { annotations: { "sim.sluice.dev/crash-after": "2s" } },
      },
    },
  });
  await world.settle("web", "Degraded", inPhase("Degraded"));
  const { rollout } = await world.scene("web");
  expect(JSON.stringify(rollout.status)).toMatch(/restarts: |are down: /);
}, 180_000);

/** A pod of no node, as far as the API server tells of it. */
async function scrapable(name: string, hash: string, answer: () => Response | Promise<Response>): Promise<void> {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, idleTimeout: 0, fetch: answer });
  pages.push(server);
  await current.api.create(inNamespace("/api/v1", "pods"), {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { [HASH_LABEL]: hash }, annotations: { "prometheus.io/port": String(server.port) } },
    spec: { schedulerName: "nobody", containers: [{ name: "c", image: "web:1" }] },
  });
  await current.api.patch(`${inNamespace("/api/v1", "pods", name)}/status`, "merge", {
    status: {
      phase: "Running",
      podIP: "127.0.0.1",
      podIPs: [{ ip: "127.0.0.1" }],
      conditions: [{ type: "Ready", status: "True" }],
    },
  });
}

const page = (bad: number, all: number) => (): Response =>
  new Response(`req{code="500"} ${bad}\nreq{code="200"} ${all - bad}\n`);
const ratio = (canary: string, stable: string): AnalysisRunSpec =>
  plugin("pods", { canary, stable, scrape: { ratio: { of: 'req{code=~"5.."}', to: "req" } } });

test("a scrape compares the canary with the stable pods, whatever one of these does", async () => {
  await scrapable("s1", "stable1", page(1, 100));
  await scrapable("s2", "stable1", () => new Response("m 1\n".repeat(1_000_000)));
  await scrapable("s3", "stable1", () => new Promise<Response>(() => {}));
  await scrapable("c1", "canary1", page(30, 100));
  await scrapable("c2", "canary1", () => new Response("<html>", { headers: { "content-type": "text/html" } }));
  await scrapable("d1", "canary2", page(1, 100));
  await create("scrape-bad", ratio("canary1", "stable1"));
  await create("scrape-good", ratio("canary2", "stable1"));
  const bad = await ended("scrape-bad");
  expect(bad.status).toMatchObject({ phase: "Failed" });
  expect(bad.status?.message).toContain("canary 0.3 > 0.012 (stable 0.01)");
  expect((await ended("scrape-good")).status?.phase).toBe("Successful");
}, 90_000);

test("what no data and too few samples mean is said by annotations", async () => {
  await scrapable("e1", "canary3", page(0, 10));
  const words = (noData: string, samples: string): RunMore => ({
    annotations: { "sluice.dev/no-data": `m=${noData}`, "sluice.dev/min-samples": `m=${samples}` },
  });
  await create("few", ratio("canary3", "stable1"), words("inconclusive", "100"));
  await create("enough", ratio("canary3", "stable1"), words("inconclusive", "10"));
  await create("none", ratio("nothing", "stable1"), words("success", "1"));
  expect((await ended("few")).status).toMatchObject({
    phase: "Inconclusive",
    metricResults: [{ message: expect.stringContaining("10 samples, and 100 are needed") as string }],
  });
  expect((await ended("enough")).status?.phase).toBe("Successful");
  expect((await ended("none")).status?.phase).toBe("Successful");
}, 60_000);

test("an external metric of an adapter is measured", async () => {
  if (metrics === undefined) return;
  metrics.set("queue", 7);
  await create("external", plugin("external-metrics", { metric: "queue" }, { successCondition: "result[0] == 7" }));
  const { status } = await ended("external");
  expect(status).toMatchObject({ phase: "Successful", metricResults: [{ measurements: [{ value: "[7]" }] }] });
}, 60_000);

test("a cluster without a metrics server is told what lacks", async () => {
  const spec = plugin("resource-metrics", { canary: "a", stable: "b" }, { consecutiveErrorLimit: 0 });
  await create("usage", spec);
  const { status } = await ended("usage");
  expect(status?.phase).toBe("Error");
  expect(status?.message).toContain("is a metrics server installed?");
}, 60_000);
