import { describe, expect, test } from "bun:test";
import type { Rollout } from "../../../schema/rollout.ts";
import { templateDigest } from "../hash/templateDigest.ts";
import {
  affinityPatch,
  avoidedHash,
  injectedAntiAffinity,
  replicaSetAffinity,
  withoutAntiAffinity,
} from "./antiAffinity.ts";

const term = {
  labelSelector: { matchExpressions: [{ key: "rollouts-pod-template-hash", operator: "In", values: ["old"] }] },
  namespaces: ["shop"],
  topologyKey: "kubernetes.io/hostname",
};
const own = { labelSelector: { matchLabels: { app: "db" } }, topologyKey: "zone" };
const preferred = { preferredDuringSchedulingIgnoredDuringExecution: { weight: 7 } };
const required = { requiredDuringSchedulingIgnoredDuringExecution: {} };

const rolloutWith = (antiAffinity: object | undefined, affinity?: object, strategy = "canary"): Rollout =>
  ({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "web", namespace: "shop" },
    spec: { strategy: { [strategy]: { antiAffinity } }, template: { spec: { ...(affinity && { affinity }) } } },
    status: { stableRS: "old" },
  }) as unknown as Rollout;

const templateOf = (affinity: object | undefined) => ({ spec: { containers: [], ...(affinity && { affinity }) } });

describe("the hash that new pods keep away from", () => {
  test("is the stable one, under either strategy", () => {
    expect(avoidedHash(rolloutWith(preferred), "new")).toBe("old");
    expect(avoidedHash(rolloutWith(required, undefined, "blueGreen"), "new")).toBe("old");
  });

  test("is none without a wish, before anything is stable, and for the stable revision itself", () => {
    expect(avoidedHash(rolloutWith(undefined), "new")).toBeUndefined();
    expect(avoidedHash({ ...rolloutWith(required), status: {} }, "new")).toBeUndefined();
    expect(avoidedHash(rolloutWith(required), "old")).toBeUndefined();
  });
});

describe("the injected term", () => {
  test("is preferred with its weight, or required", () => {
    expect(replicaSetAffinity(rolloutWith(preferred), "old")).toEqual({
      podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 7, podAffinityTerm: term }] },
    });
    expect(replicaSetAffinity(rolloutWith(required), "old")).toEqual({
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
    });
  });

  test("comes after the template's own terms", () => {
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [own] }, nodeAffinity: {} };
    expect(replicaSetAffinity(rolloutWith(required, affinity), "old")).toEqual({
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [own, term] },
      nodeAffinity: {},
    });
  });

  test.each([
    ["no affinity", undefined],
    ["other terms", { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [own] } }],
    [
      "another affinity",
      { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } },
    ],
  ])("is found and leaves no trace when it is taken out of a template with %s", (_, affinity) => {
    for (const wish of [preferred, required]) {
      const template = templateOf(replicaSetAffinity(rolloutWith(wish, affinity), "old"));
      expect(injectedAntiAffinity(template)).toBe("old");
      expect(templateDigest(withoutAntiAffinity(template))).toBe(templateDigest(templateOf(affinity)));
    }
  });

  test("is not mistaken for a term of the user's", () => {
    const template = templateOf({ podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [own] } });
    expect(injectedAntiAffinity(template)).toBeUndefined();
    expect(withoutAntiAffinity(template)).toBe(template);
  });
});

describe("the patch of a ReplicaSet", () => {
  test("takes away what only the injected term had made", () => {
    expect(affinityPatch(rolloutWith(required), undefined)).toBeNull();
    expect(affinityPatch(rolloutWith(required, { nodeAffinity: {} }), undefined)).toEqual({
      nodeAffinity: {},
      podAntiAffinity: null,
    });
  });

  test("moves the term when the wish has changed its kind", () => {
    expect(affinityPatch(rolloutWith(required), "old")).toEqual({
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: null,
        requiredDuringSchedulingIgnoredDuringExecution: [term],
      },
    });
  });
});
