/**
 * manifests/install.yaml as it ships: applied whole, with the binary run as in its Deployment, with the rights of its
 * ServiceAccount and no other. Tests build on each other, in order.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { type Configuration, secretName } from "../../webhook/configuration/configuration.ts";
import type { Secret } from "../../webhook/certificates/secret.ts";
import { abort, promote, promoteFull, restart, retry, scale, setImage, undo } from "./harness/userActions.ts";
import type { KubeObject } from "./harness/api.ts";
import { requestsOf } from "./harness/auditLog.ts";
import type { CommandResult } from "./harness/controlPlane.ts";
import { otherController } from "./harness/controllerProcess.ts";
import {
  account,
  configurationPath,
  type Installation,
  installYaml,
  lines,
  manifests,
  ownNamespace,
  podsIn,
  policyOf,
  startInstallation,
  uidsOf,
} from "./harness/installation.ts";
import { type DeploymentView, type Pod, serveService } from "./harness/podProcess.ts";
import { divideByThree } from "./harness/routed.ts";
import { divideByEveryOther } from "./harness/everyRouter.ts";
import { canWithRole, denials, rightsOf, unusedRights } from "./harness/rights.ts";
import { reasons } from "./harness/unusedRights.ts";
import { createAnalysed } from "./harness/analysedActions.ts";
import { wrongProfileAndLost } from "./harness/profileActions.ts";
import { healthy, inPhase, newWorld, pausedAt } from "./harness/clusterWorld.ts";

const canary = "rollout-canary";
const blueGreen = "rollout-bluegreen";
const rolling = "rollout-rollingupdate";

const ours = test.skipIf(otherController() !== undefined);
let installation: Installation;
let pod: Pod;
let stopService = (): void => {};

beforeAll(async () => {
  if (otherController() === undefined) installation = await startInstallation();
}, 120_000);

afterAll(async () => {
  stopService();
  await installation?.stop();
});

ours("kubectl apply takes the file as it is, without a warning, and the second time changes nothing", async () => {
  const { kubectl } = installation;
  const first = await kubectl("apply", "-f", installYaml);
  expect(first.stderr).toBe("");
  expect(lines(first).filter((line) => !line.endsWith(" created"))).toEqual([]);
  const second = await kubectl("apply", "-f", installYaml);
  expect(second.stderr).toBe("");
  expect(lines(second).filter((line) => !line.endsWith(" unchanged"))).toEqual([]);
});

ours("its pod keeps to the Pod Security level restricted", async () => {
  const { api, cluster } = installation;
  const level = ["enforce", "warn"].map((mode) => [`pod-security.kubernetes.io/${mode}`, "restricted"] as const);
  await api.create("/api/v1/namespaces", { metadata: { name: "restricted", labels: Object.fromEntries(level) } });
  const path = `/apis/apps/v1/namespaces/${ownNamespace}/deployments/sluice`;
  const { spec } = await api.get<DeploymentView>(path);
  const dryRun = (object: object): Promise<CommandResult> =>
    cluster.kubectl(["apply", "--dry-run=server", "-n", "restricted", "-f", "-"], JSON.stringify(object));
  const template = { ...spec.template, metadata: { ...spec.template.metadata, name: "sluice" } };
  const asPod = await dryRun({ apiVersion: "v1", kind: "Pod", ...template });
  expect(asPod).toMatchObject({ code: 0, stderr: "" });
  const asDeployment = await dryRun({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "sluice" }, spec });
  expect(asDeployment).toMatchObject({ code: 0, stderr: "" });
  const naked = { containers: spec.template.spec.containers };
  const refused = await dryRun({ apiVersion: "v1", kind: "Pod", metadata: { name: "naked" }, spec: naked });
  expect(refused.stderr).toContain("violates PodSecurity");
});

ours("the binary runs as the Deployment says and serves the Service", async () => {
  const { api, until } = installation;
  const path = `/api/v1/namespaces/${ownNamespace}/services/sluice-webhook`;
  const { spec } = await api.get<KubeObject & { spec: { clusterIP: string; ports: [{ port: number }] } }>(path);
  stopService = await serveService(spec.clusterIP, spec.ports[0].port, () => pod.webhookPort ?? 0);
  pod = await installation.startPod(ownNamespace, "sluice");
  await until("the webhook is in force", async () => (await policyOf(installation)) === "Ignore");
});

/** Adds a label to the pods of each revision, which depends on whether they are canary or stable. */
const roles = (round: string) => ({
  canaryMetadata: { labels: { role: `canary${round}` } },
  stableMetadata: { labels: { role: `stable${round}` } },
});

ours(
  "a canary is updated, undone, aborted, retried, promoted and restarted, and its pods are labelled",
  async () => {
    const { cluster, until } = installation;
    const world = await newWorld("install-canary", cluster);
    await world.applyExample("rollout-canary.yaml");
    await world.settle(canary, "Healthy", healthy);
    await setImage(world, canary, "argoproj/rollouts-demo:green");
    await world.settle(canary, "pauses", pausedAt(1));
    await undo(world, canary);
    await world.settle(canary, "undone", healthy);
    await world.patch(canary, { spec: { strategy: { canary: roles("") } } });
    await setImage(world, canary, "argoproj/rollouts-demo:yellow");
    await world.settle(canary, "pauses", pausedAt(1));
    await abort(world, canary);
    await world.settle(canary, "aborted", inPhase("Degraded"));
    await retry(world, canary);
    await world.settle(canary, "pauses again", pausedAt(1));
    await world.patch(canary, { spec: { strategy: { canary: roles("-2") } } });
    await until("running pods are labelled anew", async () => {
      const labels = (await podsIn(world)).map(({ metadata }) => metadata.labels?.["role"]);
      return labels.includes("canary-2") && labels.includes("stable-2");
    });
    await promote(world, canary);
    await world.settle(canary, "goes on", pausedAt(3));
    await promoteFull(world, canary);
    await world.settle(canary, "yellow is Healthy", healthy);
    const before = uidsOf(await podsIn(world));
    await Bun.sleep(1_100); // restartAt has whole seconds
    await restart(world, canary);
    await until("all pods are new", async () => {
      const pods = await podsIn(world);
      return pods.length === 5 && uidsOf(pods).every((uid) => !before.includes(uid));
    });
    await world.settle(canary, "Healthy", healthy);
  },
  300_000,
);

ours(
  "revisions beyond the history's limit are deleted",
  async () => {
    const world = await newWorld("install-history", installation.cluster);
    await world.applyExample("rollout-canary.yaml");
    await world.patch(canary, { spec: { revisionHistoryLimit: 1, strategy: { canary: { steps: null } } } });
    for (const color of ["blue", "yellow", "green", "red"]) {
      await setImage(world, canary, `argoproj/rollouts-demo:${color}`);
      await world.settle(canary, color, healthy);
    }
    expect((await world.scene(canary)).replicaSets).toHaveLength(2);
  },
  120_000,
);

ours(
  "a blue-green Rollout is promoted and undone, and a Service that it lets go of is released",
  async () => {
    const { cluster, until } = installation;
    const world = await newWorld("install-bluegreen", cluster);
    await world.applyExample("rollout-bluegreen.yaml");
    await world.settle(blueGreen, "Healthy", healthy);
    await setImage(world, blueGreen, "argoproj/rollouts-demo:yellow");
    await world.settle(blueGreen, "waits", inPhase("Paused", "BlueGreenPause"));
    await promote(world, blueGreen);
    await world.settle(blueGreen, "yellow", healthy);
    await undo(world, blueGreen);
    await world.settle(blueGreen, "undone", healthy);
    await world.patch(blueGreen, { spec: { strategy: { blueGreen: { previewService: null } } } });
    await until("the preview Service selects all pods", async () => {
      const { services } = await world.scene(blueGreen);
      const preview = services.find(({ metadata }) => metadata.name.endsWith("-preview"));
      return Object.keys(preview?.spec.selector ?? {}).length === 1;
    });
  },
  120_000,
);

ours(
  "a rolling update is made, scaled, undone; orphaned and created again, its pods are adopted",
  async () => {
    const { api, cluster, until } = installation;
    const world = await newWorld("install-rolling", cluster);
    await world.applyExample("rollout-rolling-update.yaml");
    await world.settle(rolling, "Healthy", healthy);
    await setImage(world, rolling, "argoproj/rollouts-demo:yellow");
    await world.settle(rolling, "yellow", healthy);
    await scale(world, rolling, 3);
    await world.settle(rolling, "scaled", (rollout) => rollout.status?.availableReplicas === 3);
    await undo(world, rolling);
    await world.settle(rolling, "undone", healthy);
    const pods = uidsOf(await podsIn(world));
    const { rollout } = await world.scene(rolling);
    const path = world.path("Rollout", rolling);
    await api.delete(path, { propagationPolicy: "Orphan" });
    await until("it is gone", async () => (await api.get(path).catch(() => undefined)) === undefined);
    await world.create({ ...rollout, metadata: { name: rolling } });
    await world.settle(rolling, "adopted", healthy);
    expect(uidsOf(await podsIn(world))).toEqual(pods);
  },
  120_000,
);

ours(
  "a Rollout takes the place of a Deployment and leaves it again, another one takes a PodTemplate",
  async () => {
    const { api, cluster, until } = installation;
    const world = await newWorld("install-workload", cluster);
    const labelled = (app: string) => ({
      selector: { matchLabels: { app } },
      template: { metadata: { labels: { app } }, spec: { containers: [{ name: "web", image: "web:1" }] } },
    });
    const deployments = `/apis/apps/v1/namespaces/${world.namespace}/deployments`;
    await api.create(deployments, { metadata: { name: "web" }, spec: { replicas: 2, ...labelled("web") } });
    const { template } = labelled("other");
    await api.create(`/api/v1/namespaces/${world.namespace}/podtemplates`, { metadata: { name: "web" }, template });
    const referring = (name: string, workloadRef: object) => ({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Rollout",
      metadata: { name },
      spec: {
        replicas: 2,
        selector: labelled(name).selector,
        workloadRef: { name: "web", ...workloadRef },
        strategy: { canary: {} },
      },
    });
    await world.create(referring("web", { apiVersion: "apps/v1", kind: "Deployment", scaleDown: "onsuccess" }));
    await world.settle("web", "Healthy", healthy);
    const size = async () =>
      (await api.get<KubeObject & { spec: { replicas: number } }>(`${deployments}/web`)).spec.replicas;
    await until("the Deployment has no pods", async () => (await size()) === 0);
    await api.delete(world.path("Rollout", "web"));
    await until("the Deployment has its pods again", async () => (await size()) === 2);
    await world.create(referring("other", { apiVersion: "v1", kind: "PodTemplate" }));
    await world.settle("other", "Healthy", healthy);
  },
  120_000,
);

ours(
  "traffic is split by Ingresses and a TrafficSplit, and the load balancer's is whole again when the Rollout is gone",
  () => divideByThree(installation),
  120_000,
);

ours(
  "traffic is divided by every other router, and their objects are as in Git when the Rollout is gone",
  () => divideByEveryOther(installation.cluster),
  120_000,
);

ours(
  "an update is tried by an Experiment and measured, and what is over is deleted",
  async () => {
    const { api, cluster, until } = installation;
    const world = await newWorld("install-analysed", cluster);
    const argo = `/apis/argoproj.io/v1alpha1/namespaces/${world.namespace}`;
    const left = async (kind: string) => (await api.list(`${argo}/${kind}`)).items.length;
    await createAnalysed(world);
    await world.settle("analysed", "Healthy", healthy);
    await setImage(world, "analysed", "web:2");
    await until("it is tried", async () => (await left("experiments")) > 0);
    await world.settle("analysed", "done", healthy, 90_000);
    await until("all is deleted", async () => (await left("experiments")) + (await left("analysisruns")) === 0);
  },
  180_000,
);
ours("a wrong Rollout is refused with all that is wrong", async () => {
  const template = { metadata: { labels: { app: "wrong" } }, spec: { containers: [{ name: "main", portz: [] }] } };
  const strategy = { canary: { steps: [{ setWeight: 150 }] } };
  const wrong = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "wrong" },
    spec: { replicas: 1, selector: { matchLabels: { app: "wrong" } }, template, strategy },
  };
  const { code, stderr } = await installation.cluster.kubectl(["apply", "-f", "-"], JSON.stringify(wrong));
  expect(code).toBe(1);
  expect(stderr).toContain("spec.strategy.canary.steps[0].setWeight");
  expect(stderr).toContain("spec.template.spec.containers[0].image: Required value");
  expect(stderr).toContain("spec.template.spec.containers[0].portz");
});

ours("a wrong profile is refused, and one that goes warns of the Deployment that names it", async () => {
  const { stderr, warning } = await wrongProfileAndLost(installation.cluster, installation.until);
  expect(stderr).toContain("data[careful].canary.steps[0].setWeight");
  expect(warning).toContain('Deployment "default/profiled" names it');
});

ours("a lost key and an edited configuration are put right", async () => {
  const { api, until } = installation;
  const path = `/api/v1/namespaces/${ownNamespace}/secrets/${secretName("")}`;
  const secret = () => api.get<KubeObject & Secret>(path);
  const configuration = () => api.get<KubeObject & Configuration>(configurationPath);
  const before = (await secret()).data?.["tls.crt"];
  await api.patch(path, "json", [{ op: "replace", path: "/data/tls.key", value: btoa("lost") }]);
  await until("there is a new certificate", async () => (await secret()).data?.["tls.crt"] !== before);
  await api.patch(configurationPath, "json", [{ op: "replace", path: "/webhooks/0/timeoutSeconds", value: 9 }]);
  const timeout = async () => (await configuration()).webhooks?.[0]?.["timeoutSeconds"];
  await until("the configuration is back", async () => (await timeout()) === 2);
});

ours(
  "with two replicas the webhook is strict, and a budget keeps one of them",
  async () => {
    const { plane, api, kubectl, until } = installation;
    const dir = join(plane.dir, "two-replicas");
    await mkdir(dir, { recursive: true });
    const base = relative(dir, manifests);
    const kustomization = { resources: [base], components: [join(base, "components/two-replicas")] };
    await Bun.write(join(dir, "kustomization.yaml"), JSON.stringify(kustomization));
    const applied = lines(await kubectl("apply", "-k", dir)).filter((line) => !line.endsWith(" unchanged"));
    const expected = ["deployment.apps/sluice configured", "poddisruptionbudget.policy/sluice created"];
    expect(applied.toSorted()).toEqual(expected);
    await until("it fails closed", async () => (await policyOf(installation)) === "Fail", 60_000);
    await until("one disruption is allowed", async () => {
      const path = `/apis/policy/v1/namespaces/${ownNamespace}/poddisruptionbudgets/sluice`;
      const budget = await api.get<KubeObject & { status?: { disruptionsAllowed?: number } }>(path);
      return budget.status?.disruptionsAllowed === 1;
    });
    await kubectl("apply", "-f", installYaml);
    await until("it fails open", async () => (await policyOf(installation)) === "Ignore");
  },
  120_000,
);

ours("the next one to lead compares what updates would start with the room that there is", async () => {
  const { api, until } = installation;
  const { items } = await api.list("/api/v1/namespaces");
  const name = items.find(({ metadata }) => metadata.name.startsWith("install-rolling"))?.metadata.name ?? "";
  const within = `/api/v1/namespaces/${name}`;
  const full = { metadata: { name: "full" }, spec: { hard: { pods: "1" } } };
  await api.create(`${within}/resourcequotas`, full);
  await until("its pods are counted", async () => {
    const { status } = await api.get<{ status?: { used?: { pods?: string } } }>(`${within}/resourcequotas/full`);
    return Number(status?.used?.pods ?? 0) > 1;
  });
  await pod.child.stop("SIGTERM", 30_000);
  pod = await installation.startPod(ownNamespace, "sluice-next");
  await until("it says so by an event", async () =>
    (await api.list<{ reason: string }>(`${within}/events`)).items.some(({ reason }) => reason === "SurgeDoesNotFit"),
  );
});

ours("nothing it asked was denied, and it has no right that it did not use", async () => {
  const { plane, api } = installation;
  const requests = await requestsOf(plane.auditLog, account(ownNamespace));
  const rights = await rightsOf(api, ownNamespace, "sluice");
  expect(requests.length).toBeGreaterThan(200);
  expect(rights.length).toBeGreaterThan(40);
  expect(denials(requests)).toEqual([]);
  const unused = unusedRights(rights, requests);
  console.log(`install: ${requests.length} requests, ${rights.length} rights, unused: ${unused.join("; ")}`);
  expect(unused.filter((right) => !(right in reasons))).toEqual([]);
});

ours("with its token nobody reads Secrets, and the audit log tells who tried", async () => {
  const { plane } = installation;
  const kubeconfig = join(plane.dir, "sluice-account", "kubeconfig");
  for (const where of [["--all-namespaces"], ["-n", ownNamespace]]) {
    const { stderr } = await plane.kubectl(["get", "secrets", ...where, "--kubeconfig", kubeconfig]);
    expect(stderr).toContain("Forbidden");
  }
  await installation.until("it is recorded", async () => {
    return denials(await requestsOf(plane.auditLog, account(ownNamespace))).length === 2;
  });
});

ours("users with the cluster's role view read Rollouts, those with edit change them", async () => {
  const { api, until } = installation;
  const can = (role: string, verb: string): Promise<string> => canWithRole(installation, role, verb);
  await until("the roles are aggregated", async () => {
    const role = await api.get("/apis/rbac.authorization.k8s.io/v1/clusterroles/edit");
    return JSON.stringify(role).includes("rollouts");
  });
  const answers = [await can("view", "list"), await can("view", "patch"), await can("edit", "patch")];
  expect(answers).toEqual(["yes", "no", "yes"]);
});
