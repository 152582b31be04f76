import { expect, test } from "bun:test";
import { manualClock } from "../../kube/clock/clock.ts";
import type { KubeEvent } from "../../kube/runtime/recorder.ts";
import type { KubeClient, KubeRequest } from "../../kube/client/transport.ts";
import { createAudit, type Audited, type AuditOptions } from "./audit.ts";

const resyncMs = 900_000;
const quiet = () => {};
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** Objects by plural; an object whose name begins with "bad" has its findings in its labels. */
const world = (objects: Record<string, Audited[]>, more: Partial<AuditOptions> = {}) => {
  const clock = manualClock();
  const requests: string[] = [];
  const events: KubeEvent[] = [];
  const client: KubeClient = {
    server: "memory",
    namespace: "ns",
    open: () => Promise.reject(new Error("no watches here")),
    request: async <T>({ path, query }: KubeRequest) => {
      requests.push(`${path} ${String(query?.["labelSelector"])}`);
      const all = objects[path.split("/").at(-1) ?? ""];
      if (all === undefined) throw new Error("forbidden");
      const from = Number(query?.["continue"] ?? 0);
      const to = from + Number(query?.["limit"]);
      return { items: all.slice(from, to), metadata: { continue: to < all.length ? String(to) : "" } } as T;
    },
  };
  const audit = createAudit({
    client,
    clock,
    log,
    findings: (_, { metadata }) =>
      metadata.name?.startsWith("bad") ? Object.values(metadata.labels ?? { x: "wrong" }) : [],
    record: (event) => void events.push(event),
    instanceId: "",
    resyncMs,
    ...more,
  });
  const ending = new AbortController();
  const done = audit.run(ending.signal);
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i += 1) await clock.advance(0);
  };
  const later = async (): Promise<void> => {
    await clock.advance(resyncMs);
    await settle();
  };
  const end = async (): Promise<void> => {
    ending.abort();
    await done;
  };
  const lines = () =>
    events.map(({ object, message }) => `${object.kind} ${object.namespace}/${object.name}: ${message}`);
  return { audit, requests, lines, settle, later, end, objects };
};

const named = (name: string, more: object = {}): Audited => ({
  metadata: { name, namespace: "ns", uid: name },
  ...more,
});
const none = { rollouts: [], analysistemplates: [], clusteranalysistemplates: [], analysisruns: [], experiments: [] };

test("what is broken is told once, however often it is seen, and counted", async () => {
  const { audit, lines, settle, later, end } = world({
    ...none,
    analysistemplates: [named("good"), named("bad")],
    clusteranalysistemplates: [{ metadata: { name: "bad", uid: "cluster" } }],
  });
  await settle();
  await later();
  await later();
  expect(lines()).toEqual([
    'AnalysisTemplate ns/bad: The AnalysisTemplate "bad" is invalid: wrong',
    'ClusterAnalysisTemplate default/bad: The ClusterAnalysisTemplate "bad" is invalid: wrong',
  ]);
  expect([...audit.render()].join("")).toBe(
    `# HELP sluice_audit_violations Stored objects that the webhook would refuse.
# TYPE sluice_audit_violations gauge
sluice_audit_violations{kind="Rollout"} 0
sluice_audit_violations{kind="AnalysisTemplate"} 1
sluice_audit_violations{kind="ClusterAnalysisTemplate"} 1
sluice_audit_violations{kind="AnalysisRun"} 0
sluice_audit_violations{kind="Experiment"} 0
`,
  );
  await end();
});

test("another finding is told, and so is the same one after it had been mended", async () => {
  const { lines, settle, later, end, objects } = world({ ...none, experiments: [named("bad")] });
  await settle();
  const { metadata } = named("bad");
  objects["experiments"] = [{ metadata: { ...metadata, labels: { a: "worse", b: "still" } } }];
  await later();
  objects["experiments"] = [named("good")];
  await later();
  objects["experiments"] = [named("bad")];
  await later();
  const head = 'Experiment ns/bad: The Experiment "bad" is invalid:';
  expect(lines()).toEqual([`${head} wrong`, `${head} worse; still`, `${head} wrong`]);
  await end();
});

test("runs that have ended and objects that are being deleted are passed by", async () => {
  const deleted: Audited = { metadata: { name: "bad-deleted", uid: "d", deletionTimestamp: "2026-01-01T00:00:00Z" } };
  const { lines, settle, end } = world({
    ...none,
    analysistemplates: [deleted],
    analysisruns: [named("bad-ended", { status: { phase: "Failed" } }), named("bad", { status: { phase: "Running" } })],
  });
  await settle();
  expect(lines()).toEqual(['AnalysisRun ns/bad: The AnalysisRun "bad" is invalid: wrong']);
  await end();
});

test("what cannot be listed does not keep the others from being looked at", async () => {
  const { lines, settle, end, objects, later } = world({ rollouts: [], experiments: [named("bad")] });
  await settle();
  expect(lines()).toHaveLength(1);
  objects["experiments"] = [];
  await later();
  await end();
  expect(lines()).toHaveLength(1);
});

test("a cache is read instead of the API server, and lists come page by page, of our instance only", async () => {
  const many = Array.from({ length: 250 }, (_, index) => named(`bad-${index}`));
  const { audit, requests, settle, end } = world(
    { ...none, analysistemplates: many },
    { cached: { Rollout: () => many }, namespace: "team", instanceId: "blue" },
  );
  await settle();
  expect(audit.violations().get("Rollout")).toBe(250);
  expect(audit.violations().get("AnalysisTemplate")).toBe(250);
  const label = "argo-rollouts.argoproj.io/controller-instance-id=blue";
  const team = "/apis/argoproj.io/v1alpha1/namespaces/team";
  expect(requests).toEqual([
    ...Array.from({ length: 25 }, () => `${team}/analysistemplates ${label}`),
    `/apis/argoproj.io/v1alpha1/clusteranalysistemplates ${label}`,
    `${team}/analysisruns ${label}`,
    `${team}/experiments ${label}`,
  ]);
  await end();
});

test("an event holds as many findings as fit into it", async () => {
  const labels = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [`k${index}`, `finding ${index} `.repeat(5)]),
  );
  const { lines, settle, end } = world({ ...none, experiments: [{ metadata: { name: "bad", uid: "u", labels } }] });
  await settle();
  const [line = ""] = lines();
  expect(line).toEndWith("more");
  expect(line.length).toBeLessThan(1_024);
  await end();
});

test("after each object others have their turn, whether it is from a cache or from a list", async () => {
  const looked: string[] = [];
  const clock = { ...manualClock(), giveWay: () => Promise.resolve(void looked.push("others")) };
  const findings: AuditOptions["findings"] = (_, { metadata }) => {
    looked.push(metadata.name ?? "");
    return [];
  };
  const cached = { Rollout: () => ["a", "b"].map((name) => named(name)) };
  const { end } = world({ ...none, experiments: [named("c"), named("d")] }, { clock, findings, cached });
  await clock.advance(0);
  expect(looked).toEqual(["a", "others", "b", "others", "c", "others", "d", "others"]);
  await end();
});
