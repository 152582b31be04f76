/**
 * What the one Lease costs, and that it keeps controllers apart: with it, without it (`--profile edge`), and beside the
 * reference's controller where SLUICE_REFERENCE names its binary. Writes are counted in the API server's audit log.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { isSluice, lockOf } from "../../schema/locks.ts";
import { type Api, connect, type KubeObject } from "./harness/api.ts";
import { auditMark, writesSince } from "./harness/auditLog.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { type ControlPlane, startControlPlane } from "./harness/controlPlane.ts";
import { applyCrds } from "./harness/crds.ts";
import { freePorts } from "./harness/ports.ts";
import { logTail } from "./harness/processes.ts";
import { holder, referenceBinary } from "./harness/relay.ts";
import { until } from "./harness/until.ts";

const ours = test.skipIf(otherController() !== undefined);
const user = "lease-under-test";
const leases = "/apis/coordination.k8s.io/v1/namespaces/argo-rollouts/leases";
let plane: ControlPlane;
let api: Api;

interface Running {
  readonly log: string;
  /** Resolves with its exit code. */
  readonly exited: Promise<number>;
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
}

const running = new Set<Running>();
let count = 0;

/** A controller of this tree, or the reference's. */
async function start(...command: readonly string[]): Promise<Running> {
  const [healthz, metrics] = freePorts(3);
  const log = join(plane.dir, `lease-${++count}.log`);
  const flags = ["--kubeconfig", await plane.identity(user), `--healthzPort=${healthz}`, `--metricsPort=${metrics}`];
  const file = Bun.file(log);
  const child = Bun.spawn([...command, ...flags], {
    cwd: resolve(import.meta.dir, "../.."),
    stdio: ["ignore", file, file],
  });
  const started: Running = {
    log,
    exited: child.exited,
    async stop(signal = "SIGTERM") {
      running.delete(started);
      child.kill(signal);
      await child.exited;
    },
  };
  running.add(started);
  return started;
}

const sluice = (...flags: readonly string[]): Promise<Running> =>
  start("bun", join(import.meta.dir, "../../main.ts"), "controller", ...flags);

const said = async ({ log }: Running, words: string): Promise<void> => {
  const says = async (): Promise<boolean> => (await Bun.file(log).text()).includes(words);
  await until(words, says, 60_000, () => logTail(log));
};

/** What is written in so many seconds: "update leases". */
async function writesIn(seconds: number): Promise<readonly string[]> {
  const mark = auditMark(plane.auditLog);
  await Bun.sleep(seconds * 1_000);
  const writes = await writesSince(plane.auditLog, mark);
  return writes.filter((write) => write.user === user).map(({ verb, resource }) => `${verb} ${resource}`);
}

beforeAll(async () => {
  if (otherController() !== undefined) return;
  plane = await startControlPlane();
  api = await connect(await plane.identity("sluice-test"), "sluice-test");
  await applyCrds((args) => plane.kubectl(args), api);
  await api.create("/api/v1/namespaces", { metadata: { name: "argo-rollouts" } });
}, 120_000);

afterAll(async () => {
  await Promise.all(Array.from(running, (each) => each.stop("SIGKILL")));
  await plane?.stop();
});

ours(
  "a leader writes its one Lease six times in 30 s, and nothing else; who waits writes nothing",
  async () => {
    const leader = await sluice();
    await said(leader, "Leading");
    const waiting = await sluice();
    await said(waiting, "Waiting for the Lease");
    const writes = await writesIn(30);
    console.log(`lease: ${writes.length} writes in 30 s, two replicas`);
    expect(new Set(writes)).toEqual(new Set(["update leases"]));
    expect(writes.length).toBeWithin(5, 8);
    const all = await api.get<{ readonly items: readonly KubeObject[] }>(leases);
    expect(all.items.map(({ metadata }) => metadata.name)).toEqual([lockOf("")]);
    await leader.stop();
    await said(waiting, "Leading");
    expect(isSluice(await holder(api))).toBe(true);
    await waiting.stop();
  },
  120_000,
);

ours(
  "with the profile edge nothing is written, and who takes the Lease ends it",
  async () => {
    const edge = await sluice("--profile=edge");
    await said(edge, "Leading");
    await Bun.sleep(2_000);
    expect(await writesIn(30)).toEqual([]);
    const path = `${leases}/${lockOf("")}`;
    const spec = {
      holderIdentity: "reference_1",
      leaseDurationSeconds: 15,
      renewTime: `${new Date().toISOString().slice(0, -1)}000Z`,
    };
    await api.patch(path, "merge", { spec });
    expect(await edge.exited).toBe(1);
    expect(await logTail(edge.log)).toContain("held by reference_1 now");
    const next = await sluice("--profile=edge");
    await said(next, "Waiting for the Lease");
    await said(next, "Leading");
    await next.stop();
    expect(await holder(api)).toBe("");
  },
  180_000,
);

test.skipIf(otherController() !== undefined || referenceBinary() === undefined)(
  "the reference waits as long as a leader renews so seldom, and takes over when it ends; then the edge waits",
  async () => {
    const leader = await sluice();
    await said(leader, "Leading");
    const name = await holder(api);
    const reference = await start(referenceBinary() ?? "");
    await Bun.sleep(40_000);
    expect(await holder(api)).toBe(name);
    await leader.stop();
    await until("the reference leads", async () => !["", name].includes(await holder(api)), 30_000);
    expect(isSluice(await holder(api))).toBe(false);
    const edge = await sluice("--profile=edge");
    await said(edge, "Waiting for the Lease");
    await Bun.sleep(20_000);
    expect(await Bun.file(edge.log).text()).not.toContain("Leading");
    await reference.stop("SIGKILL");
    await said(edge, "Leading");
    await edge.stop();
  },
  240_000,
);
