import { describe, expect, test } from "bun:test";
import type { Workload } from "../../schema/kube.ts";
import { autoscalerKind, deploymentKind, ingressKind } from "./slimKinds.ts";

const metadata = { name: "web", namespace: "prod", uid: "9b2d7c1e-0000-4000-8000-000000000001", resourceVersion: "1" };
const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const labels = Object.fromEntries(many(8, (i) => [`app.kubernetes.io/label-${i}`, `a-value-of-some-length-${i}`]));

function deployment(spec: object = {}, annotations: Record<string, string> = {}): Workload {
  const containers = many(5, (i) => ({
    name: `c${i}`,
    image: "x".repeat(200),
    env: many(50, (n) => ({ name: `E${n}`, value: "v" })),
  }));
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      ...metadata,
      labels,
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": "x".repeat(9000), ...annotations },
    },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
      ...spec,
    },
  } as Workload;
}

describe("of a Deployment", () => {
  test("who owns which pods is kept, in less than 2 KiB", () => {
    const slim = deploymentKind.slim(deployment());
    expect(slim).toEqual({
      metadata,
      owner: { kind: "Deployment", name: "web", selector: { matchLabels: labels }, labels },
    });
    expect(JSON.stringify(slim).length).toBeLessThan(2048);
  });

  test("nothing is kept where it has no pods, or is to become a Rollout", () => {
    expect(deploymentKind.slim(deployment({ replicas: 0 }))).toBeUndefined();
    expect(deploymentKind.slim(deployment({}, { "sluice.dev/migrate": "adopt" }))).toBeUndefined();
  });

  test("of one whose pods a Rollout has, or is about to have, that Rollout is kept", () => {
    const stamped = deploymentKind.slim(deployment({}, { "sluice.dev/managed-by-rollout": "web" }));
    expect(stamped).toEqual({ metadata, rollout: "web" });
    expect(JSON.stringify(stamped).length).toBeLessThan(2048);
    const held = { "sluice.dev/replicas-wanted": "3" };
    expect(deploymentKind.slim(deployment({ replicas: 0 }, held))).toEqual({ metadata, rollout: "web" });
    expect(deploymentKind.slim(deployment({ replicas: 2 }, held))).toHaveProperty("owner");
  });

  test("one that is kept out of the migration owns its pods", () => {
    expect(deploymentKind.slim(deployment({}, { "sluice.dev/migrate": "none" }))).toHaveProperty("owner");
  });
});

test("of an autoscaler its target is kept, if that may be a Rollout's", () => {
  const scaling = (apiVersion: string, kind: string) =>
    autoscalerKind.slim({ metadata, spec: { scaleTargetRef: { apiVersion, kind, name: "w" } } });
  expect(scaling("argoproj.io/v1alpha1", "Rollout")).toEqual({ metadata, target: "prod/Rollout/w" });
  expect(scaling("apps/v1", "Deployment")).toEqual({ metadata, target: "prod/Deployment/w" });
  expect(scaling("apps/v1", "StatefulSet")).toBeUndefined();
  expect(scaling("example.com/v1", "Rollout")).toBeUndefined();
  expect(autoscalerKind.slim({ metadata })).toBeUndefined();
});

test("of an Ingress the class and the Services are kept, each once", () => {
  const path = (name: string) => ({ path: "/", backend: { service: { name, port: { name: "http" } } } });
  const rules = many(50, (i) => ({ host: `${i}.example.com`, http: { paths: [path("a"), path("b")] } }));
  const slim = ingressKind.slim({ metadata, spec: { ingressClassName: "nginx", rules } });
  expect(slim).toEqual({
    metadata,
    spec: {
      ingressClassName: "nginx",
      rules: [{ http: { paths: [{ backend: { service: { name: "a" } } }, { backend: { service: { name: "b" } } }] } }],
    },
  });
  expect(ingressKind.slim({ metadata, spec: { defaultBackend: {} } })?.spec).toEqual({ rules: [] });
  const annotations = { "kubernetes.io/ingress.class": "alb" };
  const annotated = { metadata: { ...metadata, annotations }, spec: { ingressClassName: "nginx" } };
  expect(ingressKind.slim(annotated)?.spec).toEqual({ ingressClassName: "alb", rules: [] });
});
