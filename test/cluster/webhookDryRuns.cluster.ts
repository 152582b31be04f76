/**
 * When the webhook asks the API server about pod templates, counted in the API server's own audit log, and that what
 * controllers write of Rollouts is not reviewed at all.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { KubeObject } from "./harness/api.ts";
import { requestsOf } from "./harness/auditLog.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { counted, type OwnWebhook, startOwnWebhook } from "./harness/ownWebhook.ts";
import { podsOf, rolloutOf } from "./harness/plainRollout.ts";
import { until } from "./harness/until.ts";

const ours = test.skipIf(otherController() !== undefined);
const rollouts = "/apis/argoproj.io/v1alpha1/namespaces/first/rollouts";
let own: OwnWebhook;

beforeAll(async () => {
  if (otherController() === undefined) own = await startOwnWebhook({ audit: true });
}, 90_000);

afterAll(() => own?.stop());

const byController = () => requestsOf(own.plane.auditLog, "sluice-controller");

/** Dry runs of ReplicaSets that the controller has sent so far. */
async function dryRuns(): Promise<number> {
  const all = await byController();
  return all.filter(({ resource, uri }) => resource === "replicasets" && uri.includes("dryRun=All")).length;
}

const reviews = async (): Promise<number> =>
  counted(await own.metrics("sluice_admission_reviews_total{"), /kind="Rollout"/);

const isObserved = async (name: string): Promise<boolean> => {
  const { metadata, status } = await own.api.get<KubeObject & { status?: { observedGeneration?: string } }>(
    `${rollouts}/${name}`,
  );
  return status?.observedGeneration === String(metadata.generation);
};

/** What the user does, how many reviews that causes, and how many dry runs; until the loop has seen it. */
async function caused(name: string, act: () => Promise<unknown>): Promise<{ reviews: number; dryRuns: number }> {
  const before = { reviews: await reviews(), dryRuns: await dryRuns() };
  await act();
  await until(`the loop has seen ${name}`, () => isObserved(name), 30_000);
  return { reviews: (await reviews()) - before.reviews, dryRuns: (await dryRuns()) - before.dryRuns };
}

ours(
  "a dry run is asked for about a template that is new or changed, and about nothing else that is written",
  async () => {
    const patch = (body: object, path = "asked") => own.api.patch(`${rollouts}/${path}`, "merge", body);
    const steps = { spec: { strategy: { canary: { steps: [{ setWeight: 20 }, { pause: {} }] } } } };
    const image = { spec: { template: { spec: { containers: [{ name: "web", image: "web:2" }] } } } };
    const seen = new Map<string, object>();
    for (const [what, act] of [
      ["created", () => own.api.create(rollouts, rolloutOf("asked"))],
      ["its status", () => patch({ status: { message: "m" } }, "asked/status")],
      ["its scale", () => patch({ spec: { replicas: 3 } }, "asked/scale")],
      ["an annotation", () => patch({ metadata: { annotations: { a: "b" } } })],
      ["replicas", () => patch({ spec: { replicas: 2 } })],
      ["steps", () => patch(steps)],
      ["paused", () => patch({ spec: { paused: true } })],
      ["another image", () => patch(image)],
    ] as const)
      seen.set(what, await caused("asked", act));
    expect(Object.fromEntries(seen)).toEqual({
      created: { reviews: 1, dryRuns: 1 },
      "its status": { reviews: 0, dryRuns: 0 },
      "its scale": { reviews: 0, dryRuns: 0 },
      "an annotation": { reviews: 0, dryRuns: 0 },
      replicas: { reviews: 1, dryRuns: 0 },
      steps: { reviews: 1, dryRuns: 0 },
      paused: { reviews: 1, dryRuns: 0 },
      "another image": { reviews: 1, dryRuns: 1 },
    });
  },
  60_000,
);

ours("what the loop writes of a Rollout, its status and its metadata, is not reviewed", async () => {
  const written = async (): Promise<number> =>
    (await byController()).filter(
      ({ resource, name, code }) => resource === "rollouts" && name === "looped" && code < 400,
    ).length;
  const { reviews } = await caused("looped", () => own.api.create(rollouts, rolloutOf("looped")));
  await until("the loop has written the Rollout", async () => (await written()) > 0, 30_000);
  expect(reviews).toBe(1);
});

ours("twenty reviews of the same template at once cause one dry run a second", async () => {
  const before = { reviews: await reviews(), dryRuns: await dryRuns() };
  const startMs = performance.now();
  const create = (name: string) =>
    own.api.create(`${rollouts}?dryRun=All`, { ...rolloutOf("same"), metadata: { name } });
  await Promise.all(Array.from({ length: 20 }, (_, index) => create(`same-${index}`)));
  const mostDryRuns = 1 + Math.floor((performance.now() - startMs) / 1_000);
  expect((await reviews()) - before.reviews).toBe(20);
  const asked = (await dryRuns()) - before.dryRuns;
  expect(asked).toBeGreaterThan(0);
  expect(asked).toBeLessThanOrEqual(mostDryRuns);
});

ours("another template, in the same second, is asked about by itself", async () => {
  const before = await dryRuns();
  const create = (image: string) =>
    own.api.create(`${rollouts}?dryRun=All`, rolloutOf("other", { canary: {} }, { template: podsOf("other", image) }));
  await Promise.all(["web:1", "web:2", "web:3"].map(create));
  expect((await dryRuns()) - before).toBe(3);
});
