import { describe, expect, test } from "bun:test";
import type { Templates } from "./templateCollection.ts";
import { experimentTemplateWarnings, templateReferenceViolations } from "./templates.ts";
import { rolloutsBrokenBy } from "./templateUsers.ts";
import { violationText } from "../../../kube/validation/violation.ts";

const web = { provider: { web: { url: "http://x" } } };
const measuring = (...names: readonly string[]) => ({ metrics: names.map((name) => ({ name, ...web })) });
const asking = (text: string, ...args: readonly object[]) => ({
  metrics: [{ name: "m", provider: { prometheus: { query: text } } }],
  args,
});
const including = (...templateNames: readonly string[]) => ({
  templates: templateNames.map((templateName) => ({ templateName })),
});

const held = (namespaced: object, cluster: object = {}): Templates => ({
  namespaced: new Map(Object.entries(namespaced)),
  cluster: new Map(Object.entries(cluster)),
});

const step = (analysis: object) => ({ canary: { steps: [{ setWeight: 5 }, { analysis }] } });
const background = (analysis: object) => ({ canary: { analysis } });
const rollout = (strategy: object) => ({ metadata: { name: "web", namespace: "prod" }, spec: { strategy } });

const stepPath = "spec.strategy.canary.steps[1].analysis.templates";
const backgroundPath = "spec.strategy.canary.analysis.templates";

interface Row {
  readonly sentence: string;
  readonly strategy: object;
  readonly templates: Templates;
  readonly refuse?: readonly string[];
  readonly warn?: readonly string[];
}

const table: readonly Row[] = [
  {
    sentence: "templates that fit together are fine",
    strategy: step({ ...including("a", "b"), args: [{ name: "x", value: "1" }] }),
    templates: held({ a: asking("{{args.x}}", { name: "x" }), b: measuring("n") }),
  },
  {
    sentence: "a missing template may be on its way",
    strategy: step({ templates: [{ templateName: "a" }, { templateName: "b", clusterScope: true }] }),
    templates: held({}),
    warn: [
      `${stepPath}: Invalid value: "a": AnalysisTemplate 'a' not found`,
      `${stepPath}: Invalid value: "b": ClusterAnalysisTemplate 'b' not found`,
    ],
  },
  {
    sentence: "and so may one that another includes",
    strategy: { blueGreen: { prePromotionAnalysis: including("a") } },
    templates: held({ a: including("b") }),
    warn: [
      `spec.strategy.blueGreen.prePromotionAnalysis.templates: Invalid value: "b": AnalysisTemplate 'b' not found, which AnalysisTemplate 'a' includes`,
    ],
  },
  {
    sentence: "one name means two templates, of the namespace and of the cluster",
    strategy: { blueGreen: { postPromotionAnalysis: { templates: [{ templateName: "a", clusterScope: true }] } } },
    templates: held({ a: measuring("m", "m") }, { a: measuring("m") }),
  },
  {
    sentence: "metrics of one name, over templates that include each other",
    strategy: step(including("a")),
    templates: held({ a: { ...measuring("m"), ...including("b") }, b: measuring("m", "n") }),
    refuse: [`${stepPath}: Invalid value: "templateNames: [a b]": two metrics have the same name 'm'`],
  },
  {
    sentence: "a template that is named twice counts once",
    strategy: step(including("a", "a", "b")),
    templates: held({ a: measuring("m"), b: including("a") }),
  },
  {
    sentence: "what contradicts already is refused, whatever is still missing",
    strategy: step(including("a", "b", "c")),
    templates: held({ a: measuring("m"), b: { ...measuring("m"), args: [{ name: "x" }] } }),
    refuse: [`${stepPath}: Invalid value: "templateNames: [a b]": two metrics have the same name 'm'`],
    warn: [`${stepPath}: Invalid value: "c": AnalysisTemplate 'c' not found`],
  },
  {
    sentence: "a rule of the Rollout's that a template has too",
    strategy: step({ ...including("a"), dryRun: [{ metricName: "m" }] }),
    templates: held({ a: { ...measuring("m"), dryRun: [{ metricName: "m" }] } }),
    refuse: [`${stepPath}: Invalid value: "templateNames: [a]": two Dry-Run metric rules have the same name 'm'`],
  },
  {
    sentence: "an argument with two values",
    strategy: background(including("a", "b")),
    templates: held({ a: asking("", { name: "x", value: "1" }), b: { args: [{ name: "x", value: "2" }] } }),
    refuse: [
      `${backgroundPath}: Invalid value: "templateNames: [a b]": Argument \`x\` specified multiple times with different values: '1', '2'`,
    ],
  },
  {
    sentence: "an argument that nobody gives a value",
    strategy: background({ ...including("a"), args: [{ name: "y", value: "1" }] }),
    templates: held({ a: asking("{{args.x}}", { name: "x" }) }),
    refuse: [`${backgroundPath}: Invalid value: "templateNames: [a]": args.x was not resolved`],
  },
  {
    sentence: "a secret of a template that another one declares by its name alone",
    strategy: background(including("a", "b")),
    templates: held({
      a: asking("", { name: "x", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }),
      b: { args: [{ name: "x" }] },
    }),
  },
  {
    sentence: "a value that another template brings",
    strategy: background(including("a", "b")),
    templates: held({ a: asking("{{args.x}}", { name: "x" }), b: { args: [{ name: "x", value: "2" }] } }),
  },
  {
    sentence: "in the background templates lend each other arguments",
    strategy: background(including("a", "b")),
    templates: held({ a: asking("{{args.x}}{{args.y}}"), b: { args: [{ name: "x", value: "2" }] } }),
    warn: [`${backgroundPath}: Invalid value: "a": AnalysisTemplate 'a': failed to resolve {{args.y}}`],
  },
  {
    sentence: "in a step they do not",
    strategy: step(including("a", "b")),
    templates: held({ a: asking("{{args.x}}"), b: { args: [{ name: "x", value: "2" }] } }),
    refuse: [`${stepPath}: Invalid value: "a": AnalysisTemplate a: failed to resolve {{args.x}}`],
  },
  {
    sentence: "an argument from two sources in a step",
    strategy: step(including("a")),
    templates: held({ a: asking("", { name: "x", value: "1", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }) }),
    refuse: [`${stepPath}: Invalid value: "a": AnalysisTemplate a: arg 'x' has both Value and ValueFrom fields`],
  },
  {
    sentence: "a step that would wait for ever",
    strategy: step(including("a")),
    templates: held({ a: { metrics: [{ name: "m", interval: "1m", ...web }] } }),
    refuse: [
      `${stepPath}: Invalid value: "a": AnalysisTemplate a has metric m which runs indefinitely. Invalid value for count: <nil>`,
    ],
  },
  {
    sentence: "a step that waits for a number yet to be given",
    strategy: step({ ...including("a"), args: [{ name: "c", value: "3" }] }),
    templates: held({
      a: { metrics: [{ name: "m", interval: "1m", count: "{{args.c}}", ...web }], args: [{ name: "c" }] },
    }),
  },
  {
    sentence: "in the background endless is fine",
    strategy: background(including("a")),
    templates: held({ a: { metrics: [{ name: "m", interval: "1m", ...web }] } }),
  },
  {
    sentence: "templates in a circle",
    strategy: background(including("a")),
    templates: held({ a: { ...measuring("m"), ...including("b") }, b: including("a") }),
    refuse: [
      `${backgroundPath}: Invalid value: [{"templateName":"a"}]: a template cannot include itself: AnalysisTemplate 'a' → AnalysisTemplate 'b' → AnalysisTemplate 'a'`,
    ],
  },
];

describe("the templates of a Rollout", () => {
  test.each([...table])("$sentence", ({ strategy, templates, refuse = [], warn = [] }) => {
    const findings = templateReferenceViolations(rollout(strategy), templates);
    expect(findings.refuse.map(violationText)).toEqual([...refuse]);
    expect(findings.warn.map(violationText)).toEqual([...warn]);
  });

  test("whatever they are, it answers", () => {
    for (const junk of [undefined, null, 1, [], {}, { metrics: [null], args: 1, templates: {} }]) {
      const templates = held({ a: junk });
      expect(templateReferenceViolations(rollout(step(including("a"))), templates).warn).toEqual([]);
      expect(templateReferenceViolations(junk, templates).refuse).toEqual([]);
    }
  });
});

describe("an edit of a template", () => {
  const template = (spec: object, kind = "AnalysisTemplate") => ({
    kind,
    metadata: { name: "a", namespace: "prod" },
    spec,
  });
  const user = (templates: Templates) => ({ rollout: rollout(step(including("a", "b"))), templates });

  test("warns of the Rollouts that it would hold, with the reason", () => {
    const templates = held({ a: measuring("m"), b: measuring("n") });
    expect(rolloutsBrokenBy(template(measuring("n")), [user(templates)]).map(violationText)).toEqual([
      `spec: Invalid value: "a": would hold Rollout "prod/web", which uses it: ${stepPath}: Invalid value: "templateNames: [a b]": two metrics have the same name 'n'`,
    ]);
  });

  test("says nothing of Rollouts that are held for that already", () => {
    const templates = held({ a: measuring("n"), b: measuring("n") });
    expect(rolloutsBrokenBy(template(measuring("n", "o")), [user(templates)])).toEqual([]);
  });

  test("of the cluster's does not touch the namespace's of that name", () => {
    const templates = held({ a: measuring("m"), b: measuring("n") });
    const edited = template(measuring("n"), "ClusterAnalysisTemplate");
    expect(rolloutsBrokenBy(edited, [user(templates)])).toEqual([]);
  });

  test("does not look into other namespaces", () => {
    const templates = held({ a: measuring("m"), b: measuring("n") });
    const edited = { ...template(measuring("n")), metadata: { name: "a", namespace: "test" } };
    expect(rolloutsBrokenBy(edited, [user(templates)])).toEqual([]);
  });
});

test("an Experiment's missing template may be on its way", () => {
  const experiment = {
    spec: {
      analyses: [
        { name: "x", templateName: "a" },
        { name: "y", templateName: "b" },
      ],
    },
  };
  expect(experimentTemplateWarnings(experiment, held({ a: including("c") })).map(violationText)).toEqual([
    `spec.analyses[1].templateName: Invalid value: "b": AnalysisTemplate 'b' not found`,
  ]);
});
