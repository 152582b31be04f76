import { expect, test } from "bun:test";
import { manualClock } from "../../kube/clock/clock.ts";
import type { KubeEvent } from "../../kube/runtime/recorder.ts";
import { refusal, testApi } from "../../test/apiServer.ts";
import { createAudit, type AuditOptions } from "./audit.ts";

const resyncMs = 900_000;
const quiet = () => {};
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** An object whose name begins with "bad" has its findings in its labels. */
const findingsIn: AuditOptions["findings"] = (_, { metadata }) =>
  metadata.name?.startsWith("bad") ? Object.values(metadata.labels ?? { x: "wrong" }) : [];

const specs = {
  analysistemplates: { metrics: [] },
  clusteranalysistemplates: { metrics: [] },
  analysisruns: { metrics: [] },
  experiments: { templates: [] },
} as const;

interface Wanted {
  readonly metadata: { readonly name: string; readonly [more: string]: unknown };
  readonly status?: object;
}

type Wants = Partial<Record<keyof typeof specs, readonly Wanted[]>>;

const world = (wants: Wants, more: Partial<AuditOptions> = {}) => {
  const { clock, core, client, requests, hook } = testApi({ namespaces: ["ns", "team"], installed: true });
  const events: KubeEvent[] = [];
  const create = (plural: keyof typeof specs, { metadata, status }: Wanted): void => {
    const place = plural === "clusteranalysistemplates" ? {} : { namespace: "ns" };
    const draft = {
      metadata: { ...place, ...metadata },
      spec: specs[plural],
      ...(status === undefined ? {} : { status }),
    };
    core.create(`${plural}.argoproj.io`, draft);
  };
  for (const [plural, objects] of Object.entries(wants) as [keyof typeof specs, readonly Wanted[]][]) {
    for (const object of objects) create(plural, object);
  }
  const remove = (plural: keyof typeof specs, name: string): void =>
    void core.delete({ resource: `${plural}.argoproj.io`, namespace: "ns", name });
  const audit = createAudit({
    client,
    clock,
    log,
    findings: findingsIn,
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
  return { audit, core, requests, hook, create, remove, lines, settle, later, end };
};

const named = (name: string, metadata: object = {}): Wanted => ({ metadata: { name, ...metadata } });

test("what is broken is told once, however often it is seen, and counted", async () => {
  const { audit, lines, settle, later, end } = world({
    analysistemplates: [named("good"), named("bad")],
    clusteranalysistemplates: [named("bad")],
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
  const { lines, settle, later, end, create, remove, core } = world({ experiments: [named("bad")] });
  await settle();
  core.modify({ resource: "experiments.argoproj.io", namespace: "ns", name: "bad" }, (old) => ({
    ...old,
    metadata: { ...old.metadata, labels: { a: "worse", b: "still" } },
  }));
  await later();
  remove("experiments", "bad");
  await later();
  create("experiments", named("bad"));
  await later();
  const head = 'Experiment ns/bad: The Experiment "bad" is invalid:';
  expect(lines()).toEqual([`${head} wrong`, `${head} worse; still`, `${head} wrong`]);
  await end();
});

test("runs that have ended and objects that are being deleted are passed by", async () => {
  const { lines, settle, end, remove } = world({
    analysistemplates: [named("bad-deleted", { finalizers: ["test/stays"] })],
    analysisruns: [
      { ...named("bad-ended"), status: { phase: "Failed" } },
      { ...named("bad"), status: { phase: "Running" } },
    ],
  });
  remove("analysistemplates", "bad-deleted");
  await settle();
  expect(lines()).toEqual(['AnalysisRun ns/bad: The AnalysisRun "bad" is invalid: wrong']);
  await end();
});

test("what cannot be listed does not keep the others from being looked at", async () => {
  const { lines, settle, end, hook } = world({ experiments: [named("bad")] });
  hook.before = (request) => {
    if (!request.path.endsWith("/experiments")) throw refusal(request, 403, "Forbidden");
  };
  await settle();
  expect(lines()).toHaveLength(1);
  await end();
});

test("a cache is read instead of the API server, and lists come page by page, of our instance only", async () => {
  const label = "argo-rollouts.argoproj.io/controller-instance-id";
  const ours = { namespace: "team", labels: { [label]: "blue" } };
  const many = Array.from({ length: 250 }, (_, index) => named(`bad-${index}`, ours));
  const cached = many.map(({ metadata }) => ({ metadata: { ...metadata, uid: metadata.name } }));
  const others = ["bad-other", "bad-another"].map((name) => named(name, { namespace: "team" }));
  const { audit, requests, settle, end } = world(
    { analysistemplates: [...many, ...others] },
    { cached: { Rollout: () => cached }, namespace: "team", instanceId: "blue" },
  );
  await settle();
  expect(audit.violations().get("Rollout")).toBe(250);
  expect(audit.violations().get("AnalysisTemplate")).toBe(250);
  const team = "/apis/argoproj.io/v1alpha1/namespaces/team";
  expect(requests.map(({ path, query }) => `${path} ${String(query?.["labelSelector"])}`)).toEqual([
    ...Array.from({ length: 25 }, () => `${team}/analysistemplates ${label}=blue`),
    `/apis/argoproj.io/v1alpha1/clusteranalysistemplates ${label}=blue`,
    `${team}/analysisruns ${label}=blue`,
    `${team}/experiments ${label}=blue`,
  ]);
  await end();
});

test("an event holds as many findings as fit into it", async () => {
  const labels = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [`k${index}`, `${`finding-${index}-`.repeat(5)}end`]),
  );
  const { lines, settle, end } = world({ experiments: [named("bad", { labels })] });
  await settle();
  const [line = ""] = lines();
  expect(line).toEndWith("more");
  expect(line.length).toBeLessThan(1_024);
  await end();
});

test("after each object others have their turn, whether it is from a cache or from a list", async () => {
  const checked: string[] = [];
  const clock = { ...manualClock(), giveWay: () => Promise.resolve(void checked.push("others")) };
  const findings: AuditOptions["findings"] = (_, { metadata }) => {
    checked.push(metadata.name ?? "");
    return [];
  };
  const cached = { Rollout: () => ["a", "b"].map((name) => named(name)) };
  const { end } = world({ experiments: [named("c"), named("d")] }, { clock, findings, cached });
  await clock.advance(0);
  expect(checked).toEqual(["a", "others", "b", "others", "c", "others", "d", "others"]);
  await end();
});
