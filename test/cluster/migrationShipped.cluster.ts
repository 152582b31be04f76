/** Migrating with the shipped component, with the rights of its ServiceAccount and no other. Tests build on each other. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { MANAGED_BY_ROLLOUT, MIGRATE, PROFILE } from "../../schema/labels.ts";
import type { KubeObject } from "./harness/api.ts";
import { requestsOf } from "./harness/auditLog.ts";
import { healthy, type World } from "./harness/clusterWorld.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { createFollowers, wordsAboutFollowers } from "./harness/followers.ts";
import { applyForeignKinds } from "./harness/foreignKinds.ts";
import { account, type Installation, manifests, ownNamespace, startInstallation } from "./harness/installation.ts";
import { deployed, deploymentsOf, said } from "./harness/migrating.ts";
import { denials, rightsOf, unusedRights } from "./harness/rights.ts";

interface Role extends KubeObject {
  readonly rules: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

const name = "web";
const ours = test.skipIf(otherController() !== undefined);
let installation: Installation;

beforeAll(async () => {
  if (otherController() !== undefined) return;
  installation = await startInstallation();
  const { plane, kubectl, cluster, startPod } = installation;
  const dir = join(plane.dir, "migrating");
  await mkdir(dir, { recursive: true });
  const base = relative(dir, manifests);
  const kustomization = { resources: [base], components: [join(base, "components/migrate-deployments")] };
  await Bun.write(join(dir, "kustomization.yaml"), JSON.stringify(kustomization));
  await kubectl("apply", "-k", dir);
  await applyForeignKinds(cluster);
  await startPod(ownNamespace, "sluice");
}, 120_000);

afterAll(() => installation?.stop());

const annotate = (world: World, annotations: Readonly<Record<string, string | null>>): Promise<unknown> =>
  world.harness.api.patch(`${deploymentsOf(world)}/${name}`, "merge", { metadata: { annotations } });

interface Told extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string }[] };
}

const stored = (world: World): Promise<Told> => world.harness.api.get(`${deploymentsOf(world)}/${name}`);

const profiles = {
  metadata: { name: "profiles", namespace: ownNamespace, labels: { "sluice.dev/profiles": "true" } },
  data: { careful: "canary: { steps: [{ setWeight: 5 }, { pause: {} }] }" },
};

ours("a profile of Sluice's own namespace is found, and what looks at the pods is reported", async () => {
  const { api, cluster, until } = installation;
  await api.create(`/api/v1/namespaces/${ownNamespace}/configmaps`, profiles);
  const world = await deployed("shipped-reference", name, cluster);
  await createFollowers(world, name);
  await annotate(world, { [MIGRATE]: "reference", [PROFILE]: "careful" });
  await until("there is a Rollout", async () => (await world.scene(name).catch(() => undefined)) !== undefined);
  await world.settle(name, "Healthy", healthy);
  await until("all is said", async () => (await said(world, "Deployment")).length >= 4);
  const words = (await said(world, "Deployment")).filter((one) => one.includes("FollowUp"));
  expect(words).toEqual([...wordsAboutFollowers(world, name)]);
  const { rollout } = await world.scene(name);
  expect(JSON.stringify(rollout)).toContain('"steps":[{"setWeight":5},{"pause":{}}]');
  await api.patch(`${deploymentsOf(world)}/${name}`, "strategic", {
    spec: { template: { spec: { containers: [{ name, image: "argoproj/rollouts-demo:green" }] } } },
  });
  await until("it tells of its Rollout's update", async () => {
    const { status: { conditions = [] } = {} } = await stored(world);
    return conditions.some(({ type }) => type === "Reconciling");
  });
  await annotate(world, { [MIGRATE]: null });
  await until(
    "it is a Deployment like others",
    async () => (await stored(world)).metadata.annotations?.[MANAGED_BY_ROLLOUT] === undefined,
    60_000,
  );
});

ours("a Deployment of a Namespace that asks is adopted, and its autoscaler with it", async () => {
  const { api, cluster, until } = installation;
  const world = await deployed("shipped-adopt", name, cluster);
  const autoscalers = `/apis/autoscaling/v2/namespaces/${world.namespace}/horizontalpodautoscalers`;
  await api.create(autoscalers, {
    metadata: { name },
    spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name }, minReplicas: 3, maxReplicas: 5 },
  });
  await api.patch(`/api/v1/namespaces/${world.namespace}`, "merge", { metadata: { labels: { [MIGRATE]: "adopt" } } });
  await until("the Rollout has its pods", async () => {
    const scene = await world.scene(name).catch(() => undefined);
    return scene !== undefined && scene.replicaSets.length === 1 && healthy(scene.rollout, scene);
  });
  const { spec } = await api.get<KubeObject & { readonly spec: object }>(`${autoscalers}/${name}`);
  expect(spec).toMatchObject({ scaleTargetRef: { kind: "Rollout" } });
});

ours("nothing it asked was denied, and it used every right of the component", async () => {
  const { plane, api } = installation;
  const requests = await requestsOf(plane.auditLog, account(ownNamespace));
  expect(denials(requests)).toEqual([]);
  const { rules } = await api.get<Role>("/apis/rbac.authorization.k8s.io/v1/clusterroles/sluice-migration");
  const ofComponent = rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}${group === "" ? "" : `.${group}`}`)),
    ),
  );
  expect(ofComponent.length).toBeGreaterThan(10);
  const unused = unusedRights(await rightsOf(api, ownNamespace, "sluice"), requests);
  // The webhook's configuration is the story of a file of its own: nobody reaches the webhook here.
  expect(unused.filter((right) => ofComponent.includes(right))).toEqual([]);
});
