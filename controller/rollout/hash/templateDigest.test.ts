import { describe, expect, test } from "bun:test";
import { templateDigest } from "./templateDigest.ts";

const wanted = {
  metadata: { labels: { app: "web" } },
  spec: {
    serviceAccountName: "web",
    containers: [
      {
        name: "web",
        image: "web:1",
        ports: [{ containerPort: 80 }],
        resources: { limits: { cpu: "0.5" } },
        livenessProbe: { httpGet: { path: "/live", port: 80 } },
      },
    ],
    volumes: [{ name: "config", configMap: { name: "web" } }],
  },
};

/** As an API server stores it in the ReplicaSet: with its defaults, the hash label and the deprecated account. */
const stored = {
  metadata: { labels: { app: "web", "rollouts-pod-template-hash": "5d4b9f8d5c" } },
  spec: {
    serviceAccountName: "web",
    serviceAccount: "web",
    restartPolicy: "Always",
    dnsPolicy: "ClusterFirst",
    schedulerName: "default-scheduler",
    securityContext: {},
    terminationGracePeriodSeconds: 30,
    containers: [
      {
        name: "web",
        image: "web:1",
        imagePullPolicy: "IfNotPresent",
        ports: [{ containerPort: 80, protocol: "TCP" }],
        resources: { limits: { cpu: "500m" } },
        livenessProbe: {
          httpGet: { path: "/live", port: 80, scheme: "HTTP" },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
        terminationMessagePath: "/dev/termination-log",
        terminationMessagePolicy: "File",
      },
    ],
    volumes: [{ name: "config", configMap: { name: "web", defaultMode: 420 } }],
  },
};

describe("a template's digest", () => {
  test("is the same before and after the API server has stored it", () => {
    expect(templateDigest(stored)).toBe(templateDigest(wanted));
  });

  test("tells an image, a value that is no default, and an added member apart", () => {
    const [container] = wanted.spec.containers;
    const others = [
      { ...wanted, spec: { ...wanted.spec, containers: [{ ...container, image: "web:2" }] } },
      { ...wanted, spec: { ...wanted.spec, terminationGracePeriodSeconds: 60 } },
      { ...wanted, spec: { ...wanted.spec, nodeName: "a" } },
      { ...wanted, metadata: { labels: { app: "web", tier: "front" } } },
    ];
    expect(new Set([wanted, ...others].map(templateDigest)).size).toBe(others.length + 1);
  });

  test("pulls an image without a tag, or with the tag latest, always", () => {
    const of = (image: string, imagePullPolicy?: string): string =>
      templateDigest({
        spec: { containers: [{ name: "web", image, ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }) }] },
      });
    expect(of("web")).toBe(of("web", "Always"));
    expect(of("web:latest")).toBe(of("web:latest", "Always"));
    expect(of("registry:5000/web")).toBe(of("registry:5000/web", "Always"));
    expect(of("web:1")).toBe(of("web:1", "IfNotPresent"));
  });

  test("is a short text for anything at all", () => {
    for (const odd of [undefined, null, 7, [], { spec: [] }]) expect(templateDigest(odd)).toMatch(/^[0-9a-f]{16}$/);
  });
});
