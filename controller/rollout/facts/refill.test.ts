import { expect, test } from "bun:test";
import { ROLLOUTS } from "../../../kube/client/resources.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { whyHeldBack } from "../../../kube/validation/size.ts";
import { testApi } from "../../../test/apiServer.ts";
import { createStores } from "./stores.ts";
import { refill } from "./refill.ts";

const MIB = 2 ** 20;
const SECOND = 1_000;

const draft = (name: string) => ({
  metadata: { name, namespace: "ns" },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name }, annotations: { a: "x".repeat(0.4 * MIB) } },
      spec: { containers: [{ name: "web", image: "web:1" }] },
    },
    strategy: { canary: {} },
  },
});

test("what found no room is read again when there is some, as much of it as fits, and each once", async () => {
  const { clock, core, client, requests } = testApi({ namespaces: ["ns"], installed: true });
  const create = (name: string): Rollout => core.create("rollouts.argoproj.io", draft(name)) as unknown as Rollout;
  const all = ["a", "b", "gone", "c", "d"].map(create);
  core.delete({ resource: "rollouts.argoproj.io", namespace: "ns", name: "gone" });
  const stores = createStores(undefined, { namespaceBytes: MIB, totalBytes: 10 * MIB });
  const complaints = { report: (): void => {} };
  const stop = new AbortController();
  const { room } = stores;
  const shelf = { api: ROLLOUTS, upsert: (raw: object) => stores.rollouts.upsert(raw as Rollout) };
  refill({ client, clock, complaints, room, signal: stop.signal }, () => shelf);
  for (const rollout of all) stores.rollouts.upsert(rollout);
  const whole = (): string[] =>
    [...stores.rollouts.values()]
      .filter((each) => whyHeldBack(each) === undefined)
      .map(({ metadata }) => metadata.name);
  expect(whole()).toEqual(["a", "b"]);
  stores.rollouts.deleted("ns/a", all[0]?.metadata.uid ?? "");
  await clock.advance(60 * SECOND);
  expect([whole(), requests.map(({ query }) => query?.["fieldSelector"])]).toEqual([
    ["b", "c"],
    ["metadata.name=gone", "metadata.name=c"],
  ]);
  stop.abort();
});
