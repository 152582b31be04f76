import { expect, test } from "bun:test";
import type { KubeEvent } from "../../kube/runtime/recorder.ts";
import type { Override } from "../review/validate.ts";
import { manualClock } from "../../kube/clock/clock.ts";
import { recordOverrides } from "./overrides.ts";

const override: Override = {
  kind: "Rollout",
  namespace: "team-a",
  name: "web",
  uid: "u-1",
  user: "jane",
  refusals: ["spec.a: Invalid value: -1"],
};
const spec = { replicas: 1, template: { a: 1, b: [2] } };
const stored = (members: object = {}, metadata: object = {}) => ({
  metadata: {
    name: "web",
    namespace: "team-a",
    uid: "u-1",
    resourceVersion: "7",
    annotations: { "sluice.dev/admission": "warn" },
    ...metadata,
  },
  // The same spec with its members in another order, as another encoder might write it.
  spec: { template: { b: [2], a: 1 }, replicas: 1 },
  ...members,
});

function world(items: unknown[], authenticated = false) {
  const clock = manualClock();
  const events: KubeEvent[] = [];
  const asked: string[] = [];
  const logged: string[] = [];
  const record = recordOverrides({
    client: {
      request: async ({ method, path, query }) => {
        asked.push(`${method} ${path} ${String(query?.["fieldSelector"])}`);
        return { items } as never;
      },
    },
    clock,
    log: { debug() {}, info() {}, warn: (message) => logged.push(message), error() {} },
    events: { record: (event) => void events.push(event) },
    authenticated,
  });
  return { clock, events, asked, logged, record };
}

test("an override is written down on what was stored by it, without a user whom anybody could have named", async () => {
  const { clock, events, asked, logged, record } = world([stored()]);
  record(override, spec);
  expect(events).toEqual([]);
  await clock.advance(200);
  expect(asked).toEqual(["GET /apis/argoproj.io/v1alpha1/namespaces/team-a/rollouts metadata.name=web"]);
  expect(events).toEqual([
    {
      object: {
        apiVersion: "argoproj.io/v1alpha1",
        kind: "Rollout",
        namespace: "team-a",
        name: "web",
        uid: "u-1",
        resourceVersion: "7",
      },
      type: "Warning",
      reason: "AdmissionOverridden",
      message: "Admitted by the annotation sluice.dev/admission although spec.a: Invalid value: -1",
    },
  ]);
  expect(logged).toEqual(["Admitted although it breaks the rules"]);
});

test("the user is told where reviews come from the API server for certain", async () => {
  const { clock, events, record } = world([stored()], true);
  record(override, spec);
  await clock.advance(200);
  expect(events[0]?.message).toStartWith("Admitted by the annotation sluice.dev/admission (jane) although");
});

test.each([
  ["is not stored", []],
  ["has not the annotation", [stored({}, { annotations: {} })]],
  ["is another", [stored({}, { uid: "u-2" })]],
  ["has another spec", [stored({ spec: { replicas: 2 } })]],
])("nothing is told when the object %s", async (_, items) => {
  const { clock, events, asked, logged, record } = world(items);
  record(override, spec);
  await clock.advance(60_000);
  expect([events, logged]).toEqual([[], []]);
  expect([asked.length, clock.waiting]).toEqual([3, 0]);
});

test("the same review again is no news, and another spec is", async () => {
  const items = [stored()];
  const { clock, events, record } = world(items);
  record(override, spec);
  record(override, spec);
  await clock.advance(60_000);
  record(override, spec);
  await clock.advance(60_000);
  expect(events).toHaveLength(1);
  items[0] = stored({ spec: { replicas: 3 } });
  record(override, { replicas: 3 });
  await clock.advance(60_000);
  expect(events).toHaveLength(2);
});

test("a flood of reviews becomes no flood of requests", async () => {
  const { clock, asked, logged, record } = world([]);
  for (let count = 0; count < 1_000; count++) record(override, { count });
  await clock.advance(60_000);
  expect(asked).toHaveLength(32 * 3);
  expect(logged).toHaveLength(1);
  record(override, spec);
  await clock.advance(200);
  expect(asked).toHaveLength(32 * 3 + 1);
});

test("each of many overrides in a namespace has its event, and few have a line in the log", async () => {
  const items: unknown[] = [];
  const { clock, events, logged, record } = world(items);
  for (let n = 0; n < 200; n++) {
    items[0] = stored({}, { name: `web-${n}`, uid: `u-${n}` });
    record({ ...override, name: `web-${n}`, uid: `u-${n}` }, spec);
    await clock.advance(200);
  }
  expect(events).toHaveLength(200);
  expect(logged.length).toBeLessThanOrEqual(8 + 8);
});

test("that there are too many at a time is told seldom, however often it comes", async () => {
  const { clock, logged, record } = world([]);
  for (let flood = 0; flood < 100; flood++) {
    for (let count = 0; count < 40; count++) record(override, { flood, count });
    await clock.advance(20_000);
  }
  expect(logged.length).toBeLessThanOrEqual(7);
});
