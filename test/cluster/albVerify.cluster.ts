/**
 * AWS target groups that are verified, on a real API server: an HTTP server plays ELBv2 and the AWS load balancer
 * controller, which takes weights and pods over when a story lets it.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type FakeBalancer, type FakeElb, groupArn, serveElb } from "../fakeElb.ts";
import type { KubeObject } from "./harness/api.ts";
import { healthy, healthyAt, inPhase, newWorld, type World } from "./harness/clusterWorld.ts";
import { otherController, ownController } from "./harness/controllerProcess.ts";
import { type StartedHarness, startHarness } from "./harness/harness.ts";
import { sharedDir } from "./harness/kubeBinary.ts";
import { podsOf, rolloutOf } from "./harness/plainRollout.ts";
import { until } from "./harness/until.ts";
import { abort, setImage } from "./harness/userActions.ts";

const oursOnly = test.skipIf(otherController() !== undefined);
const SECRET = "c2VjcmV0-4711";
const ACTION = "alb.ingress.kubernetes.io/actions.stable";

/** The load balancer of one namespace. */
interface Stage {
  readonly world: World;
  /** Which parts of the cluster AWS has taken over. */
  readonly follows: { weights: boolean; targets: boolean };
  balancer: FakeBalancer;
}

const stages: Stage[] = [];
let current: StartedHarness;
const elb: FakeElb = { balancers: [], calls: [] };
const server = serveElb(elb);
elb.refresh = async () => {
  for (const stage of stages) stage.balancer = await takenOver(stage);
  elb.balancers = stages.map(({ balancer }) => balancer);
};

const hostnameOf = (world: World): string => `k8s-${world.namespace}.eu-west-1.elb.amazonaws.com`;
const ingressPath = ({ namespace }: World): string => `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`;

async function weightsOf(world: World): Promise<Readonly<Record<string, number>>> {
  const { metadata } = await world.harness.api.get(`${ingressPath(world)}/web`);
  const action = JSON.parse(metadata.annotations?.[ACTION] ?? "{}") as {
    ForwardConfig?: { TargetGroups: readonly { ServiceName: string; Weight: number }[] };
  };
  const groups = action.ForwardConfig?.TargetGroups ?? [];
  return Object.fromEntries(groups.map(({ ServiceName, Weight }) => [`${world.namespace}-${ServiceName}`, Weight]));
}

interface Slices {
  readonly endpoints?: readonly { readonly addresses: readonly string[] }[];
  readonly ports?: readonly { readonly port: number }[];
}

async function targetsOf({ harness: { api }, namespace }: World, service: string): Promise<readonly string[]> {
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  const { items } = await api.list<KubeObject & Slices>(path);
  return items
    .filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === service)
    .flatMap(({ endpoints = [], ports = [] }) =>
      endpoints.flatMap(({ addresses }) => addresses.map((address) => `${address}:${ports[0]?.port ?? 0}`)),
    );
}

async function takenOver({ world, follows, balancer }: Stage): Promise<FakeBalancer> {
  const groups = await Promise.all(
    balancer.groups.map(async (group) => {
      const service = group.name.slice(world.namespace.length + 1);
      return follows.targets ? { ...group, targets: await targetsOf(world, service) } : group;
    }),
  );
  return {
    ...balancer,
    groups,
    listeners: follows.weights ? [[await weightsOf(world), undefined]] : balancer.listeners,
  };
}

const ingress = {
  metadata: { name: "web" },
  spec: {
    ingressClassName: "alb",
    rules: [
      {
        http: {
          paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "stable", port: { number: 80 } } } }],
        },
      },
    ],
  },
};

const binding = (world: World, service: string) => ({
  apiVersion: "elbv2.k8s.aws/v1beta1",
  kind: "TargetGroupBinding",
  metadata: { name: service },
  spec: {
    targetGroupARN: groupArn(`${world.namespace}-${service}`),
    targetType: "ip",
    serviceRef: { name: service, port: 80 },
  },
});

/** `web:1` serves by these Services, each with a target group that is bound to it. */
async function newStage(topic: string, strategy: object, services: readonly string[]): Promise<Stage> {
  const world = await newWorld(topic, current);
  const { namespace, harness } = world;
  for (const name of services) {
    const spec = { selector: { app: "web" }, ports: [{ name: "http", port: 80, targetPort: 8080 }] };
    await world.create({ apiVersion: "v1", kind: "Service", metadata: { name }, spec });
    await harness.api.create(
      `/apis/elbv2.k8s.aws/v1beta1/namespaces/${namespace}/targetgroupbindings`,
      binding(world, name),
    );
  }
  await harness.api.create(ingressPath(world), ingress);
  const status = { loadBalancer: { ingress: [{ hostname: hostnameOf(world) }] } };
  await harness.api.patch(`${ingressPath(world)}/web/status`, "merge", { status });
  const groups = services.map((name) => ({
    name: `${namespace}-${name}`,
    tags: { "ingress.k8s.aws/resource": `${namespace}/web-${name}:80` },
    targets: [],
  }));
  const stage: Stage = {
    world,
    follows: { weights: true, targets: true },
    balancer: { name: namespace, hostname: hostnameOf(world), groups, listeners: [] },
  };
  stages.push(stage);
  await world.create(rolloutOf("web", strategy, { replicas: 2, template: podsOf("web", "nginx:1") }));
  await world.settle("web", "Healthy", healthy);
  return stage;
}

const told = async ({ world }: Stage, text: string): Promise<boolean> =>
  (await world.events("web")).some((event) => event.includes(text));
const isTold = (stage: Stage, text: string): Promise<unknown> => until(text, () => told(stage, text), 20_000);

const canaryStatus = async ({ world }: Stage) =>
  (await world.scene("web")).rollout.status as {
    readonly currentStepIndex?: number;
    readonly alb?: unknown;
    readonly canary?: {
      readonly weights?: { readonly verified?: boolean; readonly canary: { readonly weight: number } };
    };
  };

beforeAll(async () => {
  if (otherController() !== undefined) return;
  const environment = {
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
    AWS_SECRET_ACCESS_KEY: SECRET,
    AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2: server.url,
  };
  const set = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  current = await startHarness({
    controller: `env ${set.join(" ")} ${ownController} --leader-elect=false --aws-verify-target-group`,
  });
  const crds = join(sharedDir(), "crds/aws-load-balancer.yaml");
  for (const args of [
    ["apply", "--server-side", "-f", crds],
    ["wait", "--for=condition=Established", "--timeout=30s", "crd/targetgroupbindings.elbv2.k8s.aws"],
  ]) {
    const { code, stderr } = await current.kubectl(args);
    if (code !== 0) throw new Error(stderr);
  }
}, 120_000);

afterAll(async () => {
  await current?.stop();
  await server.stop();
});

oursOnly.concurrent(
  "a canary waits for AWS to have its weight, an abort waits for nothing, and old pods stay until the new ones are registered",
  async () => {
    const canary = {
      stableService: "stable",
      canaryService: "canary",
      scaleDownDelaySeconds: 1,
      abortScaleDownDelaySeconds: 1,
      trafficRouting: { alb: { ingress: "web", servicePort: 80 } },
      steps: [{ setWeight: 50 }],
    };
    const stage = await newStage("alb-canary", { canary }, ["stable", "canary"]);
    const { world, follows } = stage;
    const group = groupArn(`${world.namespace}-canary`);
    expect((await canaryStatus(stage)).alb).toMatchObject({ ingress: "web", canaryTargetGroup: { arn: group } });

    follows.weights = false;
    await setImage(world, "web", "nginx:2");
    await isTold(stage, `not verified: canary weight 50 not yet set (current: 0)`);
    expect(await canaryStatus(stage)).toMatchObject({
      currentStepIndex: 0,
      canary: { weights: { verified: false, canary: { weight: 50 } } },
    });
    await abort(world, "web");
    await world.waitFor("web", "aborted", inPhase("Degraded"), 5_000);
    expect((await weightsOf(world))[`${world.namespace}-canary`]).toBe(0);

    follows.weights = true;
    follows.targets = false;
    await setImage(world, "web", "nginx:3");
    await isTold(stage, `Service stable (TargetGroup ${groupArn(`${world.namespace}-stable`)}) not verified: `);
    const { replicaSets } = await world.scene("web");
    expect(replicaSets.map(({ spec }) => spec.replicas)).toEqual([2, 0, 2]);
    follows.targets = true;
    const ended = await world.waitFor(
      "web",
      "old pods end",
      (_, { replicaSets: sets }) => sets[0]?.spec.replicas === 0,
      30_000,
    );
    expect(healthyAt(3)(ended.rollout, ended)).toBe(true);
    expect(await told(stage, "canary weight 50 set")).toBe(true);
    expect(await told(stage, "canary weight 100 set")).toBe(true);
    expect(await told(stage, "verified: 2 endpoints registered")).toBe(true);
    expect((await world.events("web")).join("\n")).not.toContain(SECRET);
  },
  120_000,
);

oursOnly.concurrent(
  "a blue-green update is promoted once AWS has its pods, and aborted without waiting for that",
  async () => {
    const blueGreen = { activeService: "active", scaleDownDelaySeconds: 1 };
    const stage = await newStage("alb-blue-green", { blueGreen }, ["active"]);
    const { world, follows } = stage;
    follows.targets = false;
    await setImage(world, "web", "nginx:2");
    await isTold(stage, "endpoints registered");
    const waiting = await world.scene("web");
    const { stableRS, currentPodHash, blueGreen: own } = waiting.rollout.status ?? {};
    expect([own?.activeSelector, stableRS === currentPodHash]).toEqual([currentPodHash, false]);
    await abort(world, "web");
    const aborted = await world.waitFor("web", "aborted", inPhase("Degraded"), 5_000);
    expect(aborted.rollout.status?.blueGreen?.activeSelector).toBe(stableRS);
    follows.targets = true;
    await setImage(world, "web", "nginx:3");
    await world.waitFor("web", "promoted", healthyAt(3), 30_000);
    expect(await told(stage, "verified: 2 endpoints registered")).toBe(true);
  },
  120_000,
);
