/** Updates that are simulated come out as the controller drives them (docs/cli/simulate.md). */
import { describe, expect, test } from "bun:test";
import { gathered } from "./bundle.ts";
import { type Report, reportOf } from "./report.ts";
import { NO_SCENARIO, readScenario } from "./scenario.ts";
import { simulate, type SimulateOptions } from "./simulate.ts";

interface Play extends Partial<Omit<SimulateOptions, "bundle" | "scenario">> {
  /** Of the strategy, in YAML. */
  readonly strategy: string;
  readonly replicas?: number;
  /** Further documents. */
  readonly beside?: string;
  readonly metrics?: string;
  readonly perSecond?: number;
}

async function played({ strategy, replicas = 4, beside = "", metrics, perSecond, ...options }: Play): Promise<Report> {
  const rollout = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: web }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: "web:1" }] }
  strategy: ${strategy.replaceAll("\n", " ")}
`;
  const objects = Bun.YAML.parse(`${rollout}---\nkind: none\n${beside === "" ? "" : `---\n${beside}`}`) as unknown[];
  const found = gathered(objects);
  if (found.kind === "refused") throw new Error(found.problem);
  const read = metrics === undefined ? undefined : readScenario(Bun.YAML.parse(`metrics: ${metrics}`));
  if (read?.kind === "refused") throw new Error(read.problem);
  const simulation = await simulate({
    image: { container: undefined, image: "web:2" },
    fault: undefined,
    podsReadyAfterMs: 10_000,
    promoteAfterMs: 30_000,
    limitMs: 172_800_000,
    version: "0.0.0",
    ...options,
    bundle: found.bundle,
    scenario: read?.scenario ?? NO_SCENARIO,
  });
  return reportOf(simulation, perSecond);
}

const refusalOf = (playing: Promise<Report>): Promise<string> =>
  playing.then(
    () => "",
    (error: unknown) => (error instanceof Error ? error.message : ""),
  );

/** "10s 2/4 pause: 20%, 4+1" for each stage: share, old and new pods at its end. */
const linesOf = ({ stages }: Report): string[] =>
  stages.map(
    ({ fromMs, text, share, old, new: fresh }) =>
      `${Math.round(fromMs / 1_000)}s ${text}: ${Math.round(share * 100)}%, ${old.ready}+${fresh.ready}`,
  );

const timed = "{ canary: { steps: [{ setWeight: 25 }, { pause: { duration: 10m } }] } }";
const canary =
  "{ canary: { steps: [{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: { duration: 2h } }] } }";

describe("a canary", () => {
  test("begins at once, also with an analysis in the background from its first step on", async () => {
    const strategy =
      "{ canary: { analysis: { templates: [{ templateName: pods }] }, steps: [{ setWeight: 25 }, { pause: { duration: 1m } }] } }";
    const beside = `
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: pods, annotations: { sluice.dev/no-data: pods=success } }
spec: { metrics: [{ name: pods, interval: 5s, provider: { plugin: { sluice.dev/pods: { settleSeconds: 20 } } } }] }
`;
    const [first] = linesOf(await played({ strategy, beside }));
    expect(first).toBe("0s 1/2 setWeight 25: 0%, 3+0");
  });

  test("goes through its steps, is promoted by a person where it waits for one, and gets healthy", async () => {
    const report = await played({ strategy: canary });
    expect(linesOf(report)).toEqual([
      "0s 1/4 setWeight 25: 0%, 3+0",
      "10s 2/4 pause: 25%, 3+1",
      "40s 3/4 setWeight 50: 33%, 2+1",
      "50s 4/4 pause 2h: 50%, 2+2",
      "7250s after the steps: all pods: 67%, 1+2",
      "7260s done: the old pods end: 100%, 0+4",
    ]);
    expect(report.incidents).toEqual([{ atMs: 40_000, kind: "promoted", text: "promoted by a made-up person" }]);
    // Without a router one pod in four may be missing.
    expect([report.outcome.kind, report.mostShare, report.worstCapacity.value]).toEqual(["healthy", 0.6667, 0.75]);
  });

  test("comes out the same every time", async () => {
    const [first, second] = [await played({ strategy: canary }), await played({ strategy: canary })];
    expect(first).toEqual(second);
  });

  test("waits for ever where nobody promotes it", async () => {
    const { outcome, stages } = await played({ strategy: canary, promoteAfterMs: undefined, limitMs: 3_600_000 });
    expect(outcome).toEqual({ kind: "waits", atMs: 10_000, at: "2/4 pause", why: "CanaryPauseStep" });
    expect(stages.at(-1)?.text).toBe("2/4 pause");
  });

  test("whose pods do not get ready is stuck when its deadline is over, in the controller's words", async () => {
    const { outcome, mostShare } = await played({ strategy: canary, fault: { kind: "never ready" } });
    expect([outcome.kind, outcome.at, mostShare]).toEqual(["stuck", "1/4 setWeight 25", 0]);
    expect(outcome.why).toContain("has timed out progressing. 1 of 1 pods not ready");
  });

  test("is left when the simulation is to end", async () => {
    const { outcome } = await played({ strategy: canary, limitMs: 15_000, podsReadyAfterMs: 60_000 });
    expect(outcome).toMatchObject({ kind: "unfinished", at: "1/4 setWeight 25" });
  });

  test("waits for nobody in a pause that ends by itself, when the simulation ends before that", async () => {
    const { outcome, stages } = await played({ strategy: timed, limitMs: 300_000 });
    expect(outcome).toMatchObject({ kind: "unfinished", at: "2/2 pause 10m", why: "CanaryPauseStep" });
    expect(stages.at(-1)).toMatchObject({ fromMs: 10_000, toMs: 300_000 });
  });
});

const router = `{ canary: { canaryService: c, stableService: s, trafficRouting: { nginx: { stableIngress: web } },
  steps: [{ setWeight: 50 }, { pause: { duration: 10m } }] } }`;

describe("a router", () => {
  test("has its Services and its Ingress made up, and they are named", async () => {
    const { notes, outcome } = await played({ strategy: router });
    expect(notes).toEqual(['Made up, because no file has it: Service "s", Service "c", Ingress "web"']);
    expect(outcome.kind).toBe("healthy");
  });

  test("of the Gateway API has its routes made up, by name and by labels", async () => {
    const routes = "httpRoute: web, namespace: edge, grpcRouteSelector: { matchLabels: { app: web } }";
    const strategy = `{ canary: { canaryService: c, stableService: s,
      trafficRouting: { plugins: { argoproj-labs/gatewayAPI: { ${routes} } } }, steps: [{ setWeight: 50 }, { pause: { duration: 10m } }] } }`;
    const { notes, outcome } = await played({ strategy });
    expect(notes[0]).toContain('HTTPRoute "web", GRPCRoute "selected"');
    expect(outcome.kind).toBe("healthy");
  });

  test("divides the requests by its weights; pods beyond the size are counted as long as they are there", async () => {
    const { extra, requests, worstCapacity } = await played({ strategy: router, perSecond: 100 });
    expect([extra.most, extra.ms, worstCapacity.value]).toEqual([4, 650_000, 1]);
    // Half of those of ten minutes, and of the ten seconds in which the last pods start.
    expect(requests).toMatchObject({ toNew: 30_500, total: 62_000, usualPerPod: 25, mostPerPod: 25 });
  });

  test("Istio finds the VirtualService and the DestinationRule that nobody has given", async () => {
    const strategy = `{ canary: { trafficRouting: { istio: {
      virtualService: { name: v, routes: [main] },
      destinationRule: { name: d, stableSubsetName: old, canarySubsetName: new } } },
      steps: [{ setWeight: 50 }, { pause: { duration: 20s } }] } }`;
    const { notes, outcome } = await played({ strategy });
    expect(notes).toEqual(['Made up, because no file has it: VirtualService "v", DestinationRule "d"']);
    expect(outcome.kind).toBe("healthy");
  });

  test.each([
    ["{ traefik: { weightedTraefikServiceName: web } }", 'TraefikService "web"'],
    ["{ traefik: { weightedTraefikServiceName: ingressroute/web } }", 'IngressRoute "web"'],
    ["{ apisix: { route: { name: web, rules: [a, b] } } }", 'ApisixRoute "web"'],
    ["{ ambassador: { mappings: [web] } }", 'Mapping "web"'],
    [
      "{ appMesh: { virtualService: { name: web }, virtualNodeGroup: { stableVirtualNodeRef: { name: a }, canaryVirtualNodeRef: { name: b } } } }",
      'VirtualService "web", VirtualRouter "web", VirtualNode "a", VirtualNode "b"',
    ],
  ])("with kinds of its own has its objects made up: %s", async (trafficRouting, objects) => {
    const strategy = `{ canary: { canaryService: c, stableService: s, trafficRouting: ${trafficRouting}, steps: [{ setWeight: 50 }, { pause: { duration: 1m } }] } }`;
    const { notes, outcome } = await played({ strategy });
    expect(notes).toEqual([`Made up, because no file has it: Service "s", Service "c", ${objects}`]);
    expect(outcome.kind).toBe("healthy");
  });

  test("that is a plugin does what it is asked at once", async () => {
    const strategy =
      "{ canary: { canaryService: c, stableService: s, trafficRouting: { plugins: { a/b: {} } }, steps: [{ setWeight: 50 }, { pause: { duration: 1m } }] } }";
    const { notes, outcome, moments } = await played({ strategy });
    expect(notes.join()).toContain("Router plugin a/b is made up: it does what it is asked at once");
    expect(outcome.kind).toBe("healthy");
    expect(moments.map(({ share }) => share)).toContain(0.5);
  });
});

test("an aborted canary with dynamicStableScale goes back in the portions of its steps, and never forward again", async () => {
  const strategy = `{ canary: { canaryService: c, stableService: s, dynamicStableScale: true,
    trafficRouting: { nginx: { stableIngress: web } },
    steps: [{ setWeight: 25 }, { setWeight: 50 }, { setWeight: 75 }, { pause: { duration: 20s } }, { analysis: { templates: [{ templateName: smoke }] } }] } }`;
  const { moments, outcome } = await played({ strategy, replicas: 10, metrics: "{ smoke: { phase: Failed } }" });
  const shares = moments.filter(({ stage }) => stage.isOver === true).map(({ share }) => share);
  expect(outcome.kind).toBe("aborted");
  expect(shares).toEqual(shares.toSorted((a, b) => b - a));
  expect(moments.at(-1)).toMatchObject({ share: 0, old: { ready: 10, starting: 0 }, new: { ready: 0, starting: 0 } });
  // At no moment do requests come to pods that are not there.
  expect(Math.min(...moments.map(({ capacity }) => capacity))).toBeGreaterThanOrEqual(1);
});

test.each([
  ["two pods at least", "minPodsPerReplicaSet: 2", "{ setWeight: 9 }, { setWeight: 22 }, { setWeight: 62 }"],
  ["its whole size at least", "minPodsPerReplicaSet: 8", "{ setWeight: 9 }, { setWeight: 62 }"],
])("an aborted canary with dynamicStableScale and %s gives all requests back", async (_, least, steps) => {
  const strategy = `{ canary: { canaryService: c, stableService: s, dynamicStableScale: true, ${least}, trafficRouting: { smi: {} },
    steps: [${steps}, { analysis: { templates: [{ templateName: smoke }] } }] } }`;
  const { moments } = await played({ strategy, replicas: 8, metrics: "{ smoke: { phase: Failed } }" });
  expect(moments.at(-1)).toMatchObject({ share: 0, old: { ready: 8 }, new: { ready: 0, starting: 0 } });
});

const template = `
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: rate }
spec:
  args: [{ name: token, valueFrom: { secretKeyRef: { name: tokens, key: rate } } }]
  metrics:
    - name: rate
      interval: 1m
      failureLimit: 1
      successCondition: result[0] >= 0.95
      failureCondition: result[0] < 0.9
      inconclusiveLimit: 0
      provider: { prometheus: { address: "http://prometheus", query: "rate" } }
`;
const analysed =
  "{ canary: { analysis: { templates: [{ templateName: rate }] }, steps: [{ setWeight: 25 }, { pause: { duration: 1h } }] } }";

describe("an analysis", () => {
  test("aborts the update when the scenario says so, and tells why", async () => {
    const report = await played({
      strategy: analysed,
      beside: template,
      metrics: "{ rate: [{ value: 0.99 }, { at: 20m, value: 0.5 }] }",
    });
    const { outcome, incidents, notes, stages, mostShare } = report;
    expect(outcome).toMatchObject({ kind: "aborted", at: "2/2 pause 1h" });
    expect(Math.round(outcome.atMs / 60_000)).toBe(21);
    expect(outcome.why).toContain('Metric "rate" assessed Failed due to failed (2) > failureLimit (1)');
    expect(incidents.map(({ kind, text }) => [kind, text.endsWith("([0.5])")])).toEqual([["failed", true]]);
    expect(notes).toEqual(['Made up, because no file has it: Secret "tokens"']);
    expect([stages.at(-1)?.old.ready, stages.at(-1)?.new.ready, mostShare]).toEqual([4, 0, 0.25]);
  });

  test("that nothing is said about is good, and that is said", async () => {
    const { outcome, notes, analyses } = await played({ strategy: analysed, beside: template });
    expect([outcome.kind, notes.at(-1)]).toEqual(["healthy", "The scenario says nothing about rate: taken for good"]);
    expect(analyses.map(({ phase }) => phase)).toEqual(["Successful"]);
  });

  test.each([
    [
      "{ error: refused }",
      'assessed Error due to consecutiveErrors (5) > consecutiveErrorLimit (4): "Error Message: refused"',
    ],
    ["{ hang: true }", "no answer within 30 s"],
    ["{ noData: true }", "the scenario says that there is no data"],
  ])("of a source that gives %s ends as the controller ends it", async (source, why) => {
    const { outcome } = await played({ strategy: analysed, beside: template, metrics: `{ rate: ${source} }` });
    expect(outcome.kind).toBe("aborted");
    expect(outcome.why).toContain(why);
  });

  test("that decides nothing leaves the update to a person who is not made up", async () => {
    const { outcome } = await played({
      strategy: analysed,
      beside: template,
      metrics: "{ rate: 0.92 }",
      limitMs: 7_200_000,
    });
    expect(outcome).toMatchObject({ kind: "waits", why: "InconclusiveAnalysisRun" });
  });

  test("whose template no file has gets one of its name", async () => {
    const { outcome, notes } = await played({ strategy: analysed, metrics: "{ rate: { phase: Failed } }" });
    expect(outcome.kind).toBe("aborted");
    expect(notes).toContain('Made-up templates have one metric, which the scenario may speak of: "rate"');
  });

  test("of the pods looks at those of the simulation", async () => {
    const beside = `
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: rate, annotations: { sluice.dev/no-data: pods=success } }
spec: { metrics: [{ name: pods, interval: 5s, count: 3, provider: { plugin: { sluice.dev/pods: {} } } }] }
`;
    const strategy =
      "{ canary: { steps: [{ setWeight: 25 }, { analysis: { templates: [{ templateName: rate }] } }] } }";
    const { outcome } = await played({ strategy, beside, fault: { kind: "crash", afterMs: 3_000 } });
    expect(outcome.kind).toBe("aborted");
    expect(outcome.why).toContain("1 containers are down");
    expect((await played({ strategy, beside })).outcome.kind).toBe("healthy");
  });
});

describe("a blue-green update", () => {
  const strategy = `{ blueGreen: { activeService: web, previewService: preview, autoPromotionEnabled: false,
    prePromotionAnalysis: { templates: [{ templateName: smoke }] }, postPromotionAnalysis: { templates: [{ templateName: after }] } } }`;

  test("is switched at once, and the old pods stay for a while", async () => {
    const report = await played({ strategy });
    expect(linesOf(report)).toEqual([
      "0s the new pods start: 0%, 4+0",
      "10s new pods ready: waits for the promotion: 0%, 4+4",
      "40s done: the old pods end: 100%, 0+4",
    ]);
    expect([report.outcome.kind, report.extra.most]).toEqual(["healthy", 4]);
  });

  test("is not switched when what is measured before is bad", async () => {
    const { outcome, mostShare } = await played({ strategy, metrics: "{ smoke: { phase: Failed } }" });
    expect([outcome.kind, mostShare]).toEqual(["aborted", 0]);
  });
});

test("Experiments and steps of plugins are played, too", async () => {
  const strategy = `{ canary: { steps: [
    { experiment: { duration: 5m, templates: [{ name: a, specRef: stable }, { name: b, specRef: canary }] } },
    { plugin: { name: acme/load-test } }, { setWeight: 50 }] } }`;
  const { outcome, analyses, stages, notes } = await played({ strategy });
  expect(outcome.kind).toBe("healthy");
  expect(analyses.map(({ kind, phase }) => [kind, phase])).toEqual([["Experiment", "Successful"]]);
  expect(stages[0]?.text).toBe("1/3 experiment 5m a b");
  expect(notes).toEqual(["Step plugin acme/load-test is made up: its steps are done at once"]);
});

describe("what cannot be simulated is refused", () => {
  test("in admission's words where it is wrong", async () => {
    expect(await refusalOf(played({ strategy: "{ canary: { steps: [{ setWeight: 150 }] } }" }))).toContain(
      "spec.strategy.canary.steps[0].setWeight: Invalid value: 150",
    );
  });

  test("when there is no such container", async () => {
    const image = { container: "app", image: "web:2" };
    expect(await refusalOf(played({ strategy: canary, image }))).toContain(
      'the pods have no container "app": they have web',
    );
  });

  test.each([
    ["[]", undefined, "no Rollout is among what was given"],
    ["[web]", "shop", 'no Rollout "shop" is among what was given'],
    ["[web, shop]", undefined, "there are several Rollouts (web, shop): say which by --rollout NAME"],
  ])("%s for Rollout %s: %s", (names, name, problem) => {
    const rollouts = (Bun.YAML.parse(names) as string[]).map((each) => ({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Rollout",
      metadata: { name: each },
      spec: {},
    }));
    expect(gathered(rollouts, name)).toEqual({ kind: "refused", problem });
  });

  test("without the workload that it takes its pods from", () => {
    const spec = { workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" } };
    const rollout = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", metadata: { name: "web" }, spec };
    expect(gathered([rollout])).toMatchObject({
      problem: 'Rollout "web" takes its pods from Deployment "web", which is not among what was given: add its file',
    });
  });
});
