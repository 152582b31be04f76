import { describe, expect, test } from "bun:test";
import { createCorrelator } from "./correlate.ts";
import { createRecorder, type KubeEvent, type RecorderOptions } from "./events.ts";
import { refused } from "./apiError.ts";
import { targetOf } from "./target.ts";
import { memoryApi, status } from "./testing.ts";
import type { KubeRequest } from "./transport.ts";

const about = (name: string, message = "Rollout is paused", more: Partial<KubeEvent> = {}): KubeEvent => ({
  object: {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    name,
    namespace: "ns",
    uid: `uid-${name}`,
    resourceVersion: "7",
  },
  type: "Normal",
  reason: "RolloutPaused",
  message,
  ...more,
});

const world = (before?: (request: KubeRequest) => void, options: Partial<RecorderOptions> = {}) => {
  const api = memoryApi(before);
  const errors: string[] = [];
  const recorder = createRecorder({
    client: api.client,
    clock: api.clock,
    onError: (error, lost) => errors.push(`${(error as Error).message} (${lost})`),
    ...options,
  });
  const kept = () =>
    [...api.objects.values()] as unknown as { message: string; count: number; lastTimestamp: string }[];
  return { ...api, recorder, errors, kept };
};

const failing = (code: number) => (request: KubeRequest) => {
  throw refused(targetOf(request.method, request.path), code, status(code, "", "no"), null);
};

test("an event is written as client-go writes it", async () => {
  const { recorder, clock, objects } = world();
  recorder.record(about("web", "Rollout is paused", { annotations: { revision: "2" } }));
  await clock.advance(0);
  expect([...objects.values()]).toEqual([
    {
      apiVersion: "v1",
      kind: "Event",
      metadata: {
        name: expect.stringMatching(/^web\.17979cfe362a[0-9a-f]{4}$/) as string,
        namespace: "ns",
        annotations: { revision: "2" },
        resourceVersion: "1",
      },
      involvedObject: {
        apiVersion: "argoproj.io/v1alpha1",
        kind: "Rollout",
        namespace: "ns",
        name: "web",
        uid: "uid-web",
        resourceVersion: "7",
      },
      type: "Normal",
      reason: "RolloutPaused",
      message: "Rollout is paused",
      source: { component: "rollouts-controller" },
      reportingComponent: "rollouts-controller",
      reportingInstance: "",
      firstTimestamp: "2023-11-14T22:13:20Z",
      lastTimestamp: "2023-11-14T22:13:20Z",
      count: 1,
    } as never,
  ]);
});

test("an Event about the longest of names has a name that Kubernetes takes", async () => {
  const { recorder, clock, kept } = world();
  recorder.record(about(`${"x".repeat(235)}--${"y".repeat(16)}`));
  recorder.record(about(`${"x".repeat(235)}--${"y".repeat(16)}`));
  await clock.advance(0);
  const [event] = kept() as unknown as { metadata: { name: string } }[];
  expect(event?.metadata.name).toMatch(/^x{235}\.[0-9a-f]{16}$/);
  expect(kept()).toMatchObject([{ count: 2 }]);
});

test("an event about what can be in no path is dropped and told, and holds up no other", async () => {
  const { recorder, clock, errors, requests } = world();
  const { object } = about("web");
  recorder.record(about("web", "x", { object: { ...object, namespace: "kube-system/events#" } }));
  recorder.record(about("web"));
  await clock.advance(0);
  expect(requests).toEqual([expect.stringMatching(/^POST web\./) as string]);
  expect(errors).toEqual([
    'Not asked of the API server: the namespace "kube-system/events#" cannot be part of a path: it has "/", "\\", "?", "#", "%" or a control character (1)',
  ]);
});

test("a burst of events makes room for other requests, and none is lost or late for long", async () => {
  const { recorder, clock, kept } = world();
  for (let n = 0; n < 1_000; n += 1) recorder.record(about(`web-${n}`));
  await clock.advance(1_000);
  const early = kept().length;
  expect({ some: early > 0, few: early < 200 }).toEqual({ some: true, few: true });
  // Nobody waits for those: a status would come late.
  await recorder.told("uid-web-1", 60_000);
  await clock.advance(20_000);
  expect(kept().length).toBe(1_000);
  expect(recorder.pending).toBe(0);
});

test("an equal event raises the count of the first", async () => {
  const { recorder, clock, kept, requests } = world();
  recorder.record(about("web"));
  recorder.record(about("web"));
  await clock.advance(60_000);
  recorder.record(about("web"));
  await clock.advance(0);
  expect(kept()).toMatchObject([{ count: 3, lastTimestamp: "2023-11-14T22:14:20Z" }]);
  expect(requests.map((request) => request.split(" ")[0])).toEqual(["POST", "PATCH", "PATCH"]);
});

test("a count whose Event has expired starts a new one", async () => {
  const { recorder, clock, kept, objects } = world();
  recorder.record(about("web"));
  await clock.advance(0);
  objects.clear();
  recorder.record(about("web"));
  recorder.record(about("web"));
  await clock.advance(0);
  expect(kept()).toMatchObject([{ count: 3 }]);
});

test("events of one object arrive in order, also when one has to be tried again", async () => {
  let calls = 0;
  const { recorder, clock, kept } = world((request) => {
    calls += 1;
    if (calls === 1) failing(503)(request);
  });
  for (let i = 1; i <= 5; i += 1) recorder.record(about("web", `step ${i}`));
  await clock.advance(5_000);
  expect(kept().map(({ message }) => message)).toEqual([1, 2, 3, 4, 5].map((i) => `step ${i}`));
});

test("a second try after a lost answer makes no second Event", async () => {
  const api = memoryApi();
  let lose = true;
  const request = async <T>(sent: KubeRequest): Promise<T> => {
    const answer = await api.client.request<T>(sent);
    if (lose) {
      lose = false;
      failing(504)(sent);
    }
    return answer;
  };
  const recorder = createRecorder({ clock: api.clock, client: { ...api.client, request } });
  recorder.record(about("web"));
  await api.clock.advance(5_000);
  expect([api.objects.size, api.requests.length, recorder.pending]).toEqual([1, 2, 0]);
});

describe("what cannot be sent", () => {
  test("because the server refuses it is dropped, and told once a minute", async () => {
    const { recorder, clock, errors, requests } = world(failing(403));
    for (let i = 0; i < 3; i += 1) recorder.record(about(`web-${i}`));
    await clock.advance(61_000);
    recorder.record(about("web-9"));
    await clock.advance(0);
    expect(requests).toHaveLength(4);
    expect(errors).toEqual([
      'Cannot create events in "ns": HTTP 403 Forbidden: no (1)',
      'Cannot create events in "ns": HTTP 403 Forbidden: no (3)',
    ]);
  });

  test("for the moment is tried six times over half a minute", async () => {
    const { recorder, clock, errors, requests } = world(failing(500));
    recorder.record(about("web"));
    await clock.advance(120_000);
    expect([requests.length, errors.length, recorder.pending]).toEqual([6, 1, 0]);
  });

  test("does not pile up: beyond 10,000 events are dropped", async () => {
    const { recorder, clock, errors } = world(failing(500));
    for (let i = 0; i < 10_500; i += 1) recorder.record(about(`web-${i}`));
    expect(recorder.pending).toBe(10_000);
    await clock.advance(0);
    expect(errors).toEqual(["Event dropped: 10000 wait to be sent (RolloutPaused of web-10000) (1)"]);
  });
});

describe("stopping", () => {
  test("sends what waits", async () => {
    const { recorder, kept } = world();
    for (let i = 0; i < 50; i += 1) recorder.record(about(`web-${i}`));
    await recorder.stop(1_000);
    expect(kept()).toHaveLength(50);
    recorder.record(about("late"));
    expect(recorder.pending).toBe(0);
  });

  test("does not wait longer than allowed", async () => {
    const { recorder, clock } = world(failing(500));
    recorder.record(about("web"));
    let stopped = false;
    void recorder.stop(300).then(() => (stopped = true));
    await clock.advance(200);
    expect(stopped).toBe(false);
    await clock.advance(200);
    expect(stopped).toBe(true);
    await clock.advance(60_000);
    expect(clock.waiting).toBe(0);
  });
});

describe("the correlator", () => {
  const minute = 60_000;

  test("lets 25 events of an object through, then one per 5 minutes", () => {
    const correlator = createCorrelator();
    const passed = (from: number, n: number, atMs: number): number =>
      Array.from({ length: n }, (_, i) =>
        correlator.correlate(about("web", "m", { reason: `R${from + i}` }), atMs),
      ).filter((result) => result !== undefined).length;
    expect(passed(0, 40, 0)).toBe(25);
    expect(passed(40, 5, 4 * minute)).toBe(0);
    expect(passed(50, 5, 5 * minute)).toBe(1);
    expect(passed(60, 40, 500 * minute)).toBe(25);
    expect(correlator.correlate(about("another"), 0)).toBeDefined();
  });

  test("combines similar events from the tenth within 10 minutes on", () => {
    const correlator = createCorrelator();
    const messages = Array.from({ length: 12 }, (_, i) => correlator.correlate(about("web", `weight ${i}`), i * 1_000));
    expect(messages[8]?.message).toBe("weight 8");
    expect(messages[9]?.message).toBe("(combined from similar events): weight 9");
    expect(messages[11]).toMatchObject({ count: 3, message: "(combined from similar events): weight 11" });
    expect(correlator.correlate(about("web", "weight 12"), 30 * minute)).toMatchObject({
      message: "weight 12",
      count: 1,
    });
  });

  test("remembers 4,096 and no more", () => {
    const correlator = createCorrelator();
    const first = correlator.correlate(about("web-0"), 0);
    if (first !== undefined) correlator.sent(first, "web-0.1");
    expect(correlator.correlate(about("web-0"), 0)?.name).toBe("web-0.1");
    for (let i = 1; i <= 4_096; i += 1) correlator.correlate(about(`web-${i}`), 0);
    expect(correlator.correlate(about("web-0"), 0)?.name).toBeUndefined();
  });
});
