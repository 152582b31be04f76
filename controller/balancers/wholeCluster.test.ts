/** Target groups that AWS is late with, in a whole cluster in this process: its clock is the test's. */
import { expect, test } from "bun:test";
import { manualClock } from "../../kube/clock/clock.ts";
import type { SendHttp } from "../../providers/metrics/measuring/http.ts";
import { alb } from "../../providers/traffic/alb.ts";
import { settingsBy } from "../../providers/traffic/settings.ts";
import type { Rollout, RolloutStrategy } from "../../schema/rollout.ts";
import { startLocalCluster } from "../../simulator/local/localCluster.ts";
import type { Draft } from "../../simulator/model/model.ts";
import { answerOfElb, type FakeElb, groupArn } from "../../test/fakeElb.ts";
import { abort, blueGreen, canary, type Edit, image, rolloutOf, setWeight } from "../../test/golden/edits.ts";

const namespace = "default";
const place = { resource: "rollouts.argoproj.io", namespace, name: "web" };
const bindings = "targetgroupbindings.elbv2.k8s.aws";
const HOSTNAME = "k8s-web.eu-west-1.elb.amazonaws.com";
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const definition = {
  metadata: { name: bindings },
  spec: {
    group: "elbv2.k8s.aws",
    scope: "Namespaced",
    names: {
      kind: "TargetGroupBinding",
      listKind: "TargetGroupBindingList",
      plural: "targetgroupbindings",
      singular: "targetgroupbinding",
    },
    versions: [
      {
        name: "v1beta1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};

async function stage(strategy: RolloutStrategy, services: readonly string[], isOn = true) {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const elb: FakeElb = { balancers: [], calls: [] };
  const http: SendHttp = async ({ body = "" }) => ({ kind: "answered", headers: {}, ...answerOfElb(elb, body) });
  const cluster = await startLocalCluster({
    clock,
    log,
    version: "0.0.0",
    source: () => http,
    environment: (name) => (name === "AWS_REGION" ? "eu-west-1" : undefined),
    routing: settingsBy(alb.settings, ({ name }) => (name === "awsVerifyTargetGroup" ? isOn : undefined)),
  });
  const { core } = cluster;
  core.create("customresourcedefinitions.apiextensions.k8s.io", definition);
  const backend = { service: { name: services[0], port: { name: "use-annotation" } } };
  const rules = [{ http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }];
  core.create("ingresses.networking.k8s.io", {
    metadata: { name: "web", namespace },
    spec: { ingressClassName: "alb", rules },
  });
  const ingress = { resource: "ingresses.networking.k8s.io", namespace, name: "web" };
  const status = { loadBalancer: { ingress: [{ hostname: HOSTNAME }] } };
  core.modify(ingress, (old) => ({ ...old, status }), { subresource: "status" });
  for (const name of services) {
    const spec = { selector: { app: "web" }, ports: [{ name: "http", port: 80, targetPort: 8080 }] };
    core.create("services", { metadata: { name, namespace }, spec });
    const serviceRef = { name, port: 80 };
    core.create(bindings, {
      metadata: { name, namespace },
      spec: { targetGroupARN: groupArn(name), targetType: "ip", serviceRef },
    });
  }
  const targetsOf = (service: string): readonly string[] =>
    core
      .list("endpointslices.discovery.k8s.io", { namespace })
      .map((one) => JSON.parse(JSON.stringify(one)) as Slice)
      .filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === service)
      .flatMap(({ endpoints = [], ports = [] }) =>
        endpoints.flatMap(({ addresses }) => addresses.map((address) => `${address}:${ports[0]?.port ?? 0}`)),
      );
  /** AWS has this weight for the canary from now on, and the pods of these Services. */
  const aws = (weight: number, registered: readonly string[]): void => {
    const groups = services.map((name) => ({
      name,
      tags: { "ingress.k8s.aws/resource": `${namespace}/web-${name}:80` },
      targets: registered.includes(name) ? targetsOf(name) : [],
    }));
    const forward = { canary: weight, stable: 100 - weight };
    elb.balancers = [{ name: "k8s-web", hostname: HOSTNAME, groups, listeners: [[forward]] }];
  };
  aws(0, []);
  const { uid: _, ...metadata } = rolloutOf({}).metadata;
  core.create(place.resource, { ...rolloutOf({ replicas: 2, strategy }), metadata } as unknown as Draft);
  const rollout = (): Rollout => core.get(place) as unknown as Rollout;
  const edit = (change: Edit): void => {
    const next = change(rollout());
    core.modify(place, (old) => ({ ...old, status: next.status }), { subresource: "status" });
    core.modify(place, (old) => ({ ...old, spec: next.spec }));
  };
  const seen = () => {
    const { status } = rollout();
    return [status?.phase, status?.currentStepIndex, status?.canary?.weights?.canary.weight];
  };
  await clock.advance(20_000);
  return { clock, cluster, elb, aws, edit, rollout, seen };
}

interface Slice {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>> };
  readonly endpoints?: readonly { readonly addresses: readonly string[] }[];
  readonly ports?: readonly { readonly port: number }[];
}

const byAlb = canary([setWeight(50)], {
  stableService: "stable",
  canaryService: "canary",
  trafficRouting: { alb: { ingress: "web", servicePort: 80 } },
});

test("a canary goes from weight to weight as AWS takes each over", async () => {
  const { clock, cluster, aws, edit, rollout, seen } = await stage(byAlb, ["stable", "canary"]);
  expect(rollout().status?.alb).toMatchObject({ loadBalancer: { name: "k8s-web" } });
  edit(image("web:2"));
  await clock.advance(40_000);
  expect(seen()).toEqual(["Progressing", 0, 50]);
  aws(50, []);
  await clock.advance(25_000);
  expect(seen()).toEqual(["Progressing", 1, 100]);
  aws(100, []);
  await clock.advance(60_000);
  expect(seen()).toEqual(["Healthy", 1, 0]);
  expect(rollout().status?.replicas).toBe(4);
  aws(0, ["stable"]);
  await clock.advance(60_000);
  expect(rollout().status?.replicas).toBe(2);
  await cluster.stop();
});

test("a blue-green update waits for its pods, and an abort does not", async () => {
  const strategy = blueGreen({ activeService: "active", previewService: "preview" });
  const { clock, cluster, aws, edit, rollout } = await stage(strategy, ["active", "preview"]);
  const selected = () => {
    const { status } = rollout();
    return [status?.phase, status?.blueGreen?.activeSelector === status?.stableRS];
  };
  edit(image("web:2"));
  await clock.advance(40_000);
  expect(selected()).toEqual(["Progressing", false]);
  edit(abort);
  await clock.advance(5_000);
  expect(selected()).toEqual(["Degraded", true]);
  edit(image("web:3"));
  await clock.advance(20_000);
  expect(selected()).toEqual(["Progressing", false]);
  aws(0, ["active"]);
  await clock.advance(20_000);
  expect(selected()).toEqual(["Healthy", true]);
  await cluster.stop();
});

test("without the flag AWS is not asked", async () => {
  const { clock, cluster, elb, edit, seen } = await stage(byAlb, ["stable", "canary"], false);
  edit(image("web:2"));
  await clock.advance(60_000);
  expect([seen(), elb.calls]).toEqual([["Healthy", 1, 0], []]);
  await cluster.stop();
});
