import { describe, expect, test } from "bun:test";
import { createRecorder, type KubeEvent, type RecorderOptions } from "./recorder.ts";
import { manualClock } from "../clock/clock.ts";
import { pause } from "../clock/sleep.ts";
import type { KubeRequest } from "../client/transport.ts";
import type { ApiObject } from "../../simulator/model/model.ts";
import { refusal, shortly, testApi } from "../../test/apiServer.ts";

interface Kept extends ApiObject {
  readonly involvedObject: { readonly name: string };
  readonly message: string;
  readonly count: number;
  readonly lastTimestamp: string;
}

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

/** `before` may throw, which is the API server's answer then. */
const world = (before: (request: KubeRequest) => void = () => {}, options: Partial<RecorderOptions> = {}) => {
  const api = testApi({ clock: manualClock(1_700_000_000_000), namespaces: ["ns"] });
  api.hook.before = before;
  const losses: string[] = [];
  const recorder = createRecorder({
    client: api.client,
    clock: api.clock,
    onLost: ({ why, reason, error }) =>
      losses.push(`${why} ${reason}${error === undefined ? "" : `: ${(error as Error).message}`}`),
    ...options,
  });
  const made: string[] = [];
  api.core.onChange(({ type, object: { metadata } }) => void (type === "ADDED" && made.push(metadata.name)));
  /** In the order in which they were created. */
  const kept = (): Kept[] =>
    made.flatMap((name) => (api.core.get({ resource: "events", namespace: "ns", name }) as Kept | undefined) ?? []);
  return { ...api, recorder, losses, kept };
};

/** Its API server takes so long for each request. */
const slowWorld = (tookMs: number) => {
  const api = world();
  const request = async <T>(sent: KubeRequest): Promise<T> => {
    await pause(api.clock, tookMs, new AbortController().signal);
    return api.client.request<T>(sent);
  };
  return { ...api, recorder: createRecorder({ clock: api.clock, client: { ...api.client, request } }) };
};

const narration = { reason: "ScalingReplicaSet" };

const failing = (code: number) => (request: KubeRequest) => {
  throw refusal(request, code, "");
};

test("an event is written as client-go writes it", async () => {
  const { recorder, clock, requests } = world();
  recorder.record(about("web", "Rollout is paused", { annotations: { revision: "2" } }));
  await clock.advance(0);
  expect(requests.map(({ body }) => body)).toEqual([
    {
      apiVersion: "v1",
      kind: "Event",
      metadata: {
        name: expect.stringMatching(/^web\.17979cfe362a[0-9a-f]{4}$/) as string,
        namespace: "ns",
        annotations: { revision: "2" },
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
    },
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
  const { recorder, clock, losses, requests } = world();
  const { object } = about("web");
  recorder.record(about("web", "x", { object: { ...object, namespace: "kube-system/events#" } }));
  recorder.record(about("web"));
  await clock.advance(0);
  expect(requests.map(shortly)).toEqual([expect.stringMatching(/^POST web\./) as string]);
  expect(losses).toEqual([
    'refused RolloutPaused: Not sent to the API server: the namespace "kube-system/events#" cannot be part of a path: it has "/", "\\", "?", "#", "%" or a control character',
  ]);
});

test("a burst of events makes room for other requests, and none is lost or late for long", async () => {
  const { recorder, clock, kept } = world();
  for (let n = 0; n < 1_000; n += 1) recorder.record(about(`web-${n}`));
  await clock.advance(1_000);
  const early = kept().length;
  expect({ some: early > 0, few: early < 200 }).toEqual({ some: true, few: true });
  // A caller must not wait for those, or its status would come late.
  await recorder.sent("uid-web-1", 60_000);
  await clock.advance(20_000);
  expect(kept().length).toBe(1_000);
  expect(recorder.pending).toBe(0);
});

describe("in a burst of updates", () => {
  const update = (name: string): KubeEvent[] => [
    about(name, "Rollout updated to revision 2", { reason: "RolloutUpdated" }),
    about(name, "Scaled up ReplicaSet from 0 to 1", narration),
    about(name, "Scaled down ReplicaSet from 2 to 1", narration),
    about(name, "Rollout is paused"),
    about(name, "Rollout is resumed", { reason: "RolloutResumed" }),
    about(name, "Step 2 completed", { reason: "RolloutStepCompleted" }),
    about(name, "Scaled down ReplicaSet from 1 to 0", narration),
    about(name, "Rollout completed update to revision 2", { reason: "RolloutCompleted" }),
  ];

  test("every Rollout has each event that must be told, in order, and the rest in one event before", async () => {
    const { recorder, clock, kept, losses } = world();
    const names = Array.from({ length: 300 }, (_, n) => `web-${n}`);
    // All begin, then all go on, as it is when hundreds are updated at once.
    for (let n = 0; n < 8; n += 1)
      for (const name of names) {
        const event = update(name)[n];
        if (event !== undefined) recorder.record(event);
      }
    await clock.advance(60_000);
    const last = kept().filter(({ involvedObject }) => involvedObject.name === "web-299");
    expect(last.map(({ message, count }) => `${message} ×${count}`)).toEqual([
      "Scaled down ReplicaSet from 2 to 1 (and 2 more: RolloutUpdated, ScalingReplicaSet) ×2",
      "Rollout is paused ×1",
      "Rollout is resumed ×1",
      "Scaled down ReplicaSet from 1 to 0 (and 1 more: RolloutStepCompleted) ×1",
      "Rollout completed update to revision 2 ×1",
    ]);
    const must = kept().filter(({ message }) => /^Rollout (is|completed)/.test(message));
    expect([must.length, losses.length]).toEqual([900, 0]);
    expect(kept().length).toBeLessThan(1_800);
  });

  test("an abort does not wait for the narration of others", async () => {
    const { recorder, clock, kept } = world();
    for (let n = 0; n < 2_000; n += 1) recorder.record(about(`web-${n}`, "scaled", narration));
    await clock.advance(0);
    recorder.record(about("shop", "Rollout aborted", { reason: "RolloutAborted", type: "Warning" }));
    await clock.advance(100);
    expect(kept().map(({ message }) => message)).toContain("Rollout aborted");
    expect(recorder.pending).toBeGreaterThan(1_500);
  });

  test("an API server that is slow to answer is left more time", async () => {
    const early = async (tookMs: number): Promise<number> => {
      const { recorder, clock, kept } = slowWorld(tookMs);
      for (let n = 0; n < 1_000; n += 1) recorder.record(about(`web-${n}`, "scaled", narration));
      await clock.advance(5_000);
      return kept().length;
    };
    const [quick, slow] = [await early(2), await early(40)];
    expect({ quick: quick > 300, slow: slow < 100 }).toEqual({ quick: true, slow: true });
  });
});

test("an equal event raises the count of the first", async () => {
  const { recorder, clock, kept, requests } = world();
  recorder.record(about("web"));
  recorder.record(about("web"));
  await clock.advance(60_000);
  recorder.record(about("web"));
  await clock.advance(0);
  expect(kept()).toMatchObject([{ count: 3, lastTimestamp: "2023-11-14T22:14:20Z" }]);
  expect(requests.map(({ method }) => method)).toEqual(["POST", "PATCH", "PATCH"]);
});

test("a count whose Event has expired starts a new one", async () => {
  const { recorder, clock, kept, core } = world();
  recorder.record(about("web"));
  await clock.advance(0);
  for (const { metadata } of kept()) core.delete({ resource: "events", namespace: "ns", name: metadata.name });
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
  const api = world();
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
  expect([api.kept().length, api.requests.length, recorder.pending]).toEqual([1, 2, 0]);
});

describe("what cannot be sent", () => {
  test("because the server refuses it is dropped, and told", async () => {
    const { recorder, clock, losses, requests } = world(failing(403));
    recorder.record(about("web"));
    await clock.advance(120_000);
    expect(requests).toHaveLength(1);
    expect(losses).toEqual(['refused RolloutPaused: Cannot create events in "ns": HTTP 403 Forbidden: no']);
  });

  test("because its namespace goes away is dropped, and is no trouble", async () => {
    const { recorder, clock, losses } = world((request) => {
      const details = { causes: [{ reason: "NamespaceTerminating" }] };
      throw refusal(request, 403, "Forbidden", "no", { details });
    });
    recorder.record(about("web"));
    await clock.advance(0);
    expect(losses[0]).toStartWith("gone RolloutPaused");
  });

  test("for the moment is tried six times over half a minute", async () => {
    const { recorder, clock, losses, requests } = world(failing(500));
    recorder.record(about("web", "m", narration));
    await clock.advance(120_000);
    expect([requests.length, losses.length, recorder.pending]).toEqual([6, 1, 0]);
  });

  test("for the moment is tried for an hour when it must be told, and others get their turn", async () => {
    let isAway = true;
    const { recorder, clock, losses, kept } = world((request) => {
      if (isAway) failing(503)(request);
    });
    recorder.record(about("web", "aborted", { reason: "RolloutAborted" }));
    recorder.record(about("web", "scaled", narration));
    await clock.advance(20 * 60_000);
    expect([recorder.pending, losses.length]).toEqual([1, 1]);
    isAway = false;
    await clock.advance(60_000);
    expect(kept().map(({ message, count }) => `${message} ${count}`)).toEqual(["aborted 1"]);
  });

  test("for hours is given up", async () => {
    const { recorder, clock, losses } = world(failing(503));
    recorder.record(about("web", "aborted", { reason: "RolloutAborted" }));
    await clock.advance(2 * 3_600_000);
    expect([recorder.pending, losses.length]).toEqual([0, 1]);
  });
});

describe("events that must be told", () => {
  test("are told in their own words after any number of others about the object", async () => {
    const { recorder, clock, kept, losses } = world();
    for (let i = 0; i < 30; i += 1) recorder.record(about("web", `scaled to ${i}`, narration));
    for (let i = 0; i < 30; i += 1)
      recorder.record(about("web", `aborted ${i}`, { reason: "RolloutAborted", type: "Warning" }));
    recorder.record(about("web", "never seen before", { reason: "NewWarning", type: "Warning" }));
    await clock.advance(0);
    const messages = kept().map(({ message }) => message);
    expect(messages.filter((message) => message.startsWith("aborted"))).toHaveLength(30);
    expect(messages.at(-1)).toBe("never seen before");
    expect(losses).toEqual(Array.from({ length: 5 }, () => "limited ScalingReplicaSet"));
  });

  test("leave the narration of their object what it may have", async () => {
    const { recorder, clock, kept } = world();
    for (let i = 0; i < 40; i += 1) recorder.record(about("web", `paused ${i}`));
    recorder.record(about("web", "scaled", narration));
    await clock.advance(0);
    expect(kept().at(-1)?.message).toBe("scaled");
  });

  test("all wait while the API server is away; narration goes, the oldest first", async () => {
    const { recorder, clock, losses } = world(failing(500), {
      limits: {
        joinFrom: 1_000,
        mergeFrom: 1_000,
        joinAllFrom: 5_000,
        patienceMs: 20_000,
        narrationBytes: 1_000_000,
        mostBytes: 10_000_000,
      },
    });
    for (let i = 0; i < 2_000; i += 1) {
      recorder.record(about(`web-${i}`, "scaled", { reason: `Narration${i}` }));
      recorder.record(about(`web-${i}`, "paused"));
    }
    await clock.advance(0);
    expect(losses.filter((loss) => !loss.startsWith("crowded Narration"))).toEqual([]);
    expect(losses.slice(0, 2)).toEqual(["crowded Narration4", "crowded Narration5"]);
    expect(recorder.pending).toBeGreaterThanOrEqual(2_000);
  });
});

test("a message is cut to what Kubernetes allows, at a whole character", async () => {
  const { recorder, clock, kept } = world();
  recorder.record(about("web", "ü".repeat(4_000)));
  await clock.advance(0);
  const [{ message } = { message: "" }] = kept();
  expect(Buffer.byteLength(message)).toBeLessThanOrEqual(1_024);
  expect(message).toMatch(/^ü{500,}…$/);
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
