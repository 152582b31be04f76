import { describe, expect, test } from "bun:test";
import { type RequestMembers, reviewOf } from "../http/testing.ts";
import { type Answer, parseReview, type PatchOperation, type Review } from "../review/review.ts";
import type { Migrations, NamespaceMode } from "./migrations.ts";
import { reviewMigration } from "./reviewMigration.ts";

type Annotations = Readonly<Record<string, string>>;
const STAMP = { "sluice.dev/managed-by-rollout": "web" };
const WANTS_5 = { ...STAMP, "sluice.dev/replicas-wanted": "5" };
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

const deployment = (replicas: number | undefined, annotations?: Annotations, metadata: object = {}) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "team-a", ...(annotations && { annotations }), ...metadata },
  spec: { ...(replicas !== undefined && { replicas }), selector: { matchLabels: { app: "web" } } },
});

const applied = (replicas: number | undefined, annotations: Annotations, live: number) =>
  deployment(live, { ...annotations, [LAST_APPLIED]: JSON.stringify(deployment(replicas)) });

const APPS = { kind: { group: "apps", version: "v1", kind: "Deployment" } };
const MANAGER = { fieldManager: "kubectl-client-side-apply" };

function reviewing(object: object, members: RequestMembers = {}): Review {
  const request = { ...APPS, options: MANAGER, ...members };
  const parsed = parseReview(reviewOf(object, members["oldObject"] ? { operation: "UPDATE", ...request } : request));
  if (parsed.kind !== "review") throw new Error(parsed.reason);
  return parsed.review;
}

const ours = { namespace: "sluice-system", user: "system:serviceaccount:sluice-system:sluice", instanceId: "" };
const none: Migrations = { rolloutOf: () => undefined, originOf: () => undefined };
const knowing = (origin: "reference" | "adopt" | "own"): Migrations => ({
  rolloutOf: () => undefined,
  originOf: (_, name) => (name === "web" ? origin : undefined),
});
const judge = (review: Review, mode?: NamespaceMode, migrations = none): Answer =>
  reviewMigration(review, migrations, ours, mode);

/** The object with the patch of the answer. */
function stored(review: Review, answer: Answer): ReturnType<typeof deployment> {
  const object = structuredClone(review.object) as Record<string, unknown>;
  for (const operation of answer.patch ?? []) apply(object, operation);
  return object as ReturnType<typeof deployment>;
}

function apply(object: Record<string, unknown>, operation: PatchOperation): void {
  const names = operation.path
    .slice(1)
    .split("/")
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = names.pop() ?? "";
  let place = object;
  for (const name of names) place = place[name] as Record<string, unknown>;
  if (operation.op === "remove") delete place[last];
  else place[last] = operation.value;
}

/** What is stored of the migration: the count and what its owner wants. */
function outcome(review: Review, mode?: NamespaceMode) {
  const answer = judge(review, mode);
  const { spec, metadata } = stored(review, answer);
  return [spec.replicas, metadata.annotations?.["sluice.dev/replicas-wanted"]];
}

describe("a new Deployment", () => {
  test.each([
    [3, 0, "3"],
    [undefined, 0, "1"],
    [0, 0, "0"],
  ])(
    "with %p replicas, in a Namespace that migrates by reference, is stored with %p and wants %p",
    (given, has, wants) => {
      expect(outcome(reviewing(deployment(given)), "reference")).toEqual([has, wants]);
    },
  );

  test("that says so itself is born with 0, too, and its owner is told where the count goes", () => {
    const review = reviewing(deployment(3, { "sluice.dev/migrate": "reference" }));
    expect(outcome(review)).toEqual([0, "3"]);
    expect(judge(review).warnings).toEqual([
      'spec.replicas: 3 goes to Rollout "web", which gets the pods; the Deployment is stored with 0',
    ]);
  });

  test.each<[string, Annotations | undefined, NamespaceMode | undefined]>([
    ["that nobody opts in", undefined, undefined],
    ["that is kept out of its Namespace's migration", { "sluice.dev/migrate": "none" }, "reference"],
    ["that is to be adopted once it runs", undefined, "adopt"],
    ["whose own word is none that we know", { "sluice.dev/migrate": "yes" }, "reference"],
    ["in a Namespace whose word is none that we know", undefined, "other"],
  ])("%s stays as it is", (_, annotations, mode) => {
    expect(judge(reviewing(deployment(3, annotations)), mode).patch ?? []).toEqual([]);
  });

  test("is as it is where a Rollout of its name is its user's own", () => {
    const answer = judge(reviewing(deployment(3)), "reference", knowing("own"));
    expect(answer).toMatchObject({ verdict: "allowed", patch: [] });
    expect(answer.warnings).toEqual([
      'A Rollout "web" that no migration made is there already: this Deployment stays as it is',
    ]);
  });

  test.each<NamespaceMode>(["adopt", "reference"])(
    "beside a Rollout that has adopted its pods is refused (%s)",
    (mode) => {
      const answer = judge(reviewing(deployment(3)), mode, knowing("adopt"));
      expect(answer.verdict).toBe("refused");
      expect(answer.causes[0]?.message).toContain("Change the Rollout instead: `sluice convert -f FILE`");
      const apart = judge(reviewing(deployment(3, { "sluice.dev/migrate": "none" })), mode, knowing("adopt"));
      expect(apart.verdict).toBe("allowed");
    },
  );
});

describe("nothing is touched", () => {
  const owner = [{ apiVersion: "x/v1", kind: "App", name: "a", uid: "u", controller: true }];
  test.each<[string, object, RequestMembers]>([
    ["in kube-system", deployment(3), { namespace: "kube-system" }],
    ["in kube-public", deployment(3), { namespace: "kube-public" }],
    ["in kube-node-lease", deployment(3), { namespace: "kube-node-lease" }],
    ["in our own namespace", deployment(3), { namespace: "sluice-system" }],
    ["of a controller's", deployment(3, undefined, { ownerReferences: owner }), {}],
    ["that is going", deployment(3, undefined, { deletionTimestamp: "2026-01-01T00:00:00Z" }), {}],
    ["but Deployments", { ...deployment(3), kind: "StatefulSet" }, { kind: { group: "apps", kind: "StatefulSet" } }],
    ["of a status", deployment(3), { subResource: "status" }],
  ])("%s", (_, object, members) => {
    expect(judge(reviewing(object, members), "reference")).toEqual({ verdict: "passed", causes: [], warnings: [] });
  });
});

describe("a Deployment whose pods a Rollout has", () => {
  const from = (old: object, object: object, more: RequestMembers = {}) =>
    reviewing(object, { oldObject: old, ...more });

  test("keeps 0, and a new count is carried", () => {
    expect(outcome(from(deployment(0, WANTS_5), deployment(7, WANTS_5)))).toEqual([0, "7"]);
    expect(outcome(from(deployment(0, STAMP), deployment(7, STAMP)))).toEqual([0, "7"]);
  });

  test("is stored as it was where the same manifest is applied again, without a word", () => {
    const review = from(deployment(0, WANTS_5), deployment(5, WANTS_5));
    expect(stored(review, judge(review))).toEqual(deployment(0, WANTS_5));
    expect(judge(review).warnings).toEqual([]);
  });

  test("before it is stamped is kept in the same way, unless it is kept out", () => {
    const held = { "sluice.dev/replicas-wanted": "5" };
    expect(outcome(from(deployment(0, held), deployment(6, held)))).toEqual([0, "6"]);
    const out = { ...held, "sluice.dev/migrate": "none" };
    expect(outcome(from(deployment(0, held), deployment(6, out)))).toEqual([6, "5"]);
  });

  test("is not emptied on its way to 0 by a write about something else, or another count", () => {
    expect(outcome(from(deployment(4, WANTS_5), deployment(4, { ...WANTS_5, note: "x" })))).toEqual([4, "5"]);
    expect(outcome(from(deployment(4, WANTS_5), deployment(5, WANTS_5)))).toEqual([4, "5"]);
    expect(outcome(from(deployment(4, WANTS_5), deployment(9, WANTS_5)))).toEqual([4, "9"]);
  });

  test("keeps the count that we gave it where another has come by without a review, which this one replaces", () => {
    const left = { ...WANTS_5, "sluice.dev/replicas-left": "0" };
    expect(outcome(from(deployment(3, left), deployment(7, left)))).toEqual([0, "7"]);
    expect(outcome(from(deployment(3, left), deployment(3, { ...left, note: "x" })))).toEqual([3, "5"]);
  });

  test("wants 0 where its owner takes the last pods", () => {
    expect(outcome(from(deployment(4, WANTS_5), deployment(0, WANTS_5)))).toEqual([0, "0"]);
  });

  test("wants 0 where the manifest that kubectl applies says so, and our 0 says nothing", () => {
    const old = applied(5, WANTS_5, 0);
    expect(outcome(from(old, applied(0, WANTS_5, 0)))).toEqual([0, "0"]);
    expect(outcome(from(old, { ...old, metadata: { ...old.metadata, labels: { a: "b" } } }))).toEqual([0, "5"]);
    expect(outcome(from(old, applied(undefined, WANTS_5, 0)))).toEqual([0, "5"]);
  });

  test("wants 0 where a server-side apply states it, and the 0 of others is ours", () => {
    const entry = (manager: string, operation: string, spec: object, time = "2026-01-01T00:00:00Z") => ({
      manager,
      operation,
      apiVersion: "apps/v1",
      time,
      fieldsType: "FieldsV1",
      fieldsV1: { "f:spec": spec },
    });
    const with0 = (...managedFields: object[]) => deployment(0, WANTS_5, { managedFields });
    const as = (fieldManager: string) => ({ options: { kind: "UpdateOptions", fieldManager } });
    const states = entry("flux", "Apply", { "f:replicas": {}, "f:template": {} });
    const leaves = entry("flux", "Apply", { "f:template": {} });
    const other = entry("flux", "Update", { "f:template": {} });
    const later = entry("flux", "Update", { "f:template": {} }, "2026-01-01T00:00:09Z");
    const seen = (old: object, object: object, manager = "flux") => outcome(from(old, object, as(manager)));
    expect(seen(with0(states), with0(states))).toEqual([0, "0"]);
    expect(seen(with0(), with0(states))).toEqual([0, "0"]);
    expect(seen(with0(states, other), with0(states, other))).toEqual([0, "0"]);
    expect(seen(with0(leaves), with0(leaves))).toEqual([0, "5"]);
    expect(seen(with0(states), with0(states, other))).toEqual([0, "5"]);
    expect(seen(with0(states, other), with0(states, later))).toEqual([0, "5"]);
    expect(seen(with0(states), with0(states), "kubectl-label")).toEqual([0, "5"]);
  });

  test("is paused while it does not say that the Rollout of its new template is not done", () => {
    const template = (image: string) => ({ spec: { containers: [{ image }] } });
    const with1 = (image: string, replicas = 0, more: object = {}, status: object = {}) => {
      const { spec, ...object } = deployment(replicas, WANTS_5);
      return { ...object, spec: { ...spec, template: template(image), ...more }, status };
    };
    const pause = (old: object, object: object) => {
      const review = from(old, object);
      const { spec, metadata } = stored(review, judge(review)) as unknown as ReturnType<typeof with1>;
      const { paused } = spec as { readonly paused?: boolean };
      return [paused, metadata.annotations?.["sluice.dev/paused-for-rollout"]];
    };
    const told = { conditions: [{ type: "Reconciling", status: "True" }] };
    expect(pause(with1("web:1"), with1("web:2"))).toEqual([true, "true"]);
    expect(pause(with1("web:1"), with1("web:1"))).toEqual([undefined, undefined]);
    expect(pause(with1("web:1", 2), with1("web:2", 2))).toEqual([undefined, undefined]);
    expect(pause(with1("web:1", 0, {}, told), with1("web:2", 0, {}, told))).toEqual([undefined, undefined]);
    expect(pause(with1("web:1"), with1("web:2", 0, { paused: true }))).toEqual([true, undefined]);
  });

  test("keeps our marks where a replacement has lost them", () => {
    const old = { ...WANTS_5, "sluice.dev/replicas-before-rollout": "5" };
    const review = from(deployment(0, old), deployment(5));
    expect(stored(review, judge(review))).toEqual(deployment(0, old));
  });

  test("is written by the loop as the loop likes, also where a person has the same user", () => {
    const loop = { userInfo: { username: ours.user }, options: {} };
    expect(judge(from(deployment(0, WANTS_5), deployment(5), loop)).verdict).toBe("passed");
    const person = { userInfo: { username: ours.user } };
    expect(outcome(from(deployment(0, WANTS_5), deployment(7, WANTS_5), person))).toEqual([0, "7"]);
  });

  test("is written by the loop where we do not know its name, if that changes the marks", () => {
    const unknown = { ...ours, user: undefined };
    const restoring = from(deployment(0, WANTS_5), deployment(5, STAMP), { options: {} });
    expect(reviewMigration(restoring, none, unknown).verdict).toBe("passed");
    const other = from(deployment(0, WANTS_5), deployment(5, WANTS_5), { options: {} });
    expect(stored(other, reviewMigration(other, none, unknown)).spec.replicas).toBe(0);
  });

  test("in a dry run is what it would be", () => {
    expect(outcome(from(deployment(0, WANTS_5), deployment(7, WANTS_5), { dryRun: true }))).toEqual([0, "7"]);
  });
});

test("words that nobody acts on are admitted, and what is right is said", () => {
  const wrong = { "sluice.dev/migrate": "yes", "sluice.dev/profile": "a b", "sluice.dev/replicas-wanted": "many" };
  const said = [
    'sluice.dev/migrate: "yes" has to be "reference", "adopt" or "none": this Deployment stays as it is',
    'sluice.dev/profile: "a b" has to be the name of a profile: a key of a ConfigMap, like "careful"',
    'sluice.dev/replicas-wanted: "many" has to be a number of replicas, like "3"',
  ];
  expect(judge(reviewing(deployment(3, wrong)), "reference").warnings).toEqual(said);
  const update = reviewing(deployment(3, wrong), { oldObject: deployment(3) });
  expect(judge(update)).toMatchObject({ verdict: "allowed", patch: [], warnings: said });
  const again = reviewing(deployment(3, wrong), { oldObject: deployment(3, wrong) });
  expect(judge(again).verdict).toBe("passed");
  expect(judge(reviewing(deployment(3)), "other").warnings).toEqual([
    'The label sluice.dev/migrate of Namespace "team-a" has to be "reference" or "adopt": this Deployment stays as it is',
  ]);
});

describe("the scale of a Deployment", () => {
  const scale = (replicas?: number) => ({
    kind: "Scale",
    metadata: { name: "web" },
    spec: replicas ? { replicas } : {},
  });
  const scaling = (from?: number, to?: number, more: RequestMembers = {}) =>
    reviewing(scale(to), {
      kind: { group: "autoscaling", version: "v1", kind: "Scale" },
      subResource: "scale",
      oldObject: scale(from),
      ...more,
    });
  const held: Migrations = { ...none, rolloutOf: (_, name) => (name === "web" ? "web-rollout" : undefined) };

  test("whose pods a Rollout has is refused, and what to scale instead is said", () => {
    const answer = judge(scaling(undefined, 4), undefined, held);
    expect(answer.causes).toEqual([
      {
        reason: "FieldValueForbidden",
        field: "spec.replicas",
        message:
          'Forbidden: Rollout "web-rollout" has the pods of Deployment "web"; scale that instead: ' +
          "kubectl scale rollout/web-rollout --replicas=4 -n team-a",
      },
    ]);
    expect(judge(scaling(4, undefined), undefined, held).verdict).toBe("refused");
  });

  test("is refused also to a person with the loop's user, as kubectl scale names no field manager", () => {
    const person = { userInfo: { username: ours.user }, options: {} };
    expect(judge(scaling(4, 3, person), undefined, held).verdict).toBe("refused");
  });

  test("passes where it changes nothing, or is no Rollout's", () => {
    expect(judge(scaling(4, 4), undefined, held).verdict).toBe("passed");
    expect(judge(scaling(4, 3)).verdict).toBe("passed");
  });
});

describe("a HorizontalPodAutoscaler", () => {
  const before = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
  const after = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "web" };
  const remembered = { "sluice.dev/scale-target-before": JSON.stringify(before) };
  const scaler = (scaleTargetRef: object, annotations?: Annotations) => ({
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "web", ...(annotations && { annotations }) },
    spec: { scaleTargetRef, maxReplicas: 5 },
  });
  const kind = { group: "autoscaling", version: "v2", kind: "HorizontalPodAutoscaler" };
  const stamped: Migrations = { ...none, rolloutOf: (_, name) => (name === "web" ? "web" : undefined) };
  const seen = (object: object, migrations: Migrations): unknown => {
    const review = reviewing(object, { kind });
    return stored(review, judge(review, undefined, migrations));
  };

  test.each([
    ["its Deployment is stamped", stamped],
    ["the Rollout of its name was made by reference", knowing("reference")],
    ["the Rollout of its name has adopted the pods", knowing("adopt")],
  ])("scales the Rollout where %s, and remembers what it scaled", (_, migrations) => {
    expect(seen(scaler(before), migrations)).toEqual(scaler(after, remembered));
    expect(seen(scaler(before, remembered), migrations)).toEqual(scaler(after, remembered));
    expect(seen(scaler(after, remembered), migrations)).toEqual(scaler(after, remembered));
  });

  test.each([
    ["is gone", none],
    ["is its user's own", knowing("own")],
  ])("scales its Deployment again when the Rollout %s", (_, migrations) => {
    expect(seen(scaler(after, remembered), migrations)).toEqual(scaler(before, {}));
    expect(seen(scaler(before, remembered), migrations)).toEqual(scaler(before, {}));
  });

  test("belongs to the installation that has pointed it at the Rollout: another leaves it alone", () => {
    const labels = { ...remembered, "argo-rollouts.argoproj.io/controller-instance-id": "b" };
    const review = reviewing(scaler(before), { kind });
    const byB = reviewMigration(review, stamped, { ...ours, instanceId: "b" });
    expect(stored(review, byB)).toEqual(scaler(after, labels) as unknown as ReturnType<typeof deployment>);
    expect(seen(scaler(after, labels), none)).toEqual(scaler(after, labels));
    expect(seen(scaler(before, labels), none)).toEqual(scaler(before, labels));
    const again = reviewing(scaler(after, labels), { kind });
    const back = reviewMigration(again, none, { ...ours, instanceId: "b" });
    expect(stored(again, back)).toEqual(scaler(before, {}) as unknown as ReturnType<typeof deployment>);
  });

  test("of a Rollout that its user has written, or of another Deployment, stays as it is", () => {
    expect(seen(scaler(after), none)).toEqual(scaler(after));
    const other = scaler({ ...before, name: "other" });
    expect(seen(other, stamped)).toEqual(other);
    const broken = scaler(after, { "sluice.dev/scale-target-before": "{" });
    expect(seen(broken, none)).toEqual(broken);
  });
});
