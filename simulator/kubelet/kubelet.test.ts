import { expect, test } from "bun:test";
import { type KubeletPort, type PodEvent, startKubelet } from "./kubelet.ts";
import type { KubeletClock, PodView } from "./life.ts";
import type { PodStatusPatch } from "./podStatus.ts";

/** A clock that only moves when the test moves it. */
function virtualClock() {
  let nowMs = Date.UTC(2030, 0, 1);
  const timers = new Set<{ atMs: number; run: () => void }>();
  const clock: KubeletClock = {
    now: () => nowMs,
    after: (ms, run) => {
      const timer = { atMs: nowMs + ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  };
  const advance = async (ms: number): Promise<void> => {
    const end = nowMs + ms;
    for (;;) {
      const due = Array.from(timers).filter(({ atMs }) => atMs <= end);
      const next = due.toSorted((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      timers.delete(next);
      nowMs = next.atMs;
      next.run();
      await Bun.sleep(0);
    }
    nowMs = end;
    await Bun.sleep(0);
  };
  return { clock, advance };
}

/** A port that records its requests, and whose watch events come from the test. */
function recordingPort() {
  const lines: string[] = [];
  const waiting: ((event: PodEvent) => void)[] = [];
  const failures: Error[] = [];
  const note = async (line: string): Promise<void> => {
    const failure = failures.shift();
    lines.push(failure === undefined ? line : `${line} (fails)`);
    if (failure !== undefined) throw failure;
  };
  const port: KubeletPort = {
    list: async () => ({ items: [], resourceVersion: "1" }),
    watch: async function* (_, signal) {
      while (!signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<PodEvent | undefined>();
        waiting.push(resolve);
        signal.addEventListener("abort", () => resolve(undefined), { once: true });
        const event = await promise;
        if (event !== undefined) yield event;
      }
    },
    patchStatus: ({ name }, status) => {
      const { phase, conditions } = status as PodStatusPatch;
      const ready = conditions.find(({ type }) => type === "Ready")?.status;
      return note(`${name} ${phase} ready=${ready}`);
    },
    remove: ({ name, uid }) => note(`remove ${name} ${uid}`),
    putNode: (object) => note(`node ${(object.metadata as { name: string }).name}`),
    isNotFound: (error) => error instanceof Error && error.message === "HTTP 404",
  };
  const emit = async (type: string, object: PodView): Promise<void> => {
    waiting.shift()?.({ type, object });
    await Bun.sleep(0);
  };
  return { port, lines, emit, failures };
}

const pod = (name: string, fields: Partial<PodView["metadata"]> = {}, nodeName = "sluice-node-0"): PodView => ({
  metadata: { name, namespace: "default", uid: `uid-${name}`, ...fields },
  spec: { nodeName, containers: [{ name: "main", image: "nginx" }] },
  status: { phase: "Pending", conditions: [] },
});

async function started() {
  const { clock, advance } = virtualClock();
  const recorded = recordingPort();
  const errors: string[] = [];
  const kubelet = await startKubelet(recorded.port, { clock, nodes: 1, onError: (text) => errors.push(text) });
  await Bun.sleep(0);
  recorded.lines.length = 0;
  return { ...recorded, advance, kubelet, errors };
}

test("a pod of its node is reported as created and then as ready; pods of other nodes are left alone", async () => {
  const { emit, advance, lines, kubelet } = await started();
  await emit("ADDED", pod("a"));
  await emit("ADDED", pod("b", {}, "a-real-node"));
  expect(lines).toEqual(["a Pending ready=False"]);
  await advance(1199);
  expect(lines).toHaveLength(1);
  await advance(1);
  expect(lines.slice(1)).toEqual(["a Running ready=True"]);
  await advance(1e9);
  expect(lines).toHaveLength(2);
  expect(kubelet.podCount()).toBe(1);
  await kubelet.stop();
});

test("pods have addresses in a row, from the one that it is told", async () => {
  const { clock, advance } = virtualClock();
  const { port, emit } = recordingPort();
  const addresses: string[] = [];
  const patchStatus: KubeletPort["patchStatus"] = async (_, status) => {
    const { podIP } = status as { podIP?: string };
    if (podIP !== undefined) addresses.push(podIP);
  };
  const kubelet = await startKubelet({ ...port, patchStatus }, { clock, nodes: 1, firstAddress: 77 * 65_536 + 255 });
  await Bun.sleep(0);
  for (const name of ["a", "b"]) await emit("ADDED", pod(name));
  await advance(1200);
  expect(addresses).toEqual(["10.77.0.255", "10.77.1.0"]);
  await kubelet.stop();
});

test("a deleted pod is removed after its time, and reported no more", async () => {
  const { emit, advance, lines, kubelet } = await started();
  await emit("ADDED", pod("a"));
  await emit("MODIFIED", pod("a", { deletionTimestamp: "2030-01-01T00:00:00Z", deletionGracePeriodSeconds: 30 }));
  await advance(10_000);
  expect(lines).toEqual(["a Pending ready=False", "remove a uid-a"]);
  await emit("DELETED", pod("a"));
  expect(kubelet.podCount()).toBe(0);
  await kubelet.stop();
});

test("a request that fails is repeated, unless the pod is gone", async () => {
  const { emit, advance, lines, kubelet, errors, failures } = await started();
  failures.push(new Error("HTTP 500"));
  await emit("ADDED", pod("a"));
  await advance(1000);
  expect(lines).toEqual(["a Pending ready=False (fails)", "a Pending ready=False"]);
  expect(errors).toEqual(["Cannot report pod default/a: HTTP 500"]);
  failures.push(new Error("HTTP 404"));
  await emit("MODIFIED", pod("a", { deletionTimestamp: "2030-01-01T00:00:00Z" }));
  await advance(60_000);
  expect(lines.slice(2)).toEqual(["remove a uid-a (fails)"]);
  await kubelet.stop();
});

test("a pod with a readiness gate becomes ready once the gate's condition is True", async () => {
  const { emit, advance, lines, kubelet } = await started();
  const gated = pod("a");
  const spec = { ...gated.spec, readinessGates: [{ conditionType: "example.com/ok" }] };
  await emit("ADDED", { ...gated, spec });
  await advance(1200);
  expect(lines.at(-1)).toBe("a Running ready=False");
  await emit("MODIFIED", { ...gated, spec, status: { conditions: [{ type: "example.com/ok", status: "True" }] } });
  expect(lines.at(-1)).toBe("a Running ready=True");
  await kubelet.stop();
});
