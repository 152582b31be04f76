import { describe, expect, test } from "bun:test";
import { unanswered } from "../../kube/client/apiError.ts";
import { type RequestMembers, rolloutObject } from "../http/testing.ts";
import type { Opinion } from "./secondOpinion.ts";
import { answering, badName, invalid, options, rollout, status, target, templateOf, world } from "./testing.ts";

describe("one answer serves", () => {
  const late = "The API server did not check the pod template in time.";
  const texts = async (opinion: Promise<Opinion> | undefined): Promise<string[]> => {
    const { causes = [], warnings = [] } = (await opinion) ?? {};
    return [...causes.map(({ field }) => field), ...warnings];
  };

  test("all reviews of the same template that come while the question is on its way", async () => {
    const gate = Promise.withResolvers<Error>();
    const { ask, requests } = world(() => gate.promise);
    const opinions = ["one", "two", "three"].map((name) => {
      const named = { ...rollout("web:1"), metadata: { name, namespace: "team-a" } };
      return texts(ask(named, { name, userInfo: { username: name } }));
    });
    gate.resolve(invalid([badName]));
    expect(await Promise.all(opinions)).toEqual([[badName.field], [badName.field], [badName.field]]);
    expect(requests).toHaveLength(1);
  });

  test("those that follow within a second of the question, and no longer", async () => {
    const { ask, requests, clock } = world(answering(invalid([badName]), undefined));
    expect(await texts(ask(rollout("web:1")))).toEqual([badName.field]);
    await clock.advance(999);
    expect(await texts(ask(rollout("web:1")))).toEqual([badName.field]);
    expect(requests).toHaveLength(1);
    await clock.advance(1);
    expect(await texts(ask(rollout("web:1")))).toEqual([]);
    expect(requests).toHaveLength(2);
  });

  test("a Rollout and an Experiment with the same pods, each told by its own path", async () => {
    const { ask, requests } = world((request) => {
      request.warned?.(["policy labels: no team"]);
      return invalid([badName]);
    });
    const spec = { selector: { matchLabels: { app: "web" } }, template: templateOf("web:1"), replicas: 5 };
    const experiment = { ...rolloutObject(), kind: "Experiment", spec: { templates: [{ name: "new", ...spec }] } };
    const warns = (path: string) =>
      `${path}.template: the API server or an admission webhook warns: policy labels: no team`;
    expect(await texts(ask(rollout("web:1")))).toEqual([badName.field, warns("spec")]);
    const field = badName.field.replace(/^spec/, "spec.templates[0]");
    expect(await texts(ask(experiment))).toEqual([field, warns("spec.templates[0]")]);
    expect(requests).toHaveLength(1);
  });

  const resized = rolloutObject({ template: templateOf("web:1"), replicas: 6 });
  test.each<[string, Record<string, unknown>, RequestMembers]>([
    ["another image", rollout("web:2"), {}],
    ["another size, which a policy may ask about", resized, {}],
    ["another namespace", { ...rollout("web:1"), metadata: { name: "web", namespace: "b" } }, { namespace: "b" }],
    ["another way with unknown fields", rollout("web:1"), options("Ignore")],
  ])("no review with %s", async (_, object, members) => {
    const { ask, requests } = world(() => undefined);
    await Promise.all([ask(rollout("web:1")), ask(object, members)]);
    expect(requests).toHaveLength(2);
  });

  test("of failures only those who waited for the same question, which one of them asks once more", async () => {
    const { ask, requests } = world(() => unanswered(target, "Unreachable", "gone", undefined));
    const waiting = Array.from({ length: 5 }, () => texts(ask(rollout("web:1"))));
    expect(await Promise.all(waiting)).toEqual(Array.from({ length: 5 }, () => [late]));
    expect(requests).toHaveLength(2);
    expect(await texts(ask(rollout("web:1")))).toEqual([late]);
    expect(requests).toHaveLength(3);
  });

  test("nobody later where a webhook of others has not answered", async () => {
    const failed = 'Internal error occurred: failed calling webhook "policy.example.com": connection refused';
    const { ask, requests } = world(answering(status(500, "InternalError", failed), undefined));
    expect(await texts(ask(rollout("web:1")))).toHaveLength(1);
    expect(await texts(ask(rollout("web:1")))).toEqual([]);
    expect(requests).toHaveLength(2);
  });

  test("nobody beyond his own time: who came later asks again when the first has run out of his", async () => {
    const { ask, requests, clock } = world((request) => (request.timeoutMs === 1_000 ? "silence" : undefined));
    const first = texts(ask(rollout("web:1")));
    await clock.advance(900);
    const second = texts(ask(rollout("web:1")));
    expect(requests).toHaveLength(1);
    await clock.advance(100);
    expect(await first).toEqual([late]);
    expect(await second).toEqual([]);
    expect(requests.map(({ timeoutMs }) => timeoutMs)).toEqual([1_000, 900]);
  });

  test("from a bounded memory: a very long answer is not kept, and after a second nothing is", async () => {
    const long = Array.from({ length: 200 }, (_, index) => ({ ...badName, message: `${index}: ${"x".repeat(200)}` }));
    const { ask, requests, clock } = world(answering(invalid(long), invalid(long), undefined));
    await ask(rollout("web:1"));
    expect(clock.waiting).toBe(0);
    await ask(rollout("web:1"));
    expect(requests).toHaveLength(2);
    await ask(rollout("web:2"));
    expect(clock.waiting).toBe(1);
    await clock.advance(1_000);
    expect(clock.waiting).toBe(0);
  });
});
