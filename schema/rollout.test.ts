import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { PodSpec } from "./podSpec.ts";
import { Rollout, RolloutPause } from "./rollout.ts";

const web = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "web", namespace: "shop", uid: "1" },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "web", image: "web:1" }], newInKubernetes2: { a: 1 } },
    },
    strategy: { canary: { steps: [{ setWeight: 20 }, { pause: { duration: "10m" } }] } },
  },
  status: { observedGeneration: "1", canary: {}, blueGreen: {} },
} as const;

/** The parser's output, without its type: to be compared with literals of another type. */
const read = (schema: v.GenericSchema, input: unknown): unknown => v.parse(schema, input);

describe("a Rollout", () => {
  test("reads as it was written", () => {
    expect(read(Rollout, web)).toEqual(web);
  });

  test("keeps members that nobody here knows, at every level", () => {
    const input = {
      ...web,
      later: true,
      spec: { ...web.spec, strategy: { canary: { ...web.spec.strategy.canary, tempo: "slow" } } },
      status: { ...web.status, mood: "good" },
    };
    expect(read(Rollout, input)).toEqual(input);
  });

  test("shares its pod template's spec with the object it was read from: it is not copied", () => {
    const spec: unknown = v.parse(Rollout, web).spec.template?.spec;
    expect(spec).toBe(web.spec.template.spec);
  });

  test("without a namespace or a name has empty ones", () => {
    const { metadata } = v.parse(Rollout, { metadata: { generateName: "web-", creationTimestamp: null }, spec: {} });
    expect(metadata).toEqual({ name: "", namespace: "", generateName: "web-", creationTimestamp: null });
  });

  test.each([
    ["a replica count in words", { replicas: "three" }],
    ["half a replica", { replicas: 1.5 }],
    ["more replicas than 32 bits hold", { replicas: 2 ** 31 }],
    ["steps that are not a list", { strategy: { canary: { steps: { setWeight: 5 } } } }],
    ["a blue-green strategy without active Service", { strategy: { blueGreen: {} } }],
    ["an experiment step without templates", { strategy: { canary: { steps: [{ experiment: {} }] } } }],
    ["a pod template whose spec is a list", { template: { spec: [] } }],
  ])("is refused with %s", (_, spec) => {
    expect(v.is(Rollout, { ...web, spec: { ...web.spec, ...spec } })).toBe(false);
  });

  test("of another kind is refused", () => {
    expect(v.is(Rollout, { ...web, kind: "Deployment" })).toBe(false);
  });
});

test.each([[{}], [{ duration: 30 }], [{ duration: "30" }], [{ duration: "1h30m" }]])(
  "a pause may be %j, as written",
  (pause) => {
    expect(read(RolloutPause, pause)).toEqual(pause);
  },
);

test("a pause of true is refused", () => {
  expect(v.is(RolloutPause, { duration: true })).toBe(false);
});

test("a pod spec is checked where its insides are asked for", () => {
  expect(v.parse(PodSpec, web.spec.template.spec).containers[0]?.image).toBe("web:1");
  expect(v.is(PodSpec, { containers: [{ image: "web:1" }] })).toBe(false);
  expect(v.is(PodSpec, { containers: [{ name: "web", ports: [{ containerPort: "http" }] }] })).toBe(false);
});
