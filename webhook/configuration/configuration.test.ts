import { describe, expect, test } from "bun:test";
import {
  type Configuration,
  configurationFor,
  configurationName,
  correction,
  decidePolicy,
  keepsConditions,
  type DesiredConfiguration,
  type PolicyFacts,
  policyIn,
  policyWakeInMs,
  secretName,
  servingNames,
} from "./configuration.ts";
import { answerProbe } from "../http/probe.ts";

const desired: DesiredConfiguration = {
  endpoint: { kind: "service", name: "sluice-webhook" },
  namespace: "argo-rollouts",
  instanceId: "",
  caBundle: "PEM",
  failurePolicy: "Fail",
  conditions: true,
};

const selectorsOf = (config: Configuration) =>
  config.webhooks?.map((webhook) => [webhook.name, webhook["namespaceSelector"], webhook["objectSelector"]]);

describe("the configuration", () => {
  test("sends only probes to us until a policy is decided", () => {
    const config = configurationFor({ ...desired, failurePolicy: undefined });
    expect(config.webhooks?.map(({ name }) => name)).toEqual(["probe.sluice.dev"]);
    expect(policyIn(config)).toBeUndefined();
    expect(policyIn(configurationFor(desired))).toBe("Fail");
  });

  test("asks for no match conditions where the API server does not keep them, and is content then", () => {
    const plain = configurationFor({ ...desired, conditions: false });
    expect([keepsConditions(configurationFor(desired)), keepsConditions(plain)]).toEqual([true, false]);
    expect(JSON.stringify(plain)).not.toContain("matchConditions");
    expect(correction({ ...plain, metadata: { name: "sluice" } }, configurationFor(desired))).toBeDefined();
    expect(correction(plain, plain)).toBeUndefined();
  });

  test("keeps system namespaces and our own away, and objects of other instances", () => {
    const instance = "argo-rollouts.argoproj.io/controller-instance-id";
    const away = {
      matchExpressions: [
        { key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["kube-system", "argo-rollouts"] },
      ],
    };
    expect(selectorsOf(configurationFor(desired))?.[0]).toEqual([
      "rollouts.sluice.dev",
      away,
      { matchExpressions: [{ key: instance, operator: "DoesNotExist" }] },
    ]);
    expect(selectorsOf(configurationFor({ ...desired, instanceId: "blue" }))?.[0]).toEqual([
      "rollouts.sluice.dev",
      away,
      { matchExpressions: [{ key: instance, operator: "In", values: ["blue"] }] },
    ]);
    expect(selectorsOf(configurationFor({ ...desired, watchedNamespace: "team" }))?.[0]?.[1]).toEqual({
      matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: ["team"] }],
    });
  });

  test("sends ConfigMaps of profiles to us, those of our own namespace, too, and never waits for us", () => {
    const profiles = (more: object) =>
      configurationFor({ ...desired, ...more }).webhooks?.find(({ name }) => name === "profiles.sluice.dev");
    expect(profiles({})).toMatchObject({
      failurePolicy: "Ignore",
      rules: [{ resources: ["configmaps"], operations: ["CREATE", "UPDATE", "DELETE"] }],
      namespaceSelector: { matchExpressions: [{ operator: "NotIn", values: ["kube-system"] }] },
      objectSelector: {
        matchExpressions: [
          { key: "sluice.dev/profiles", operator: "In", values: ["true"] },
          { operator: "DoesNotExist" },
        ],
      },
    });
    const names = { matchExpressions: [{ operator: "In", values: ["team", "argo-rollouts"] }] };
    expect(profiles({ watchedNamespace: "team" })).toMatchObject({ namespaceSelector: names });
    expect(profiles({ failurePolicy: undefined })).toBeUndefined();
  });

  test("has names of its own for each instance, and a certificate for how it is called", () => {
    expect([configurationName(""), secretName("")]).toEqual(["sluice", "sluice-webhook-certificates"]);
    expect([configurationName("a"), secretName("a")]).toEqual(["sluice-a", "sluice-webhook-certificates-a"]);
    expect(servingNames(desired.endpoint, "ns")).toEqual([
      "sluice-webhook.ns.svc",
      "sluice-webhook.ns.svc.cluster.local",
    ]);
    const url = { kind: "url", url: "https://10.0.0.7:8443/" } as const;
    expect(servingNames(url, "ns")).toEqual(["10.0.0.7"]);
    const urls = configurationFor({ ...desired, endpoint: url }).webhooks?.map(
      ({ clientConfig }) => clientConfig["url"],
    );
    expect(urls).toEqual(["validate", "validate", "probe"].map((path) => `https://10.0.0.7:8443/${path}`));
  });
});

describe("a correction", () => {
  const stored: Configuration = {
    ...configurationFor(desired),
    metadata: {
      name: "sluice",
      resourceVersion: "7",
      labels: { team: "a", "app.kubernetes.io/managed-by": "sluice" },
      annotations: { note: "b" },
    },
  };

  test("is not made of what says the same, whatever others have added to its metadata", () => {
    expect(correction(stored, configurationFor(desired))).toBeUndefined();
  });

  test("replaces all webhooks, keeps the metadata of others, and names the version that it was decided on", () => {
    const spoiled = { ...stored, webhooks: stored.webhooks?.slice(0, 1) ?? [] };
    const next = correction(spoiled, configurationFor(desired));
    expect(next?.webhooks).toEqual(configurationFor(desired).webhooks ?? []);
    expect(next?.metadata).toMatchObject({ ...stored.metadata });
  });

  test("gives the configuration an owner that it lacks, and leaves one that we do not know", () => {
    const owned = configurationFor({ ...desired, owner: { name: "argo-rollouts", uid: "u" } });
    const next = correction(stored, owned);
    expect(next?.metadata.ownerReferences).toEqual([
      { apiVersion: "v1", kind: "Namespace", name: "argo-rollouts", uid: "u" },
    ]);
    expect(correction(next, configurationFor(desired))).toBeUndefined();
  });
});

describe("the policy", () => {
  const two: PolicyFacts = {
    override: undefined,
    stored: "Ignore",
    conditions: true,
    reached: true,
    unreachedForMs: 0,
    readyReplicas: 2,
    redundantForMs: 60_000,
  };

  test.each([
    ["is Fail with two replicas that are reached", {}, "Fail"],
    ["is Ignore with one", { readyReplicas: 1, redundantForMs: 0 }, "Ignore"],
    ["falls to Ignore at once when one of two goes", { stored: "Fail", readyReplicas: 1 }, "Ignore"],
    ["stays Ignore while two are only the old and the new pod of one", { redundantForMs: 14_000 }, "Ignore"],
    ["stays Fail when a new leader has just begun to count", { stored: "Fail", redundantForMs: 0 }, "Fail"],
    ["stays Fail when a new leader has not tried the way yet", { stored: "Fail", reached: undefined }, "Fail"],
    ["stays Ignore until the way was tried", { reached: undefined }, "Ignore"],
    [
      "stays Fail for a moment in which we are not reached",
      { stored: "Fail", reached: false, unreachedForMs: 4_000 },
      "Fail",
    ],
    ["is Ignore when we are not reached for long", { stored: "Fail", reached: false, unreachedForMs: 5_000 }, "Ignore"],
    ["is none before we were reached for the first time", { stored: undefined, reached: undefined }, undefined],
    [
      "is none while we were never reached, whatever the flag says",
      { stored: undefined, reached: false, override: "Fail" },
      undefined,
    ],
    ["is Ignore where match conditions are not kept", { conditions: false }, "Ignore"],
    ["is the flag's", { readyReplicas: 1, override: "Fail" }, "Fail"],
    ["is the flag's the other way round", { override: "Ignore" }, "Ignore"],
  ] as const)("%s", (_, facts, expected) => {
    expect(decidePolicy({ ...two, ...facts })).toBe(expected);
  });

  test("is looked at again when time alone changes it", () => {
    expect(policyWakeInMs({ ...two, redundantForMs: 4_000 })).toBe(11_000);
    expect(policyWakeInMs({ ...two, stored: "Fail", reached: false, unreachedForMs: 1_000 })).toBe(4_000);
    expect(policyWakeInMs({ ...two, stored: "Fail" })).toBeUndefined();
    expect(policyWakeInMs({ ...two, override: "Fail" })).toBeUndefined();
  });
});

test("a probe is answered with its number, and anything else with a refusal that has none", () => {
  const review = (labels: object) => ({ request: { uid: "1", object: { metadata: { labels } } } });
  const answerTo = (body: unknown) =>
    (answerProbe(body) as { response: { uid: string; allowed: boolean; status: { message: string } } }).response;
  expect(answerTo(review({ "sluice.dev/webhook-probe": "abc-1" }))).toEqual({
    uid: "1",
    allowed: false,
    status: { code: 403, reason: "Forbidden", message: "sluice webhook reached abc-1" },
  } as never);
  const strange = [
    undefined,
    null,
    1,
    "x",
    [],
    {},
    { request: null },
    review({}),
    review({ "sluice.dev/webhook-probe": "<b>" }),
  ];
  for (const body of strange)
    expect(answerTo(body)).toMatchObject({ allowed: false, status: { message: "this path answers probes only" } });
});
