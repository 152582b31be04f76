/**
 * What of all that is written is reviewed, what a review costs, and that nothing that somebody writes makes it fail or
 * late.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { otherController } from "./harness/controllerProcess.ts";
import { clusterTemplate, counted, metric, type OwnWebhook, startOwnWebhook, template } from "./harness/ownWebhook.ts";
import { podsOf, rolloutOf } from "./harness/plainRollout.ts";

const ours = test.skipIf(otherController() !== undefined);
const dryRun = ["--dry-run=server"];
const namespace = "first";
let own: OwnWebhook;

beforeAll(async () => {
  if (otherController() === undefined) own = await startOwnWebhook();
}, 90_000);

afterAll(() => own?.stop());

const reviews = (): Promise<readonly string[]> => own.metrics("sluice_admission_review");

ours(
  "only what concerns us is reviewed: no scale, status, label, deletion, nor another instance's object",
  async () => {
    await own.store(rolloutOf("quiet"));
    const total = async (): Promise<number> => counted(await reviews(), /^sluice_admission_reviews_total\{/);
    const before = await total();
    const patch = ["patch", "rollout", "quiet", "-n", namespace, "--type=merge", "-p"];
    for (const args of [
      ["scale", "rollout", "quiet", "-n", namespace, "--replicas=2"],
      ["label", "rollout", "quiet", "-n", namespace, "a=b"],
      [...patch, '{"status":{"message":"m"}}', "--subresource=status"],
      ["delete", "rollout", "quiet", "-n", namespace],
    ]) {
      expect(await own.plane.kubectl(args)).toMatchObject({ code: 0 });
    }
    const labels = { "argo-rollouts.argoproj.io/controller-instance-id": "other" };
    const foreign = rolloutOf("foreign", { canary: { steps: [{ setWeight: 101 }] } });
    await own.store({ ...foreign, metadata: { name: "foreign", labels } });
    expect(await total()).toBe(before);
  },
);

ours("a review sends no request but the dry run of the pods, however much it knows", async () => {
  const requests = async (): Promise<number> => {
    const all = await own.metrics("controller_clientset_k8s_request_total{");
    return counted(all, /^(?!.*kind="(?:replicasets|leases|events)")/);
  };
  const object = rolloutOf("asked", { canary: { stableService: "s", canaryService: "c", steps: [{ setWeight: 50 }] } });
  await own.apply(object, dryRun);
  const before = await requests();
  expect(before).toBeGreaterThan(0);
  for (let count = 0; count < 5; count += 1) await own.apply(object, dryRun);
  expect(await requests()).toBe(before);
});

ours("a review without a uid, as Karmada sends it, is answered with none", async () => {
  const kind = { group: "argoproj.io", version: "v1alpha1", kind: "Rollout" };
  const object = rolloutOf("karmada", { canary: { steps: [{ setWeight: 101 }] } });
  const request = { uid: "", kind, operation: "CREATE", namespace, name: "karmada", object, userInfo: {} };
  const answer = await fetch(`https://127.0.0.1:${own.webhookPort}/validate`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request }),
    tls: { rejectUnauthorized: false },
  });
  expect(await answer.json()).toMatchObject({ response: { uid: "", allowed: false } });
});

/** Nothing of this is sensible; each is judged in time, or refused as too costly. */
const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const hostile: readonly (readonly [what: string, ...objects: object[]])[] = [
  [
    "3,000 metrics, and a Rollout that uses them in each of its steps",
    template("huge", { metrics: many(3_000, (i) => metric(`m${i}`, { successCondition: `result > ${i}` })) }),
    rolloutOf("huge", {
      canary: { steps: many(500, () => ({ analysis: { templates: [{ templateName: "huge" }] } })) },
    }),
  ],
  [
    "templates that include each other in a dense net through the cluster",
    ...many(30, (i) =>
      clusterTemplate(`net-${i}`, {
        metrics: [metric(`n${i}`)],
        templates: many(i, (j) => ({ templateName: `net-${j}`, clusterScope: true })),
      }),
    ),
    rolloutOf("net", { canary: { analysis: { templates: [{ templateName: "net-29", clusterScope: true }] } } }),
    clusterTemplate("net-0", { metrics: [metric("n0")], templates: [{ templateName: "net-29", clusterScope: true }] }),
  ],
  ["a name that is not ASCII", rolloutOf("ünïcode-☃")],
  [
    "labels that are not ASCII",
    rolloutOf("labels", { canary: {} }, { selector: { matchLabels: { ключ: "значение" } } }),
  ],
  [
    "metrics that are not ASCII",
    template("uni", { metrics: [metric("メトリック", { successCondition: "result == '✓'" })] }),
  ],
  ["no spec", { ...rolloutOf("null"), spec: null }],
  ["an empty spec", { ...rolloutOf("empty"), spec: {} }],
  ["a spec of nulls", rolloutOf("nulls", { canary: { steps: [null] } }, { selector: null, template: null })],
  ["a template of nulls", template("nulls", { metrics: [null], args: [null], templates: [null] })],
  ["a strategy of both", rolloutOf("both", { canary: {}, blueGreen: { activeService: "a" } })],
  [
    "half a megabyte of a condition",
    template("long", { metrics: [metric("m", { successCondition: "1 +".repeat(170_000) })] }),
  ],
  [
    "a megabyte of annotations in the pods",
    rolloutOf(
      "fat",
      { canary: {} },
      {
        template: {
          ...podsOf("fat"),
          metadata: { labels: { app: "fat" }, annotations: { a: "x".repeat(1_000_000) } },
        },
      },
    ),
  ],
  ["a thousand steps", rolloutOf("steps", { canary: { steps: many(1_000, (i) => ({ setWeight: i % 101 })) } })],
  [
    "a thousand containers",
    rolloutOf(
      "wide",
      { canary: {} },
      { template: { ...podsOf("wide"), spec: { containers: many(1_000, (i) => ({ name: `c${i}`, image: "x" })) } } },
    ),
  ],
];

describe("whatever is written, it is judged in time:", () => {
  ours.each(hostile.map(([what, ...objects]) => ({ what, objects })))("$what", async ({ objects }) => {
    for (const object of objects) {
      const { stderr } = await own.apply(object, ["--validate=ignore", "--server-side", "--force-conflicts"]);
      expect(stderr).not.toContain("failed calling webhook");
      expect(stderr).not.toContain("Sluice failed over this object");
    }
  });

  ours("none has failed or was late, and the process is the same one", async () => {
    const lines = await reviews();
    expect(counted(lines, /verdict="failed"/)).toBe(0);
    const within = counted(lines, /_duration_seconds_bucket\{.*le="1"/);
    expect(counted(lines, /_duration_seconds_count\{/) - within).toBe(0);
    expect(own.pod.running()).toBe(true);
    expect(await Bun.file(own.pod.logFile).text()).not.toMatch(/level=error/);
  });
});
