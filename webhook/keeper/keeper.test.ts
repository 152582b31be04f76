import { describe, expect, test } from "bun:test";
import { policyIn } from "../configuration/configuration.ts";
import { createKeeper, type KeeperOptions, keeperRules } from "./keeper.ts";
import type { KeptCertificate } from "./certificateKeeper.ts";
import { webhookCluster } from "./testing.ts";
import { readyPods } from "./keeperWatches.ts";

/** A cluster and keepers on its clock. */
const world = () => {
  const cluster = webhookCluster();
  const logged: string[] = [];
  const note = (level: string) => (message: string) => void logged.push(`${level} ${message}`);
  const log = { debug: () => {}, info: note("info"), warn: note("warn"), error: note("error") };
  const ends: (() => Promise<void>)[] = [];
  const start = (more: Partial<KeeperOptions> = {}) => {
    const certificates: KeptCertificate[] = [];
    const keeper = createKeeper({
      client: cluster.client,
      clock: cluster.clock,
      log,
      namespace: "ns",
      endpoint: { kind: "service", name: "sluice-webhook" },
      instanceId: "",
      isLeader: () => true,
      onCertificate: (certificate) => void certificates.push(certificate),
      ...more,
    });
    const beginning = { ready: false };
    begun.push(beginning);
    void keeper.ready.then(() => (beginning.ready = true));
    const ending = new AbortController();
    const done = keeper.run(ending.signal);
    const end = (): Promise<void> => {
      ending.abort();
      return done;
    };
    ends.push(end);
    return { keeper, certificates, end };
  };
  const { configuration } = cluster;
  const begun: { ready: boolean }[] = [];
  /**
   * Waits until nothing happens any more: signing and reading keys takes other threads a moment of real time, and a
   * long one on a busy machine. So it waits until all keepers are ready, and nothing has happened for a while.
   */
  const settle = async (): Promise<void> => {
    // Some are never ready, since what they need is missing.
    const waits = (rounds: number): boolean => rounds < 60 && begun.some(({ ready }) => !ready);
    let seen = "";
    for (let [quiet, rounds] = [0, 0]; quiet < 12 || waits(rounds); rounds += 1) {
      await Bun.sleep(2);
      await cluster.clock.advance(0);
      const now = `${cluster.writes.length} ${logged.length} ${cluster.core.resourceVersion}`;
      quiet = now === seen ? quiet + 1 : 0;
      seen = now;
    }
  };
  const later = async (ms: number): Promise<void> => {
    await cluster.clock.advance(ms);
    await settle();
  };
  return {
    ...cluster,
    logged,
    start,
    settle,
    later,
    policy: () => policyIn(configuration()),
    bundle: () => atob(configuration()?.webhooks?.[0]?.clientConfig.caBundle ?? ""),
    tls: () => atob((cluster.secret()?.["data"] as Record<string, string> | undefined)?.["tls.crt"] ?? ""),
    [Symbol.asyncDispose]: async () => {
      for (const end of ends) {
        const ended = end();
        await cluster.clock.advance(1_000);
        await ended;
      }
    },
  };
};

test("certificates first, then a configuration that only probes, then, reached, one that validates", async () => {
  await using all = world();
  const { keeper, certificates } = all.start();
  await keeper.ready;
  await all.settle();
  expect(all.writes).toEqual(["create sluice-webhook-certificates", "create sluice", "update sluice"]);
  expect(all.policy()).toBe("Ignore");
  expect(certificates.map(({ pem }) => pem)).toEqual([all.tls()]);
  expect(certificates[0]?.ca).toBe(all.bundle());
  expect(keeper.state()).toMatchObject({ reached: true, failurePolicy: "Ignore", readyReplicas: 0 });
});

test("nobody is validated while the API server does not reach us, and everybody once it does", async () => {
  await using all = world();
  all.blocked.why = "connection refused";
  all.start();
  await all.settle();
  await all.later(60_000);
  expect(all.configuration()?.webhooks?.map(({ name }) => name)).toEqual(["probe.sluice.dev"]);
  expect(all.logged).toContain("warn The API server does not reach the webhook");
  all.blocked.why = undefined;
  await all.later(5_000);
  expect(all.policy()).toBe("Ignore");
});

test("nothing is written once all is in order", async () => {
  await using all = world();
  all.start();
  await all.settle();
  await all.later(2_000);
  const before = all.writes.length;
  for (let minute = 0; minute < 10; minute += 1) await all.later(60_000);
  expect(all.writes.length).toBe(before);
});

test("replicas that start at once agree on what the first has written, and only the leader configures", async () => {
  await using all = world();
  const replicas = [all.start(), all.start({ isLeader: () => false }), all.start({ isLeader: () => false })];
  await Promise.all(replicas.map(({ keeper }) => keeper.ready));
  await all.settle();
  expect(replicas.map(({ certificates }) => certificates.map(({ pem }) => pem))).toEqual([
    [all.tls()],
    [all.tls()],
    [all.tls()],
  ]);
  expect(all.writes.filter((write) => write === "create sluice")).toHaveLength(1);
  expect(replicas[1]?.keeper.state().reached).toBeUndefined();
});

test("a replica that becomes the leader takes over within 2 s and changes nothing that is right", async () => {
  await using all = world();
  let leads = false;
  await all.start().keeper.ready;
  await all.settle();
  const next = all.start({ isLeader: () => leads });
  await next.keeper.ready;
  const before = all.writes.length;
  leads = true;
  await all.later(2_000);
  expect(next.keeper.state()).toMatchObject({ reached: true, failurePolicy: "Ignore" });
  expect(all.writes.length).toBe(before);
});

test("what is edited or deleted is put right without a pause", async () => {
  await using all = world();
  all.start();
  await all.settle();
  const right = structuredClone(all.configuration()?.webhooks);
  const [first, second] = right ?? [];
  if (first === undefined || second === undefined) throw new Error("not configured");
  const { clientConfig } = first;
  all.edit(() => [{ ...first, clientConfig: { ...clientConfig, caBundle: btoa("other") } }, second]);
  await all.settle();
  expect(all.configuration()?.webhooks).toEqual(right);
  all.removeConfiguration();
  await all.settle();
  expect(all.configuration()?.webhooks).toEqual(right);
});

test("a deleted Secret is announced beside the old CA, and served when everybody knows it", async () => {
  await using all = world();
  const { certificates } = all.start();
  await all.settle();
  const old = all.tls();
  all.removeSecret();
  await all.settle();
  expect(all.tls()).toBe(old);
  expect(all.bundle().match(/BEGIN/g)).toHaveLength(2);
  await all.later(61_000);
  expect(all.tls()).not.toBe(old);
  expect(certificates.map(({ pem }) => pem)).toEqual([old, all.tls()]);
  expect(all.bundle().match(/BEGIN/g)).toHaveLength(2);
});

test("certificates are renewed in time, wherever the clock finds them", async () => {
  await using all = world();
  const { certificates } = all.start({
    lifetimes: { authorityMs: 3_600_000, servingMs: 600_000, settleMs: 60_000 },
  });
  await all.settle();
  for (let minute = 0; minute < 15; minute += 1) await all.later(60_000);
  expect(certificates).toHaveLength(3);
  expect(certificates.at(-1)?.pem).toBe(all.tls());
});

test("a certificate that cannot be served is told less and less often, and tried again", async () => {
  await using all = world();
  let tries = 0;
  const { keeper } = all.start({
    onCertificate: () => {
      tries += 1;
      if (tries < 5) throw new Error("port taken");
    },
  });
  await all.settle();
  for (const ms of [500, 1_000, 2_000, 4_000]) await all.later(ms);
  await keeper.ready;
  expect(tries).toBe(5);
  // A warning at the first, the second and the fourth failure.
  expect(all.logged.filter((line) => line.startsWith("warn"))).toHaveLength(3);
});

test("two ready replicas make it Fail after 15 s, and one that is left Ignore at once", async () => {
  await using all = world();
  all.pods(2);
  all.start();
  await all.settle();
  expect(all.policy()).toBe("Ignore");
  await all.later(14_000);
  expect(all.policy()).toBe("Ignore");
  await all.later(1_000);
  expect(all.policy()).toBe("Fail");
  all.pods(1);
  await all.settle();
  expect(all.policy()).toBe("Ignore");
});

test("where the API server drops match conditions, it is not written to again and again, and nothing fails closed", async () => {
  await using all = world();
  all.old.dropsConditions = true;
  all.pods(2);
  all.start();
  await all.settle();
  const writes = all.writes.length;
  for (let times = 0; times < 5; times += 1) await all.later(60_000);
  expect(all.writes.length).toBe(writes);
  expect(all.policy()).toBe("Ignore");
  expect(all.logged.filter((line) => line.startsWith("warn"))).toHaveLength(1);
});

test("a leader that goes leaves Fail behind only where two stay", async () => {
  for (const [count, left] of [
    [3, "Fail"],
    [2, "Ignore"],
  ] as const) {
    await using all = world();
    all.pods(count);
    const { end } = all.start({ pod: "pod-0" });
    await all.settle();
    await all.later(15_000);
    expect(all.policy()).toBe("Fail");
    const ended = end();
    await all.settle();
    await all.later(500);
    await ended;
    expect(all.policy()).toBe(left);
  }
});

describe("a leader whose webhook is at an address of its own, not behind a Service,", () => {
  const endpoint = { kind: "url", url: "https://laptop:8443" } as const;

  test("takes the configuration away when it goes, after it has stopped to serve", async () => {
    await using all = world();
    const { end } = all.start({
      endpoint,
      unserve: async () => {
        all.writes.push("stopped to serve");
        all.blocked.why = "connection refused";
      },
    });
    await all.settle();
    expect(all.policy()).toBe("Ignore");
    all.writes.length = 0;
    await end();
    expect(all.writes).toEqual(["stopped to serve", "delete sluice"]);
    expect(all.configuration()).toBeUndefined();
  });

  test("leaves it when another process answers at that address", async () => {
    await using all = world();
    const { end } = all.start({ endpoint, unserve: async () => {} });
    await all.settle();
    await end();
    expect(all.policy()).toBe("Ignore");
    expect(all.logged.at(-1)).toBe(
      "info Another process answers for the webhook: its configuration stays, and `kubectl delete validatingwebhookconfiguration sluice` takes it away",
    );
  });

  test("leaves it when it leads to another address, or when another process leads", async () => {
    await using all = world();
    let leads = true;
    const { end } = all.start({ endpoint, isLeader: () => leads });
    const other = all.start({ endpoint, isLeader: () => false });
    await all.settle();
    await other.end();
    expect(all.policy()).toBe("Ignore");
    leads = false;
    await end();
    expect(all.policy()).toBe("Ignore");
    expect(all.writes.filter((write) => write.startsWith("delete"))).toEqual([]);
  });

  test("says how to take it away by hand when it may not", async () => {
    await using all = world();
    const { end } = all.start({
      endpoint,
      unserve: async () => {
        all.blocked.why = "connection refused";
        // Another client edits it in this very moment.
        all.edit((webhooks) => webhooks.slice(0, 1));
      },
    });
    await all.settle();
    await end();
    expect(all.logged.at(-1)).toBe(
      "warn Cannot delete the webhook configuration, which leads to this machine: `kubectl delete validatingwebhookconfiguration sluice` takes it away",
    );
  });
});

test("a pod with two address families is one replica, and one that is going away is none", () => {
  const endpoint = (uid: string, ready?: boolean) => ({
    conditions: ready === undefined ? {} : { ready },
    targetRef: { uid },
  });
  const slices = [
    { metadata: {}, endpoints: [endpoint("a", true), endpoint("b", false)] },
    { metadata: {}, endpoints: [endpoint("a", true), endpoint("c")] },
    { metadata: {}, endpoints: null },
  ];
  expect(readyPods(slices)).toBe(2);
});

test("the rules name every object that RBAC can name", () => {
  const { role, clusterRole } = keeperRules("blue");
  const named = [...role, ...clusterRole("ns")].map(
    ({ resources, resourceNames }) => `${resources.join()}: ${resourceNames?.join() ?? "all"}`,
  );
  expect(named).toEqual([
    "secrets: sluice-webhook-certificates-blue",
    "leases: sluice-webhook-probe",
    "endpointslices: all",
    "validatingwebhookconfigurations: sluice-blue",
    "namespaces: ns",
  ]);
});
