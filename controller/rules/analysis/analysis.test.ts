import { describe, expect, test } from "bun:test";
import {
  analysisRunViolations,
  analysisRunWarnings,
  analysisTemplateViolations,
  analysisTemplateWarnings,
} from "./analysis.ts";
import { type Violation, violationText } from "../../../kube/validation/violation.ts";

type Row = readonly [sentence: string, spec: object, ...texts: string[]];
type Judge = (object: unknown) => readonly Violation[];

const web = { provider: { web: { url: "http://x" } } };
const metric = (more: object, name = "m") => ({ metrics: [{ name, ...web, ...more }] });
const of = (provider: object) => ({ metrics: [{ name: "m", provider }] });
const query = (text: string) => of({ prometheus: { query: text } });
const named = (...names: readonly string[]) => names.map((name) => ({ name, ...web }));

function check(judge: Judge, rows: readonly Row[]): void {
  test.each(rows.map(([sentence, spec, ...texts]) => ({ sentence, spec, texts })))("$sentence", ({ spec, texts }) => {
    expect(judge({ kind: "AnalysisTemplate", metadata: { name: "t" }, spec }).map(violationText)).toEqual(texts);
  });
}

/** What holds for runs holds for templates too. */
const common: readonly Row[] = [
  ["one measurement is fine", metric({})],
  [
    "limits within the count are fine",
    metric({ interval: "1m", count: 5, failureLimit: 2, consecutiveSuccessLimit: 3 }),
  ],
  ["endless with a failure limit is fine", metric({ interval: "30s", failureLimit: 3 })],
  ["metrics of one name", { metrics: named("a", "b", "a") }, 'spec.metrics[2].name: Duplicate value: "a"'],
  [
    "a negative success limit",
    metric({ consecutiveSuccessLimit: -1 }),
    "spec.metrics[0].consecutiveSuccessLimit: Invalid value: -1: consecutiveSuccessLimit must be >= 0",
  ],
  [
    "a failure limit below -1",
    metric({ failureLimit: -2 }),
    "spec.metrics[0].failureLimit: Invalid value: -2: failureLimit must be >= 0, or -1 to be disabled",
  ],
  [
    "nothing that could end it",
    metric({ failureLimit: "-1" }),
    'spec.metrics[0].failureLimit: Invalid value: "-1": failureLimit and consecutiveSuccessLimit cannot both be disabled',
  ],
  [
    "negative limits, all told",
    metric({ inconclusiveLimit: -1, consecutiveErrorLimit: -1 }),
    "spec.metrics[0].inconclusiveLimit: Invalid value: -1: inconclusiveLimit must be >= 0",
    "spec.metrics[0].consecutiveErrorLimit: Invalid value: -1: consecutiveErrorLimit must be >= 0",
  ],
  [
    "more failures allowed than measured",
    metric({ count: 1, failureLimit: 1, consecutiveSuccessLimit: 1 }),
    "spec.metrics[0].count: Invalid value: 1: count (1) must be >= failureLimit + consecutiveSuccessLimit (1 + 1) if both >= 0",
  ],
  [
    "more successes wanted than measured",
    metric({ count: 1, failureLimit: -1, consecutiveSuccessLimit: 2 }),
    "spec.metrics[0].count: Invalid value: 1: count must be >= consecutiveSuccessLimit",
  ],
  [
    "more inconclusive ones allowed than measured",
    metric({ count: 1, inconclusiveLimit: 2 }),
    "spec.metrics[0].count: Invalid value: 1: count must be >= inconclusiveLimit",
  ],
  [
    "several measurements at once",
    metric({ count: 3 }),
    "spec.metrics[0].interval: Required value: interval must be specified when count > 1",
  ],
  [
    "an interval in no unit",
    metric({ interval: "60" }),
    'spec.metrics[0].interval: Invalid value: "60": invalid interval string: time: missing unit in duration "60"',
  ],
  [
    "an interval in days",
    metric({ interval: "1h2d" }),
    'spec.metrics[0].interval: Invalid value: "1h2d": invalid interval string: time: unknown unit "d" in duration "1h2d"',
  ],
  [
    "a delay in words",
    metric({ initialDelay: "soon" }),
    'spec.metrics[0].initialDelay: Invalid value: "soon": invalid startDelay string: time: invalid duration "soon"',
  ],
  ["no provider", of({}), "spec.metrics[0].provider: Required value: no provider specified"],
  [
    "two providers",
    of({ web: {}, job: {} }),
    'spec.metrics[0].provider: Invalid value: "web, job": multiple providers specified',
  ],
  [
    "two plugins",
    of({ plugin: { a: {}, b: {} } }),
    'spec.metrics[0].provider: Invalid value: "plugin a, plugin b": multiple providers specified',
  ],
  ["one plugin is fine", of({ plugin: { "org/a": {} } })],
  [
    "a tag of another language",
    query("x{{ .Release.Name }}"),
    'spec.metrics[0].provider.prometheus.query: Invalid value: "{{ .Release.Name }}": failed to resolve {{ .Release.Name }}',
  ],
  [
    "a tag that is never closed",
    query("x{{args.a"),
    'spec.metrics[0].provider.prometheus.query: Invalid value: "{{": a {{ is never closed by }}',
  ],
];

describe("a template that no use can mend", () => {
  check(analysisTemplateViolations, [
    ...common,
    ["templates alone are fine", { templates: [{ templateName: "a" }] }],
    ["nothing at all may lend arguments to others", {}],
    [
      "values behind tags are not judged",
      {
        ...metric({ count: "{{args.c}}", failureLimit: 5, interval: "{{args.i}}" }),
        args: [{ name: "c" }, { name: "i" }],
      },
    ],
    ["an argument may be declared by another template", query("{{ args.a }}")],
    ["an argument may get its value later", { ...query("{{ args.a }}"), args: [{ name: "a" }] }],
    [
      "an argument with two values",
      {
        args: [
          { name: "a", value: "1" },
          { name: "a", value: "2" },
        ],
      },
      "spec.args[1].value: Invalid value: \"2\": Argument `a` specified multiple times with different values: '1', '2'",
    ],
    [
      "a rule that is there twice",
      { ...metric({}), dryRun: [{ metricName: "m" }, { metricName: "m" }] },
      'spec.dryRun[1].metricName: Duplicate value: "m"',
    ],
    ["rules may be meant for other templates", { ...metric({}), dryRun: [{ metricName: "other" }] }],
    [
      "a template that includes itself",
      { templates: [{ templateName: "t" }, { templateName: "t", clusterScope: true }] },
      'spec.templates[0].templateName: Invalid value: "t": a template cannot include itself',
    ],
  ]);
});

describe("a template is worth a warning", () => {
  check(analysisTemplateWarnings, [
    ["not when it is complete", { ...query("{{args.a}}"), args: [{ name: "a" }], dryRun: [{ metricName: ".*" }] }],
    ["not for including others only", { templates: [{ templateName: "a" }], dryRun: [{ metricName: "x" }] }],
    ["when it measures nothing", {}, "spec.metrics: Required value: measures nothing by itself"],
    [
      "when a limit is a word",
      metric({ failureLimit: "few" }),
      'spec.metrics[0].failureLimit: Invalid value: "few": is not a number and counts as 0',
    ],
    [
      "when it declares no such argument",
      query("{{args.a}}"),
      'spec.metrics[0].provider.prometheus.query: Invalid value: "{{args.a}}": failed to resolve {{args.a}}',
    ],
    [
      "when a rule matches no metric",
      { ...metric({}), measurementRetention: [{ metricName: "*", limit: 1 }] },
      'spec.measurementRetention[0].metricName: Invalid value: "*": Rule didn\'t match any metric name(s)',
    ],
    [
      "when an argument has both",
      { ...metric({}), args: [{ name: "a", value: "1", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }] },
      'spec.args[0]: Invalid value: "a": has both value and valueFrom, which steps and promotions refuse; elsewhere a secret wins',
    ],
    [
      "when an argument is there twice",
      { ...metric({}), args: [{ name: "a" }, { name: "a", value: "1" }] },
      'spec.args[1].name: Duplicate value: "a"',
    ],
  ]);
});

describe("a run that would end in Error", () => {
  const secret = { secretKeyRef: { name: "s", key: "k" } };
  check(analysisRunViolations, [
    ...common,
    [
      "values and secrets are fine",
      {
        ...query("{{args.a}}{{args.b}}"),
        args: [
          { name: "a", value: "" },
          { name: "b", valueFrom: secret },
        ],
      },
    ],
    ["no metrics", { metrics: [] }, "spec.metrics: Required value: no metrics specified"],
    [
      "an argument without a value",
      { ...metric({}), args: [{ name: "a" }, { name: "b", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }] },
      'spec.args[0].value: Required value: argument "a" was not supplied',
      'spec.args[1].value: Required value: argument "b" was not supplied',
    ],
    [
      "a tag without an argument, deep in a job",
      of({ job: { spec: { template: { spec: { containers: [{ args: ["{{args.x}}"] }] } } } } }),
      'spec.metrics[0].provider.job.spec.template.spec.containers[0].args[0]: Invalid value: "{{args.x}}": failed to resolve {{args.x}}',
    ],
    [
      "a rule that matches no metric",
      { ...metric({}), dryRun: [{ metricName: "^n" }] },
      'spec.dryRun[0].metricName: Invalid value: "^n": Rule didn\'t match any metric name(s)',
    ],
    [
      "a rule that takes too long to be matched",
      { ...metric({}), dryRun: [{ metricName: "(abcdefghijklmnopqrstuvwxyz){1000}" }] },
      'spec.dryRun[0].metricName: Invalid value: "(abcdefghijklmnopqrstuvwxyz){1000}": the regular expression is too costly to match against the names of the metrics: at most 4096 characters, and few repetitions',
    ],
    ["rules repeated are fine", { ...metric({}), dryRun: [{ metricName: "m" }, { metricName: "m" }] }],
    [
      "names behind tags are matched later",
      { ...metric({}, "{{args.a}}"), args: [{ name: "a", value: "x" }], dryRun: [{ metricName: "^x$" }] },
    ],
  ]);
});

describe("a run is worth a warning", () => {
  check(analysisRunWarnings, [
    [
      "when a secret hides a value",
      { args: [{ name: "a", value: "1", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }] },
      'spec.args[0]: Invalid value: "a": has both a value and a secret: the secret wins',
    ],
    [
      "when something is there twice",
      {
        args: [
          { name: "a", value: "1" },
          { name: "a", value: "2" },
        ],
        dryRun: [{ metricName: "m" }, { metricName: "m" }],
      },
      'spec.dryRun[1].metricName: Duplicate value: "m"',
      'spec.args[1].name: Duplicate value: "a"',
    ],
  ]);
});

test("whatever they are given, they answer", () => {
  for (const junk of [undefined, null, 1, [], {}, { spec: [] }, { spec: { metrics: [null, 1], args: {} } }]) {
    for (const judge of [analysisTemplateViolations, analysisTemplateWarnings, analysisRunViolations]) {
      expect(Array.isArray(judge(junk))).toBe(true);
    }
  }
});
