import { describe, expect, test } from "bun:test";
import { unanswered } from "../../kube/client/apiError.ts";
import { rolloutObject } from "../http/testing.ts";
import {
  answering,
  badName,
  invalid,
  options,
  path,
  rollout,
  status,
  strict,
  target,
  templateOf,
  world,
} from "./testing.ts";

describe("what is asked", () => {
  test("is a ReplicaSet of the same template and selector, as a strict dry run, once", async () => {
    const { ask, requests } = world(() => undefined);
    expect(await ask(rollout("web:1"))).toEqual({ causes: [], warnings: [] });
    expect(requests).toEqual([
      {
        method: "POST",
        path,
        query: { dryRun: "All", fieldValidation: "Strict" },
        body: {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          metadata: { generateName: "sluice-dry-run-", namespace: "team-a", labels: { app: "web" } },
          spec: { replicas: 5, selector: { matchLabels: { app: "web" } }, template: templateOf("web:1") },
        },
        accept: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json",
        timeoutMs: 1_000,
        retry: false,
        urgent: true,
        warned: expect.any(Function) as () => void,
      },
    ]);
  });

  test.each([
    "kube-system/replicasets#",
    "kube-system/replicasets?",
    "..",
    "%2e%2e",
    "a/../b",
    "",
    "ns\r\n",
    "x".repeat(254),
  ])(
    "is nothing where the namespace is %j: no request leaves, which a path could turn into a real write",
    async (namespace) => {
      const { ask, requests } = world(() => undefined);
      const reviewed = { ...rollout("web:1"), metadata: { name: "web" } };
      // This must hold for any review, though the form of names is also checked before it gets here.
      const opinion = await ask(reviewed, {}, (review) => ({ ...review, namespace }));
      expect(opinion?.causes).toEqual([]);
      expect(requests).toEqual([]);
    },
  );

  test("is nothing when the template is unchanged, or another workload's", () => {
    const { ask, requests } = world(() => undefined);
    expect(ask(rolloutObject({ replicas: 9 }), { operation: "UPDATE", oldObject: rolloutObject() })).toBeUndefined();
    expect(ask(rolloutObject({ workloadRef: { kind: "Deployment", name: "web" } }))).toBeUndefined();
    expect(ask({ ...rolloutObject(), kind: "AnalysisTemplate" })).toBeUndefined();
    expect(requests).toEqual([]);
  });

  const canary = { canary: { steps: [{ setWeight: 5 }] } };
  test.each<[string, Record<string, unknown>]>([
    ["replicas", rolloutObject({ replicas: 9 })],
    ["steps", rolloutObject({ strategy: canary })],
    ["a pause", rolloutObject({ paused: true })],
    ["a restart", rolloutObject({ restartAt: "2026-01-01T00:00:00Z" })],
    ["annotations", rolloutObject({}, { annotations: { "sluice.dev/admission": "warn" } })],
    ["its status", { ...rolloutObject(), status: { phase: "Paused" } }],
  ])("is nothing where an update changes %s", (_, object) => {
    const { ask, requests } = world(() => undefined);
    expect(ask(object, { operation: "UPDATE", oldObject: rolloutObject() })).toBeUndefined();
    expect(requests).toEqual([]);
  });

  test("are an Experiment's templates that are new or changed, and the paths are theirs", async () => {
    const { ask, requests } = world(() => invalid([badName]));
    const template = (name: string, image: string) => ({
      name,
      selector: { matchLabels: { app: "web" } },
      template: templateOf(image),
    });
    const experiment = (...templates: object[]) => ({ ...rolloutObject(), kind: "Experiment", spec: { templates } });
    const object = experiment(template("new", "web:2"), template("old", "web:1"));
    const opinion = await ask(object, { operation: "UPDATE", oldObject: experiment(template("old", "web:1")) });
    expect(opinion?.causes.map(({ field }) => field)).toEqual(["spec.templates[0].template.spec.containers[0].name"]);
    expect(requests).toHaveLength(1);
  });
});

describe("what refuses", () => {
  test("is what validation says of the template and the selector, each once, and nothing else", async () => {
    const name = { ...badName, field: "metadata.generateName" };
    const selector = { ...badName, field: "spec.selector.matchLabels" };
    const { ask } = world(answering(invalid([badName, name, badName, selector])));
    expect(await ask(rollout("web:1"))).toEqual({ causes: [badName, selector], warnings: [] });
  });

  test("is an unknown field when the writer is strict about them, together with what validation says", async () => {
    const { ask, requests } = world(answering(strict("spec.template.spec.foo", "metadata.bar"), invalid([badName])));
    const opinion = await ask(rollout("web:1"), options("Strict"));
    expect(opinion?.causes.map(({ field, message }) => `${field}: ${message}`)).toEqual([
      "spec.template.spec.foo: Forbidden: unknown field",
      `${badName.field}: ${badName.message}`,
    ]);
    expect(requests.map(({ query }) => query?.["fieldValidation"])).toEqual(["Strict", "Ignore"]);
  });

  test("is no unknown field where the writer wants warnings", async () => {
    const { ask } = world(answering(strict("spec.template.spec.foo"), undefined));
    expect(await ask(rollout("web:1"), options("Warn"))).toEqual({
      causes: [],
      warnings: ["spec.template.spec.foo: Forbidden: unknown field"],
    });
  });

  test("is not even asked about unknown fields where the writer ignores them", async () => {
    const { ask, requests } = world(() => undefined);
    await ask(rollout("web:1"), options("Ignore"));
    expect(requests.map(({ query }) => query?.["fieldValidation"])).toEqual(["Ignore"]);
  });

  test("is on updates only what the template before was not refused for", async () => {
    const worse = { ...badName, field: "spec.template.spec.containers[1].image" };
    const moved = { ...badName, field: "spec.template.spec.containers[3].name" };
    const { ask } = world(answering(invalid([badName, worse]), invalid([moved])));
    const opinion = await ask(rollout("web:2"), { operation: "UPDATE", oldObject: rollout("web:1") });
    expect(opinion?.causes).toEqual([worse]);
  });

  test("is nothing on an update whose template before cannot be asked about", async () => {
    const { ask } = world(answering(invalid([badName]), unanswered(target, "Unreachable", "gone", undefined)));
    const opinion = await ask(rollout("web:2"), { operation: "UPDATE", oldObject: rollout("web:1") });
    expect(opinion).toEqual({ causes: [], warnings: [`${badName.field}: ${badName.message}`] });
  });
});

describe("what only warns", () => {
  const privileged = {
    ...badName,
    field: "spec.template.spec.containers[0].securityContext.privileged",
    message: "Forbidden: disallowed by cluster policy",
  };
  const outcome = (who: string, why: string): string => `spec.template: ${who} would refuse these pods now: ${why}`;
  const quota = 'replicasets.apps "x" is forbidden: exceeded quota: q, requested: count/replicasets.apps=1';
  const vap = `replicasets.apps "x" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no`;
  const hook = 'admission webhook "policy.example.com" denied the request: no';
  const failed = 'Internal error occurred: failed calling webhook "policy.example.com": connection refused';
  test.each([
    ["a quota", status(403, "Forbidden", quota), outcome('ResourceQuota "q"', "requested: count/replicasets.apps=1")],
    [
      "a ValidatingAdmissionPolicy, which answers as validation does",
      status(422, "Invalid", vap, [{ message: vap }]),
      outcome('ValidatingAdmissionPolicy "p"', "no"),
    ],
    [
      "a policy's webhook, whatever it answers",
      status(422, "Invalid", hook, [badName]),
      outcome('admission webhook "policy.example.com"', "no"),
    ],
    [
      "a webhook that refuses without a reason",
      status(400, "BadRequest", hook),
      outcome('admission webhook "policy.example.com"', "no"),
    ],
    [
      "a webhook that does not answer",
      status(500, "InternalError", failed),
      outcome('admission webhook "policy.example.com"', "it does not answer: connection refused"),
    ],
    ["something else", status(403, "Forbidden", "not today"), outcome("the API server", "not today")],
    ["a cluster without privileged pods", invalid([privileged]), `${privileged.field}: ${privileged.message}`],
    [
      "an overloaded API server",
      status(429, "TooManyRequests", "later"),
      "The API server did not check the pod template in time.",
    ],
    [
      "no answer",
      unanswered(target, "Unreachable", "gone", undefined),
      "The API server did not check the pod template in time.",
    ],
  ])("is %s", async (_, error, warning) => {
    expect(await world(() => error).ask(rollout("web:1"))).toEqual({ causes: [], warnings: [warning] });
  });

  test("is what others warn of, saying whose it is", async () => {
    const { ask } = world(({ warned }) => {
      warned?.([
        'would violate PodSecurity "restricted:latest": runAsNonRoot != true',
        "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': no",
        "spec.template.spec.nodeSelector[beta]: deprecated since v1.14",
        "policy labels: no team",
      ]);
      return undefined;
    });
    expect(await ask(rollout("web:1"))).toEqual({
      causes: [],
      warnings: [
        'spec.template: Pod Security admission warns: would violate PodSecurity "restricted:latest": runAsNonRoot != true',
        'spec.template: ValidatingAdmissionPolicy "p" warns: no',
        "spec.template.spec.nodeSelector[beta]: deprecated since v1.14",
        "spec.template: the API server or an admission webhook warns: policy labels: no team",
      ],
    });
  });

  test("is not that a webhook takes no dry runs: the log says so", async () => {
    const { ask, warnings } = world(() =>
      status(400, "BadRequest", 'admission webhook "policy.example.com" does not support dry run'),
    );
    expect(await ask(rollout("web:1"))).toEqual({ causes: [], warnings: [] });
    expect(warnings).toHaveLength(1);
  });

  test("is silence, at the deadline", async () => {
    const { ask, clock } = world(() => "silence");
    const opinion = ask(rollout("web:1"));
    await clock.advance(1_000);
    expect(await opinion).toEqual({ causes: [], warnings: ["The API server did not check the pod template in time."] });
    expect(clock.waiting).toBe(0);
  });

  test("is a stampede: what is more than 64 questions at once is not asked", async () => {
    const { ask, requests, clock } = world(() => "silence");
    const opinions = Array.from({ length: 100 }, (_, index) => ask(rollout(`web:${index}`)));
    expect(requests).toHaveLength(64);
    await clock.advance(1_000);
    expect(
      (await Promise.all(opinions.map(async (opinion) => opinion))).every((opinion) => opinion?.warnings.length === 1),
    ).toBe(true);
  });

  test("is not that we may not ask: the log says so, once", async () => {
    const message = 'replicasets.apps is forbidden: User "system:serviceaccount:a:b" cannot create resource';
    const { ask, warnings } = world(() => status(403, "Forbidden", message));
    expect(await ask(rollout("web:1"))).toEqual({ causes: [], warnings: [] });
    await ask(rollout("web:1"));
    expect(warnings).toEqual(["The API server does not let us check pod templates by dry runs"]);
  });
});
