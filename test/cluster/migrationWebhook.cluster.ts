/**
 * What the mutating webhook does to Deployments that migrate and to what scales them, on a cluster of its own. Nothing here
 * acts on Deployments: the marks of the loop are written by hand. Tests build on each other, in order.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join, resolve } from "node:path";
import type { Configuration } from "../../webhook/configuration/configuration.ts";
import { type Api, connect, type KubeObject } from "./harness/api.ts";
import { type CommandResult, type ControlPlane, startControlPlane } from "./harness/controlPlane.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { applyCrds } from "./harness/crds.ts";
import { freePort } from "./harness/ports.ts";
import { type Child, logTail, newNursery } from "./harness/processes.ts";
import { until as waitUntil } from "./harness/until.ts";

const repository = resolve(import.meta.dir, "../..");
const configurations = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
const namespace = "migrating";
const [webhookPort, metricsPort] = [freePort(), freePort()];
const nursery = newNursery();
const ours = test.skipIf(otherController() !== undefined);
let plane: ControlPlane;
let api: Api;
let pod: Child;

beforeAll(async () => {
  if (otherController() !== undefined) return;
  plane = await startControlPlane({ audit: false });
  api = await connect(await plane.identity("sluice-test"), "sluice-test");
  await applyCrds((args) => plane.kubectl(args), api);
  await api.create("/api/v1/namespaces", { metadata: { name: "argo-rollouts" } });
  await api.create("/api/v1/namespaces", {
    metadata: { name: namespace, labels: { "sluice.dev/migrate": "reference" } },
  });
  const ports = [
    "--metricsPort",
    `${metricsPort}`,
    "--healthzPort",
    `${freePort()}`,
    "--webhook-port",
    `${webhookPort}`,
    // Without --migrate-deployments: the loop would act on what is marked by hand here.
    "--webhook-migration",
  ];
  const where = ["--kubeconfig", await plane.identity("sluice-controller")];
  const url = ["--webhook-url", `https://127.0.0.1:${webhookPort}`];
  const command = [process.execPath, "main.ts", "controller", ...where, ...ports, ...url];
  pod = nursery.spawn("sluice", command, { logFile: join(plane.dir, "sluice.log"), cwd: repository });
  // The API server uses the configuration a moment later.
  await until("a new Deployment is rewritten", async () => {
    const probe = await apply(deployment("probe", 3), "--dry-run=server", "-o", "jsonpath={.spec.replicas}");
    return probe.stdout === "0";
  });
}, 90_000);

afterAll(async () => {
  await nursery.release();
  await plane?.stop();
});

const until = (what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<number> =>
  waitUntil(what, holds, timeoutMs, () => logTail(pod.logFile));

const kubectl = (args: readonly string[], object?: unknown, space = namespace): Promise<CommandResult> =>
  plane.kubectl([...args, "-n", space], object === undefined ? {} : { stdin: JSON.stringify(object) });
const apply = (object: unknown, ...flags: string[]): Promise<CommandResult> =>
  kubectl(["apply", ...flags, "-f", "-"], object);
async function done(result: Promise<CommandResult>): Promise<CommandResult> {
  const { code, stdout, stderr } = await result;
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  return { code, stdout, stderr };
}

const deployment = (name: string, replicas: number): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "web", image: "web:1" }] } },
  },
});

type Stored = KubeObject & {
  readonly status?: { readonly observedGeneration?: number };
  readonly spec: { readonly replicas?: number; readonly scaleTargetRef?: object };
};

const read = (resource: string, name: string): Promise<Stored> =>
  api.get<Stored>(
    `/apis/${resource === "deployments" ? "apps/v1" : "autoscaling/v2"}/namespaces/${namespace}/${resource}/${name}`,
  );

/** The count, what the owner wants, and whether it is stamped. */
async function held(name: string): Promise<unknown[]> {
  const { spec, metadata } = await read("deployments", name);
  const { annotations = {} } = metadata;
  return [spec.replicas, annotations["sluice.dev/replicas-wanted"], annotations["sluice.dev/managed-by-rollout"]];
}

/**
 * Applies its manifest again. The first time the API server may note a new time for the fields of that client, and nothing
 * else; from then on nothing at all.
 */
async function storesNothing(name: string, ...flags: string[]): Promise<void> {
  const manifest = deployment(name, 3);
  const settled = async (): Promise<boolean> => {
    const { metadata, status } = await read("deployments", name);
    return metadata.generation === status?.observedGeneration;
  };
  await until("its controller has seen it", settled);
  const { generation } = (await read("deployments", name)).metadata;
  await done(apply(manifest, ...flags));
  const { resourceVersion } = (await read("deployments", name)).metadata;
  await done(apply(manifest, ...flags));
  expect((await read("deployments", name)).metadata).toMatchObject({ generation, resourceVersion });
}

/** Reviews of a kind that the webhook has answered. */
async function reviews(kind: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(`sluice_admission_reviews_total{kind="${kind}"`));
  return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

ours("a new Deployment is born with 0, in a dry run alike, and its owner is told", async () => {
  const { stderr } = await done(apply(deployment("web", 3)));
  expect(stderr).toContain('Warning: spec.replicas: 3 goes to Rollout "web"');
  expect(await held("web")).toEqual([0, "3", undefined]);
  await done(kubectl(["annotate", "deployment", "web", "sluice.dev/managed-by-rollout=web"]));
  expect(await held("web")).toEqual([0, "3", "web"]);
});

ours("the same manifest applied again stores nothing, and another count is carried", async () => {
  await storesNothing("web");
  await done(apply(deployment("web", 4), "--dry-run=server"));
  expect(await held("web")).toEqual([0, "3", "web"]);
  await done(apply(deployment("web", 4)));
  expect(await held("web")).toEqual([0, "4", "web"]);
  await done(apply(deployment("web", 0)));
  expect(await held("web")).toEqual([0, "0", "web"]);
  await done(kubectl(["replace", "-f", "-"], deployment("web", 5)));
  expect(await held("web")).toEqual([0, "5", "web"]);
});

ours("server-side apply keeps its count, and carries another", async () => {
  const flags = ["--server-side", "--field-manager=flux"];
  await done(apply(deployment("ssa", 3), ...flags));
  await done(kubectl(["annotate", "deployment", "ssa", "sluice.dev/managed-by-rollout=ssa"]));
  await storesNothing("ssa", ...flags);
  await done(apply(deployment("ssa", 6), ...flags));
  expect(await held("ssa")).toEqual([0, "6", "ssa"]);
});

ours("scaling it is refused with what to scale instead", async () => {
  await until("the scale is refused", async () => {
    const { code } = await kubectl(["scale", "deployment", "web", "--replicas=4", "--dry-run=server"]);
    return code !== 0;
  });
  const { stderr } = await kubectl(["scale", "deployment", "web", "--replicas=4"]);
  expect(stderr).toContain('Rollout "web" has the pods of Deployment "web"; scale that instead');
  expect(stderr).toContain(`kubectl scale rollout/web --replicas=4 -n ${namespace}`);
});

ours("an autoscaler of it scales the Rollout, and the Deployment again when the migration is over", async () => {
  const before = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
  const scaler = {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "web" },
    spec: { scaleTargetRef: before, maxReplicas: 5 },
  };
  const remembered = async () =>
    (await read("horizontalpodautoscalers", "web")).metadata.annotations?.["sluice.dev/scale-target-before"];
  await done(apply(scaler));
  const { spec, metadata } = await read("horizontalpodautoscalers", "web");
  expect(spec.scaleTargetRef).toEqual({ apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "web" });
  expect(JSON.parse((await remembered()) ?? "")).toEqual(before);
  await done(apply(scaler));
  expect((await read("horizontalpodautoscalers", "web")).metadata.resourceVersion).toBe(metadata.resourceVersion);
  await done(kubectl(["delete", "deployment", "web"]));
  await until("it scales the Deployment again", async () => {
    await done(kubectl(["annotate", "hpa", "web", "--overwrite", `touched=${Date.now()}`]));
    return Bun.deepEquals((await read("horizontalpodautoscalers", "web")).spec.scaleTargetRef, before);
  });
  expect(await remembered()).toBeUndefined();
});

ours("a Deployment beside a Rollout that has adopted its pods is refused with the way out", async () => {
  const { spec } = deployment("adopted", 1) as Stored;
  await api.create(`/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts`, {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "adopted", annotations: { "sluice.dev/migrated": "adopt" } },
    spec: { ...spec, replicas: 0, strategy: { canary: {} } },
  });
  let said = "";
  await until("it is refused", async () => {
    const { code, stderr } = await apply(deployment("adopted", 1), "--dry-run=server");
    said = stderr;
    return code !== 0;
  });
  expect(said).toContain("Change the Rollout instead: `sluice convert -f FILE` prints it");
});

ours("a word that nobody acts on is admitted with what is right", async () => {
  const wrong = {
    ...deployment("wrong", 1),
    metadata: { name: "wrong", annotations: { "sluice.dev/migrate": "yes" } },
  };
  const { stderr } = await done(apply(wrong, "--dry-run=server"));
  expect(stderr).toContain('sluice.dev/migrate: "yes" has to be "reference", "adopt" or "none"');
});

ours("writes of Deployments that are none of ours are never reviewed", async () => {
  const before = await reviews("Deployment");
  expect(before).toBeGreaterThan(0);
  await done(kubectl(["apply", "-f", "-"], deployment("foreign", 2), "default"));
  await done(kubectl(["apply", "-f", "-"], deployment("foreign", 3), "default"));
  await done(kubectl(["label", "deployment", "foreign", "a=b"], undefined, "default"));
  const out = { ...deployment("out", 1), metadata: { name: "out", annotations: { "sluice.dev/migrate": "none" } } };
  await done(apply(out));
  await done(kubectl(["label", "deployment", "out", "a=b"]));
  expect(await reviews("Deployment")).toBe(before);
});

ours("a configuration that is edited is put right", async () => {
  const { webhooks } = await api.get<KubeObject & Configuration>(`${configurations}/sluice`);
  await done(
    plane.kubectl([
      "patch",
      "mutatingwebhookconfiguration",
      "sluice",
      "--type=json",
      "-p",
      '[{"op":"remove","path":"/webhooks/0"}]',
    ]),
  );
  await until("it is right again", async () =>
    Bun.deepEquals((await api.get<KubeObject & Configuration>(`${configurations}/sluice`)).webhooks, webhooks),
  );
});

ours("while the webhook is away Deployments are written as their clients have them", async () => {
  process.kill(pod.pid, "SIGKILL");
  await until(
    "nobody answers",
    async () => !(await fetch(`http://127.0.0.1:${metricsPort}/metrics`).catch(() => undefined)),
  );
  await done(apply(deployment("ssa", 2), "--server-side", "--field-manager=flux"));
  await done(apply(deployment("late", 2)));
  expect(await held("late")).toEqual([2, undefined, undefined]);
});
