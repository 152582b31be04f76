import { describe, expect, test } from "bun:test";
import { readableTemplate } from "./malformed.ts";
import { podTemplateHash } from "./podHash.ts";

const demo = (name: string, spec: object = {}) => ({
  metadata: { labels: { app: name } },
  spec: {
    containers: [{ name, image: "argoproj/rollouts-demo:blue", resources: { requests: { memory: "invalid" } } }],
    ...spec,
  },
});
const nginx = (resources: object, spec: object = {}) => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image: "nginx:1", resources }], ...spec },
});

describe("a template with a value that is not a quantity", () => {
  test("is read without it, with the hash that the reference gave its ReplicaSet", () => {
    const readable = readableTemplate(demo("malformed-rollout"));
    expect(readable?.dropped).toEqual(['spec.template.spec.containers[0].resources.requests.memory: "invalid"']);
    expect(podTemplateHash(readable?.template, undefined)).toBe("59574865c9");
  });

  test("is read without its ephemeral containers, which no template may have", () => {
    const name = "malformed-rollout-ephemeral";
    const ephemeralContainers = demo(name).spec.containers;
    const readable = readableTemplate(demo(name, { ephemeralContainers }));
    expect(podTemplateHash(readable?.template, undefined)).toBe("6cdffddf67");
  });

  test("keeps what comes before it in the order of keys", () => {
    const readable = readableTemplate(nginx({ limits: { cpu: 1 }, requests: { cpu: "100m", memory: "lots" } }));
    expect(readable?.template.spec.containers[0]?.resources).toEqual({ limits: { cpu: 1 }, requests: { cpu: "100m" } });
  });
});

describe("a template of which the reference loses more than the quantity is not read", () => {
  const requests = { memory: "lots" };
  test.each([
    ["another container", { containers: [...nginx({ requests }).spec.containers, { name: "b", image: "b:1" }] }],
    ["volumes", { volumes: [{ name: "v", emptyDir: {} }] }],
    ["a service account", { serviceAccountName: "web" }],
    [
      "mounts",
      { containers: [{ ...nginx({ requests }).spec.containers[0], volumeMounts: [{ name: "v", mountPath: "/v" }] }] },
    ],
    ["other amounts", { containers: nginx({ limits: { cpu: "lots", memory: "1Gi" } }).spec.containers }],
    ["the name of a volume", { volumes: [{ name: "v", emptyDir: { sizeLimit: "huge" } }] }],
  ])("%s", (_, spec) => {
    expect(readableTemplate(nginx({ requests }, spec))).toBeUndefined();
  });
});

test("a sound template needs no reading", () => {
  expect(readableTemplate(nginx({ requests: { memory: "1Gi", cpu: 0.1 }, limits: { cpu: null } }))).toBeUndefined();
});
