/**
 * Uninstalling Sluice, and what keeps users' Rollouts and pods from being deleted with it; and the install for one
 * namespace. Tests build on each other, in order.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { abort, promote, setImage } from "./harness/userActions.ts";
import type { KubeObject } from "./harness/api.ts";
import { requestsOf } from "./harness/auditLog.ts";
import { otherController } from "./harness/controllerProcess.ts";
import {
  account,
  configurationPath,
  type Installation,
  installYaml,
  manifests,
  ownNamespace,
  podsIn,
  startInstallation,
  uidsOf,
} from "./harness/installation.ts";
import { type Pod, podsOf } from "./harness/podProcess.ts";
import { denials } from "./harness/rights.ts";
import type { RolloutView } from "./harness/rolloutView.ts";
import { healthy, inPhase, newWorld, pausedAt, type World } from "./harness/clusterWorld.ts";

const canary = "rollout-canary";
const guardObjects = ["validatingadmissionpolicy", "validatingadmissionpolicybinding"].map(
  (kind) => `${kind}/sluice-keeps-rollouts`,
);
const ours = test.skipIf(otherController() !== undefined);
let installation: Installation;
let pod: Pod;
/** In the middle of an update. */
let paused: World;

beforeAll(async () => {
  if (otherController() !== undefined) return;
  installation = await startInstallation();
  await installation.kubectl("apply", "-f", installYaml);
  pod = await installation.startPod(ownNamespace, "sluice");
}, 120_000);

afterAll(async () => {
  await installation?.stop();
});

ours(
  "CRDs and the controller's namespace cannot be deleted by surprise, one by one or together",
  async () => {
    const { plane, api, cluster, kubectl } = installation;
    paused = await newWorld("install-kept", cluster);
    await paused.applyExample("rollout-canary.yaml");
    await paused.settle(canary, "Healthy", healthy);
    await setImage(paused, canary, "argoproj/rollouts-demo:yellow");
    await paused.settle(canary, "pauses", pausedAt(1));
    const one = await plane.kubectl(["delete", "crd", "rollouts.argoproj.io"]);
    expect(one.code).toBe(1);
    expect(one.stderr).toContain("docs/uninstall.md");
    const all = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    const query = "labelSelector=app.kubernetes.io/part-of%3Dsluice";
    const together = await api.delete(`${all}?${query}`).catch((error: unknown) => error);
    expect(String(together)).toContain("would delete all that is in it");
    const namespace = await plane.kubectl(["delete", "namespace", ownNamespace]);
    expect(namespace.stderr).toContain("would delete all that is in it");
    await kubectl("annotate", "crd", "experiments.argoproj.io", "sluice.dev/allow-deletion=true");
    await kubectl("delete", "crd", "experiments.argoproj.io", "--dry-run=server");
    await kubectl("annotate", "crd", "experiments.argoproj.io", "sluice.dev/allow-deletion-");
    // The policy does not concern CRDs and namespaces of others.
    await kubectl("create", "namespace", "others");
    await kubectl("delete", "namespace", "others");
  },
  60_000,
);

ours(
  "the documented way to uninstall takes the controller alone",
  async () => {
    const { api, kubectl, until } = installation;
    const pods = uidsOf(await podsIn(paused));
    await pod.child.stop("SIGTERM");
    const { stdout } = await kubectl(
      "delete",
      "-f",
      installYaml,
      "-l",
      "app.kubernetes.io/component in (controller, webhook)",
    );
    expect(stdout).not.toMatch(/^(namespace|customresource|validating)/m);
    await until("its pods are gone", async () => (await podsOf(api, ownNamespace)).length === 0);
    expect(uidsOf(await podsIn(paused))).toEqual(pods);
    // The API server does not call the webhook any more, and nothing prevents the write.
    await paused.patch(canary, { spec: { progressDeadlineSeconds: 700 } });
  },
  60_000,
);

ours(
  "installed again, it goes on where it was",
  async () => {
    const pods = uidsOf(await podsIn(paused));
    await installation.kubectl("apply", "-f", installYaml);
    pod = await installation.startPod(ownNamespace, "sluice-again");
    await paused.settle(canary, "still pauses", pausedAt(1));
    expect(uidsOf(await podsIn(paused))).toEqual(pods);
    await promote(paused, canary);
    await paused.settle(canary, "goes on", pausedAt(3));
    await abort(paused, canary);
    await paused.settle(canary, "aborted", inPhase("Degraded"));
  },
  120_000,
);

ours(
  "deleting the whole file is refused where it would take Rollouts along",
  async () => {
    const { plane, api } = installation;
    const pods = uidsOf(await podsIn(paused));
    await pod.child.stop("SIGTERM");
    // The first time deletes the policy, too; it still refuses until its finalizer is removed.
    for (let times = 1; times <= 3; times++) {
      const { code, stderr } = await plane.kubectl(["delete", "-f", installYaml]);
      expect(code).toBe(1);
      expect(stderr.match(/would delete all that is in it/g)).toHaveLength(6);
    }
    expect(uidsOf(await podsIn(paused))).toEqual(pods);
    const left = await api.list<RolloutView>("/apis/argoproj.io/v1alpha1/rollouts");
    expect(left.items.map(({ metadata }) => metadata.deletionTimestamp)).toEqual([undefined]);
  },
  120_000,
);

ours(
  "for one namespace it is installed by kubectl -n, and keeps to that namespace",
  async () => {
    const { plane, cluster, kubectl } = installation;
    const world = await newWorld("install-one", cluster);
    const { namespace } = world;
    const apply = ["apply", "-n", namespace, "-f", join(manifests, "namespace-install.yaml")];
    expect((await kubectl(...apply)).stderr).toBe("");
    expect((await kubectl(...apply)).stdout).not.toContain("configured");
    pod = await installation.startPod(namespace, "sluice-one");
    await world.applyExample("rollout-canary.yaml");
    await world.settle(canary, "Healthy", healthy);
    await setImage(world, canary, "argoproj/rollouts-demo:yellow");
    await world.settle(canary, "pauses", pausedAt(1));
    await abort(world, canary);
    await world.settle(canary, "aborted", inPhase("Degraded"));
    await pod.child.stop("SIGTERM");
    const requests = await requestsOf(plane.auditLog, account(namespace));
    expect(denials(requests)).toEqual([]);
    expect(requests.filter((request) => request.namespace !== namespace).map(({ uri }) => uri)).toEqual([]);
    expect(requests.length).toBeGreaterThan(20);
  },
  120_000,
);

ours(
  "an orphaned Rollout's pods are taken over by a Deployment of the same selector, without a gap",
  async () => {
    const { api, until } = installation;
    const { rollout } = await paused.scene(canary);
    const { replicas, selector, template } = rollout.spec as RolloutView["spec"] & { selector: unknown };
    const path = paused.path("Rollout", canary);
    await api.delete(path, { propagationPolicy: "Orphan" });
    await until("the Rollout is gone", async () => (await api.get(path).catch(() => undefined)) === undefined);
    const deployments = `/apis/apps/v1/namespaces/${paused.namespace}/deployments`;
    await api.create(deployments, { metadata: { name: "web" }, spec: { replicas, selector, template } });
    const ready: number[] = [];
    await until("the Deployment has all pods", async () => {
      const pods = (await podsIn(paused)) as (KubeObject & {
        status?: { conditions?: { type: string; status: string }[] };
      })[];
      const isReady = ({ metadata, status }: (typeof pods)[number]): boolean =>
        metadata.deletionTimestamp === undefined &&
        status?.conditions?.some((each) => each.type === "Ready" && each.status === "True") === true;
      ready.push(pods.filter(isReady).length);
      const { status } = await api.get<KubeObject & { status?: Record<string, number> }>(`${deployments}/web`);
      return status?.["updatedReplicas"] === 5 && status["availableReplicas"] === 5 && status["replicas"] === 5;
    });
    expect(Math.min(...ready)).toBeGreaterThanOrEqual(4);
    await until("no old pod is left", async () => (await podsIn(paused)).length === 5);
  },
  60_000,
);

ours(
  "the whole file goes when it is said to be meant, and leaves nothing behind",
  async () => {
    const { api, kubectl } = installation;
    await kubectl("apply", "-f", installYaml);
    pod = await installation.startPod(ownNamespace, "sluice-last");
    await installation.until("it has configured itself", async () => await there(configurationPath));
    await pod.child.stop("SIGTERM");
    await kubectl("delete", "rollouts", "--all", "--all-namespaces");
    for (const what of [
      ["crd", "-l", "app.kubernetes.io/part-of=sluice"],
      ["namespace", ownNamespace],
    ]) {
      await kubectl("annotate", ...what, "sluice.dev/allow-deletion=true");
    }
    await kubectl("patch", ...guardObjects, "--type=merge", "-p", '{"metadata":{"finalizers":null}}');
    await kubectl("delete", "--ignore-not-found", "-f", installYaml);
    await installation.until(
      "its webhook configuration goes with the namespace",
      async () => !(await there(configurationPath)),
    );
    const left = await kubectl(
      "get",
      "crd,clusterrole,clusterrolebinding,validatingadmissionpolicy,validatingadmissionpolicybinding",
      "-l",
      "app.kubernetes.io/part-of=sluice",
      "-o",
      "name",
    );
    expect(left.stdout).toBe("");
    async function there(path: string): Promise<boolean> {
      return (await api.get(path).catch(() => undefined)) !== undefined;
    }
  },
  120_000,
);
