/** What a person sees of a Rollout by stock kubectl, on a real API server. */
import { expect, test } from "bun:test";
import { setImage } from "./harness/userActions.ts";
import { rolloutOf } from "./harness/plainRollout.ts";
import { until } from "./harness/until.ts";
import { healthy, newWorld, pausedAt, type World } from "./harness/clusterWorld.ts";

const service = (name: string) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
});

const backend = { service: { name: "web", port: { number: 80 } } };
const ingress = {
  metadata: { name: "web" },
  spec: {
    ingressClassName: "nginx",
    rules: [{ http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
  },
};

const rollout = (strategy: object) => rolloutOf("web", strategy, { replicas: 2 });

const routed = rollout({
  canary: {
    stableService: "web",
    canaryService: "web-next",
    trafficRouting: { nginx: { stableIngress: "web" } },
    steps: [{ setWeight: 20 }, { pause: {} }],
  },
});

/** The lines, each as its columns. */
async function table(world: World, ...more: string[]): Promise<string[][]> {
  const args = ["get", "rollout", "-n", world.namespace, ...more];
  const { stdout } = await world.harness.kubectl(args);
  const lines = stdout.trimEnd().split("\n");
  return lines.map((line) => line.replaceAll(/\b\d+(m\d+)?s\b/g, "<age>").split(/ {2,}/));
}

const columns = ["NAME", "DESIRED", "CURRENT", "UP-TO-DATE", "AVAILABLE", "AGE", "PHASE"];

test.concurrent(
  "kubectl get rollout shows the phase, and with -o wide the step, the weight and what it waits for",
  async () => {
    const world = await newWorld("columns");
    const { api } = world.harness;
    for (const name of ["web", "web-next"]) await world.create(service(name));
    await api.create(`/apis/networking.k8s.io/v1/namespaces/${world.namespace}/ingresses`, ingress);
    await world.create(routed);
    await world.settle("web", "the first revision is Healthy", healthy);
    expect(await table(world)).toEqual([columns, ["web", "2", "2", "2", "2", "<age>", "Healthy"]]);
    await setImage(world, "web", "web:2");
    await world.settle("web", "the update pauses", pausedAt(1));
    expect(await table(world)).toEqual([columns, ["web", "2", "3", "1", "3", "<age>", "Paused"]]);
    expect(await table(world, "-o", "wide")).toEqual([
      [...columns, "STEP", "WEIGHT", "MESSAGE"],
      ["web", "2", "3", "1", "3", "<age>", "Paused", "1", "20", "CanaryPauseStep"],
    ]);
  },
);

test.concurrent("kubectl get rollout -o wide leaves blank what a strategy does not have", async () => {
  const world = await newWorld("columns-blank");
  await world.create(service("web"));
  await world.create(rollout({ blueGreen: { activeService: "web" } }));
  await world.settle("web", "the first revision is Healthy", healthy);
  expect(await table(world, "-o", "wide")).toEqual([
    [...columns, "STEP", "WEIGHT", "MESSAGE"],
    ["web", "2", "2", "2", "2", "<age>", "Healthy"],
  ]);
});

test.concurrent("kubectl get analysisrun -o wide shows why a run has come to its phase", async () => {
  const world = await newWorld("columns-run");
  await world.create({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: { name: "run" },
    spec: { metrics: [] },
  });
  const lines = async (): Promise<string[][]> => {
    const { stdout } = await world.harness.kubectl(["get", "analysisrun", "-n", world.namespace, "-o", "wide"]);
    return stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.replaceAll(/\b\d+(m\d+)?s\b/g, "<age>").split(/ {2,}/));
  };
  await until("it has ended", async () => (await lines())[1]?.[1] === "Error", 30_000);
  const [head, row] = await lines();
  expect(head).toEqual(["NAME", "STATUS", "AGE", "MESSAGE"]);
  expect(row?.[3]).toBe("Analysis spec invalid: no metrics specified");
});
