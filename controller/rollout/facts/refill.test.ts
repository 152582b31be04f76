import { expect, test } from "bun:test";
import { ROLLOUTS } from "../../../kube/client/resources.ts";
import { serve } from "../../../kube/client/testing.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { whyHeldBack } from "../../../kube/validation/size.ts";
import { createStores } from "./stores.ts";
import { type Clock, systemClock } from "../../../kube/clock/clock.ts";
import { refill } from "./refill.ts";

const MIB = 2 ** 20;

const rollout = (name: string, bytes: number): Rollout => ({
  metadata: { name, namespace: "ns", uid: name, resourceVersion: "1" },
  spec: { template: { metadata: { annotations: { a: "x".repeat(bytes) } } } },
});

test("what found no room is read again when there is some, as much of it as fits, and each once", async () => {
  const asked: string[] = [];
  const all = new Map(["a", "b", "c", "d", "gone"].map((name) => [name, rollout(name, 0.4 * MIB)]));
  await using api = serve((request) => {
    const name = new URL(request.url).searchParams.get("fieldSelector")?.replace("metadata.name=", "") ?? "";
    asked.push(name);
    const found = name === "gone" ? undefined : all.get(name);
    return Response.json({ items: found === undefined ? [] : [found] });
  });
  const stores = createStores(undefined, { namespaceBytes: MIB, totalBytes: 10 * MIB });
  const clock: Clock = { ...systemClock, after: (_, fn) => systemClock.after(0, fn) };
  const complaints = { tell: (): void => {} };
  const stop = new AbortController();
  const { room } = stores;
  const shelf = { api: ROLLOUTS, upsert: (raw: object) => stores.rollouts.upsert(raw as Rollout) };
  refill({ client: api.client, clock, complaints, room, signal: stop.signal }, () => shelf);
  for (const name of ["a", "b", "gone", "c", "d"]) stores.rollouts.upsert(rollout(name, 0.4 * MIB));
  const whole = (): string[] =>
    [...stores.rollouts.values()]
      .filter((each) => whyHeldBack(each) === undefined)
      .map(({ metadata }) => metadata.name);
  expect(whole()).toEqual(["a", "b"]);
  stores.rollouts.deleted("ns/a", "a");
  while (whole().length < 2) await Bun.sleep(1);
  expect([whole(), asked]).toEqual([
    ["b", "c"],
    ["gone", "c"],
  ]);
  stop.abort();
});
