import { describe, expect, test } from "bun:test";
import { root } from "../../kube/validation/place.ts";
import { at } from "../../kube/validation/place.ts";
import { invalid } from "../../kube/validation/violation.ts";
import { ADOPTING, INSTANCE_LABEL } from "../../schema/labels.ts";
import { examined, exitCodeOf } from "./checks.ts";
import type { NeededRight } from "./facts/facts.ts";
import { known } from "./facts/finding.ts";
import { controller, definitions, facts, hook, lease, NOW, rollout, said, unknown, wrong } from "./testing.ts";

describe("a cluster", () => {
  test("that is healthy has who drives and that mistakes are refused, and nothing else", () => {
    expect(examined(facts()).map(({ severity, about, what }) => `${severity}: ${about}: ${what}`)).toEqual([
      "info: Lease argo-rollouts/argo-rollouts-controller-lock: Sluice (sluice_pod-1_a) holds it, renewed 1s ago",
      "info: ValidatingWebhookConfiguration sluice: a wrong Rollout is refused, with failurePolicy Ignore",
    ]);
  });

  test("of which nothing may be read is unknown, and nothing is claimed", () => {
    const all = examined(
      facts({
        version: unknown,
        serverClock: unknown,
        definitions: unknown,
        controllers: unknown,
        leases: unknown,
        rights: unknown,
        webhooks: unknown,
        rollouts: unknown,
        unjudged: [{ kind: "Service", why: "not for you" }],
        plugins: { kind: "unread", problem: "not for you" },
        templates: [
          {
            kind: "AnalysisTemplate",
            metadata: { name: "t" },
            spec: { metrics: [{ provider: { plugin: { "a/b": {} } } }] },
          },
        ],
      }),
    );
    expect(new Set(all.map(({ severity }) => severity))).toEqual(new Set(["unknown"]));
    expect(new Set(all.map(({ check }) => check)).size).toBe(9);
    expect(exitCodeOf(all)).toBe(2);
  });

  test("ends with 1 for an error, with 0 for warnings alone", () => {
    const of = (...severities: readonly ("error" | "warning" | "unknown" | "info")[]) =>
      exitCodeOf(severities.map((severity) => ({ severity, about: "", what: "", why: "" })));
    expect([of(), of("info", "warning"), of("unknown", "warning"), of("unknown", "error")]).toEqual([0, 0, 2, 1]);
  });

  test("has a command with every error and warning, in every check", () => {
    const all = examined(
      facts({
        version: known("v1.20.0"),
        serverClock: known({ serverMs: NOW + 60_000, askedMs: NOW, answeredMs: NOW }),
        definitions: known([]),
        leases: known([]),
        controllers: known([controller({ ready: 0 })]),
        rights: known([right()]),
        webhooks: known([hook({ readyEndpoints: known(0), authorities: [] })]),
        routed: [{ router: "SMI", group: "g", plural: "p", users: ["a/b"], isServed: known(false) }],
        stranded: [{ namespace: "a", name: "h", target: "b" }],
        secrets: [{ namespace: "a", name: "s", usedBy: "AnalysisTemplate a/t", isThere: known(false) }],
        silences: [{ url: "http://x/", of: "metric", rollouts: ["a/b"], why: "no answer" }],
      }),
    ).filter(({ severity }) => severity === "error" || severity === "warning");
    expect(all.filter(({ mend }) => mend === undefined)).toEqual([]);
    expect(new Set(all.map(({ check }) => check)).size).toBe(11);
  });
});

describe("the API server", () => {
  test("is too old before 1.28", () => {
    expect(wrong("server", { version: known("v1.27.16+k3s1") })).toEqual([
      "error: API server: it is Kubernetes v1.27.16+k3s1",
    ]);
    for (const text of ["v1.28.0", "v1.40.1", "v2.0.0", "", "custom"])
      expect(wrong("server", { version: known(text) })).toEqual([]);
  });

  test("may have another clock, but for the second that it writes", () => {
    const off = (serverMs: number) =>
      wrong("clock", { serverClock: known({ serverMs, askedMs: NOW, answeredMs: NOW + 50 }), leases: known([]) });
    expect(off(NOW - 5_900)).toEqual([]);
    expect(off(NOW + 5_000)).toEqual([]);
    expect(off(NOW + 60_050)).toEqual(["warning: clocks: the API server's clock is 60s ahead of this machine's"]);
    expect(off(NOW - 61_000)).toEqual(["warning: clocks: the API server's clock is 60s behind this machine's"]);
  });

  test("may be behind the controller's node: then its Lease is renewed in the future", () => {
    const ahead = (ms: number) => wrong("clock", { leases: known([lease({ renewedMs: NOW + ms })]) });
    expect(ahead(5_000)).toEqual([]);
    expect(ahead(7_000)).toEqual([
      "warning: Lease argo-rollouts/argo-rollouts-controller-lock: its holder sluice_pod-1_a renewed it 7s in the future",
    ]);
    expect(ahead(60_000)[0]).toStartWith("error: Lease ");
  });
});

describe("the CRDs", () => {
  const [first = {}, ...others] = definitions;
  const changed = (change: (text: string) => string) =>
    wrong("definitions", {
      definitions: known([JSON.parse(change(JSON.stringify(first))) as typeof first, ...others]),
    });
  const name = String(at(root(first), "metadata", "name").value);
  const about = `CustomResourceDefinition ${name}`;

  test("are all there", () => {
    expect(wrong("definitions", { definitions: known(others) })).toEqual([`error: ${about}: it is not installed`]);
  });

  test("are served, in the version that all programs use", () => {
    expect(changed((text) => text.replace('"served":true', '"served":false'))).toEqual([
      `error: ${about}: version v1alpha1 is not served`,
    ]);
    expect(changed((text) => text.replace('"Established","status":"True"', '"Established","status":"False"'))).toEqual([
      `error: ${about}: the API server does not serve it`,
    ]);
    expect(
      changed((text) => text.replace('"storedVersions":["v1alpha1"]', '"storedVersions":["v1","v1alpha1"]')),
    ).toEqual([`warning: ${about}: objects are stored as v1`]);
    expect(
      changed((text) => text.replace('"metadata":{', '"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z",')),
    ).toEqual([`error: ${about}: it is being deleted`]);
  });

  test("know all members that we know; members that they have beyond are another version's", () => {
    const renamed = (from: string, to: string) => changed((text) => text.replaceAll(`"${from}":`, `"${to}":`));
    expect(renamed("pauseConditions", "halts")).toEqual([
      `warning: ${about}: its schema is older than this version of Sluice: it does not know status.pauseConditions`,
    ]);
    const more = definitions.map(
      (each) =>
        JSON.parse(
          JSON.stringify(each).replace('"properties":{', '"properties":{"extra":{"type":"string"},'),
        ) as typeof first,
    );
    expect(said("definitions", { definitions: known(more) })[0]).toBe(
      `info: ${about}: its schema is newer than this version of Sluice, or another program's: it also knows extra`,
    );
  });

  test("may leave members open where we list them", () => {
    const open = definitions.map(
      (each) =>
        JSON.parse(
          JSON.stringify(each, (key, value: unknown) =>
            key === "openAPIV3Schema" ? { type: "object", "x-kubernetes-preserve-unknown-fields": true } : value,
          ),
        ) as typeof first,
    );
    expect(wrong("definitions", { definitions: known(open) })).toEqual([]);
  });
});

function right(more: Partial<NeededRight> = {}): NeededRight {
  return {
    controller: "argo-rollouts/sluice",
    account: "system:serviceaccount:argo-rollouts:sluice",
    group: "argoproj.io",
    resource: "rollouts",
    verb: "get",
    name: undefined,
    namespace: undefined,
    why: "Rollouts are read.",
    isGranted: false,
    ...more,
  };
}

test("rights that are lacking are told for each kind of objects, with all verbs and why", () => {
  const found = examined(
    facts({
      rights: known([
        right(),
        right({ verb: "list" }),
        right({ verb: "watch", isGranted: true }),
        right({ group: "", resource: "configmaps", name: "argo-rollouts-config", namespace: "argo-rollouts" }),
      ]),
    }),
  ).filter(({ check }) => check === "rights");
  expect(found.map(({ what }) => what)).toEqual([
    "system:serviceaccount:argo-rollouts:sluice may not get, list rollouts.argoproj.io in all namespaces",
    'system:serviceaccount:argo-rollouts:sluice may not get configmaps "argo-rollouts-config" in namespace argo-rollouts',
  ]);
  expect(found[0]?.why).toBe("Rollouts are read");
});

describe("Rollouts", () => {
  const check = (object: ReturnType<typeof rollout>, more: Parameters<typeof wrong>[1] = {}) =>
    said("drivenRollouts", { rollouts: known([object]), ...more });
  const labelled = (id: string) => rollout("web", { metadata: { labels: { [INSTANCE_LABEL]: id } } });

  test("have the instance id of a controller that runs", () => {
    expect(check(labelled("blue"))).toEqual(['error: Rollout shop/web: no running controller has instance id "blue"']);
    expect(check(labelled("blue"), { leases: known([lease({ instanceId: "blue" })]) })).toEqual([]);
    expect(check(labelled(ADOPTING))).toEqual(["info: Rollout shop/web: it waits for the pods of its Deployment"]);
  });

  test("stand in a namespace that a controller watches", () => {
    const nobody =
      "error: Rollout shop/web: no running controller drives Rollouts without an instance id in their namespaces";
    const watching = (watches: string) => ({ controllers: known([controller({ watches })]) });
    expect(check(rollout("web"), watching("other"))).toEqual([nobody]);
    expect(check(rollout("web"), watching("shop"))).toEqual([]);
    expect(check(rollout("web"), { leases: known([]) })).toEqual([nobody]);
    // Who drives is not known: the check of the controllers says so.
    expect(check(rollout("web"), { leases: unknown })).toEqual([]);
  });

  test("are told together where one thing is wrong with all of them", () => {
    const rollouts = known(["a", "b", "c", "d", "e"].map((name) => rollout(name)));
    expect(said("drivenRollouts", { rollouts, leases: known([]) })[0]).toStartWith(
      "error: Rollouts shop/a, shop/b, shop/c and 2 more: ",
    );
  });

  test("are looked at within a minute of each change", () => {
    const since = (ms: number, observedGeneration?: string) =>
      check(
        rollout("web", {
          metadata: {
            managedFields: [
              { time: new Date(NOW - ms).toISOString() },
              { time: new Date(NOW).toISOString(), subresource: "status" },
            ],
          },
          status: { observedGeneration },
        }),
      );
    expect(since(59_000, "1")).toEqual([]);
    expect(since(90_000, "2")).toEqual([]);
    expect(since(90_000, "6d4b7c")).toEqual([]);
    expect(since(90_000, "1")).toEqual([
      "error: Rollout shop/web: no controller has looked at its last change, 90s after it was changed: its status is of generation 1, not 2",
    ]);
    expect(since(90_000)).toEqual([
      "error: Rollout shop/web: no controller has looked at it yet, 90s after it was changed",
    ]);
  });
});

test("routers need their kinds of objects", () => {
  const of = { router: "SMI", group: "split.smi-spec.io", plural: "trafficsplits", users: ["shop/web", "shop/api"] };
  const check = (isServed: Parameters<typeof known<boolean>>[0]) =>
    said("routers", { routed: [{ ...of, isServed: known(isServed) }] });
  expect(check(true)).toEqual([]);
  expect(check(false)).toEqual([
    "error: Rollouts shop/web and shop/api: the SMI router works by trafficsplits.split.smi-spec.io, which the cluster does not have",
  ]);
});

test("what admission refuses and what is missing is an error, what it warns of else a warning", () => {
  const place = at(
    root({ spec: { strategy: { canary: { stableService: "gone" } } } }),
    "spec",
    "strategy",
    "canary",
    "stableService",
  );
  const of = (rule: string) => invalid(rule, place, "why");
  const findings = { refuse: [of("service-managed")], warn: [of("service-missing"), of("service-external")] };
  const judged = [{ kind: "Rollout", namespace: "shop", name: "web", findings }];
  expect(said("objects", { judged }).map((line) => line.split(":")[0])).toEqual(["error", "error", "warning"]);
});

test("autoscalers follow where a Rollout has taken a Deployment's place", () => {
  const stranded = [{ namespace: "shop", name: "hpa", target: "web" }];
  const found = examined(facts({ stranded })).find(({ check }) => check === "autoscalers");
  expect(found?.what).toBe("it scales Deployment web, which does not exist, and Rollout web does");
  expect(found?.mend).toBe(
    `kubectl patch hpa hpa -n shop --type merge -p '{"spec":{"scaleTargetRef":{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","name":"web"}}}'`,
  );
});

test("plugins that are named are configured, and disabled ones are meant", () => {
  const rollouts = known(
    ["acme/none", "acme/off"].map((plugin) =>
      rollout("web", { spec: { strategy: { canary: { steps: [{ plugin: { name: plugin } }] } } } }),
    ),
  );
  const lists = {
    metricProviderPlugins: new Map(),
    trafficRouterPlugins: new Map(),
    stepPlugins: new Map([["acme/off", { kind: "disabled" } as const]]),
  };
  expect(said("plugins", { rollouts, plugins: { kind: "read", lists } })).toEqual([
    "error: Rollout shop/web: plugin acme/none cannot be asked",
  ]);
});

test("routers that are plugins are configured, but for the one that is built in", () => {
  const trafficRouting = { plugins: { "acme/edge": {}, "argoproj-labs/gatewayAPI": { httpRoute: "web" } } };
  const rollouts = known([rollout("web", { spec: { strategy: { canary: { trafficRouting } } } })]);
  expect(said("plugins", { rollouts })).toEqual(["error: Rollout shop/web: plugin acme/edge cannot be asked"]);
});

test("Sluice's own providers are named as plugins are, and need no configuration", () => {
  const metrics = ["sluice.dev/pods", "acme/none"].map((name) => ({ provider: { plugin: { [name]: {} } } }));
  const templates = [{ kind: "AnalysisTemplate", metadata: { namespace: "shop", name: "judge" }, spec: { metrics } }];
  const lists = { metricProviderPlugins: new Map(), stepPlugins: new Map(), trafficRouterPlugins: new Map() };
  expect(said("plugins", { templates, plugins: { kind: "read", lists } })).toEqual([
    "error: AnalysisTemplate shop/judge: plugin acme/none cannot be asked",
  ]);
});

test("addresses that do not answer are warned of, as seen from this machine", () => {
  const silences = [
    { url: "http://prom:9090/x", of: "metric \"m\" of AnalysisTemplate 't'", rollouts: ["shop/web"], why: "nobody" },
  ];
  expect(said("metrics", { silences })).toEqual([
    "warning: Rollout shop/web: the metric \"m\" of AnalysisTemplate 't' asks http://prom:9090, which does not answer from this machine (nobody)",
  ]);
});
