import { expect, test } from "bun:test";
import { policyIn } from "../configuration/configuration.ts";
import { createKeeper, type KeeperOptions } from "./keeper.ts";
import { webhookCluster } from "./testing.ts";

const quiet = (): void => undefined;

const world = (more: Partial<KeeperOptions> = {}) => {
  const cluster = webhookCluster();
  const ending = new AbortController();
  const keeper = createKeeper({
    client: cluster.client,
    clock: cluster.clock,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    namespace: "ns",
    endpoint: { kind: "service", name: "sluice-webhook" },
    instanceId: "",
    isLeader: () => true,
    onCertificate: quiet,
    migrates: true,
    ...more,
  });
  const done = keeper.run(ending.signal);
  /** Keys are made by other threads, which take real time. */
  const until = async (holds: () => boolean): Promise<void> => {
    for (let round = 0; round < 2_000 && !holds(); round += 1) {
      await Bun.sleep(2);
      await cluster.clock.advance(50);
    }
    expect(holds()).toBe(true);
  };
  const end = async (): Promise<void> => {
    ending.abort();
    let ended = false;
    void done.then(() => (ended = true));
    await until(() => ended);
  };
  return { ...cluster, keeper, until, end };
};

const validates = ({ configuration }: ReturnType<typeof world>): boolean => policyIn(configuration()) !== undefined;

test("the one for Deployments is written once the API server reaches us, with the same CA", async () => {
  const all = world();
  all.blocked.why = "connection refused";
  await all.until(() => all.keeper.state().reached === false);
  expect(all.mutating()).toBeUndefined();
  all.blocked.why = undefined;
  await all.until(() => all.mutating() !== undefined);
  const webhooks = all.mutating()?.webhooks ?? [];
  const bundle = all.configuration()?.webhooks?.[0]?.clientConfig.caBundle ?? "";
  expect(new Set(webhooks.map(({ failurePolicy }) => failurePolicy))).toEqual(new Set(["Ignore"]));
  expect(new Set(webhooks.map(({ clientConfig }) => clientConfig.caBundle))).toEqual(new Set([bundle]));
  await all.end();
});

test("the one for Deployments is put right when it is edited or deleted", async () => {
  const all = world();
  await all.until(() => all.mutating() !== undefined);
  const right = structuredClone(all.mutating()?.webhooks);
  all.editMutating([]);
  await all.until(() => Bun.deepEquals(all.mutating()?.webhooks, right));
  all.removeMutating();
  await all.until(() => Bun.deepEquals(all.mutating()?.webhooks, right));
  await all.end();
});

test("the one for Deployments is not written where it is switched off, or the API server has no match conditions", async () => {
  const off = world({ migrates: false });
  await off.until(() => validates(off));
  expect(off.mutating()).toBeUndefined();
  await off.end();
  const old = world();
  old.old.dropsConditions = true;
  await old.until(() => validates(old));
  await old.clock.advance(5_000);
  expect(old.mutating()).toBeUndefined();
  await old.end();
});

test("both are deleted when the machine of their address ends", async () => {
  const all = world({ endpoint: { kind: "url", url: "https://192.0.2.1:8443" } });
  all.pods(0);
  await all.until(() => all.mutating() !== undefined);
  all.blocked.why = "connection refused";
  await all.end();
  expect([all.configuration(), all.mutating()]).toEqual([undefined, undefined]);
});
