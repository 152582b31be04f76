import { expect, test } from "bun:test";
import { createStores } from "../../controller/rollout/facts/stores.ts";
import { violationText } from "../../kube/validation/violation.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { refusal, testApi } from "../../test/apiServer.ts";
import { cachedRules } from "./cachedRules.ts";

const quiet = (): void => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const labels = { app: "web" };
const template = { metadata: { labels }, spec: { containers: [{ name: "web", image: "web:1" }] } };
const canary = {
  stableService: "stable",
  canaryService: "canary",
  trafficRouting: { nginx: { stableIngress: "web" } },
};

const containing = (text: string): string => expect.stringContaining(text) as string;

const rollout = (name: string, more: object = {}): Rollout => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name, namespace: "ns", uid: name, resourceVersion: "1" },
  spec: { replicas: 5, selector: { matchLabels: labels }, template, strategy: { canary }, ...more },
});

function set() {
  const api = testApi({ namespaces: ["ns", "other"] });
  const stores = createStores();
  const ending = new AbortController();
  const ports = { client: api.client, clock: api.clock, log, stores, routing: { nginxIngressClasses: ["inner"] } };
  const rules = cachedRules(ports, undefined, ending.signal);
  const review = async (object: unknown) => {
    const untilMs = api.clock.now() + 1_000;
    const found = await rules.find?.([object], "Rollout", "ns", untilMs);
    const { refuse, warn } = rules.findings(object, "Rollout", "ns", found);
    const ours = new Set([
      "pods-of-another",
      "service-shared",
      "autoscalers",
      "ingress-service",
      "ingress-missing",
      "ingress-class",
    ]);
    return [...refuse, ...warn].filter(({ rule }) => ours.has(rule)).map(violationText);
  };
  return { ...api, stores, review, end: () => ending.abort() };
}

const service = (name: string) => ({ name, port: { number: 80 } });
const ingress = (name: string, backend: string) => ({
  metadata: { name, namespace: "ns" },
  spec: { rules: [{ http: { paths: [{ path: "/", pathType: "Prefix", backend: { service: service(backend) } }] } }] },
});
const deployment = (name: string, namespace: string, replicas: number) => ({
  metadata: { name, namespace },
  spec: { replicas, selector: { matchLabels: labels }, template },
});
const autoscaler = (name: string) => ({
  metadata: { name, namespace: "ns" },
  spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "web" } },
});

test("the first review knows what is beside a Rollout already, and later ones send no request", async () => {
  const { core, stores, review, requests, end } = set();
  core.create("deployments.apps", deployment("d", "ns", 2));
  core.create("deployments.apps", deployment("gone", "ns", 0));
  core.create("deployments.apps", deployment("e", "other", 2));
  core.create("horizontalpodautoscalers.autoscaling", autoscaler("a"));
  core.create("horizontalpodautoscalers.autoscaling", autoscaler("b"));
  core.create("ingresses.networking.k8s.io", ingress("web", "elsewhere"));
  stores.rollouts.upsert(rollout("old"));
  const told = [
    containing("ingress `web` has no rules using service stable backend"),
    containing('Rollout "old" selects the same pods'),
    containing('Deployment "d" has the same pods'),
    containing('stableService: Invalid value: "stable": Rollout "old" names this Service, too'),
    containing('canaryService: Invalid value: "canary": Rollout "old" names this Service, too'),
    containing('HorizontalPodAutoscalers "a", "b" all scale this Rollout'),
  ];
  expect(await review(rollout("web"))).toEqual(told);
  const before = requests.length;
  expect(await review(rollout("web"))).toEqual(told);
  expect(requests.length).toBe(before);
  end();
});

test("a Rollout without an Ingress does not make Ingresses be watched, and nothing is before the first review", async () => {
  const { review, requests, end } = set();
  const asked = (plural: string) => requests.filter(({ path }) => path.endsWith(`/${plural}`)).length;
  expect(["deployments", "horizontalpodautoscalers", "ingresses"].map(asked)).toEqual([0, 0, 0]);
  expect(await review(rollout("web", { strategy: { canary: {} } }))).toEqual([]);
  expect(asked("deployments")).toBeGreaterThan(0);
  expect(asked("ingresses")).toBe(0);
  expect(await review(rollout("web"))).toEqual([containing("not found")]);
  end();
});

test("an Ingress of another class than the controller's is warned of", async () => {
  const { core, review, end } = set();
  const of = (ingressClassName: string) => {
    const { metadata, spec } = ingress("web", "stable");
    return { metadata, spec: { ...spec, ingressClassName } };
  };
  core.create("ingresses.networking.k8s.io", of("nginx"));
  expect(await review(rollout("web"))).toEqual([containing('has the class "nginx", which is none of NGINX\'s: inner')]);
  core.modify({ resource: "ingresses.networking.k8s.io", namespace: "ns", name: "web" }, (old) => ({
    ...old,
    spec: of("inner").spec,
  }));
  await Bun.sleep(20);
  expect(await review(rollout("web"))).toEqual([]);
  end();
});

test("what we may not read is not known: nobody waits for it, and nothing is said", async () => {
  const { hook, review, end } = set();
  hook.before = (request) => {
    if (/deployments|autoscalers|ingresses/.test(request.path)) throw refusal(request, 403, "Forbidden");
  };
  expect(await review(rollout("web"))).toEqual([]);
  expect(await review(rollout("web"))).toEqual([]);
  end();
});

test("a Rollout that is being deleted is in nobody's way, and one of a workload is by that one's pods", async () => {
  const { stores, review, end } = set();
  const going = rollout("old");
  stores.rollouts.upsert({ ...going, metadata: { ...going.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } });
  expect(await review(rollout("web", { strategy: { canary: {} } }))).toEqual([]);
  const workloadRef = { apiVersion: "apps/v1", kind: "Deployment", name: "d" };
  stores.rollouts.upsert(
    rollout("ref", { workloadRef, template: undefined, selector: undefined, strategy: { canary: {} } }),
  );
  expect(await review(rollout("web", { strategy: { canary: {} } }))).toEqual([]);
  stores.workloads.Deployment.objects.upsert({
    apiVersion: "apps/v1",
    kind: "Deployment",
    ...deployment("d", "ns", 0),
    metadata: { name: "d", namespace: "ns", uid: "d", resourceVersion: "1" },
  } as never);
  expect(await review(rollout("web", { strategy: { canary: {} } }))).toEqual([
    containing('Rollout "ref" selects the same pods'),
  ]);
  end();
});
