import { describe, expect, test } from "bun:test";
import { experimentViolations, experimentWarnings } from "./experiment.ts";
import { violationText } from "../../../kube/validation/violation.ts";

const pod = { metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "c", image: "i" }] } };
const good = { name: "one", selector: { matchLabels: { app: "a" } }, template: pod };
const experiment = (spec: object) => ({ metadata: { name: "e" }, spec });
const template = (...changes: readonly object[]) => ({ templates: changes.map((change) => ({ ...good, ...change })) });
const container = (change: object) => ({
  template: { ...pod, spec: { containers: [{ name: "c", image: "i", ...change }] } },
});

type Row = readonly [sentence: string, spec: object, ...texts: string[]];

const refused: readonly Row[] = [
  ["two templates side by side are fine", template({}, { name: "two" })],
  [
    "no selector",
    template({ selector: undefined }),
    "spec.templates[0].selector: Required value: Rollout has missing field '.Spec.Templates[0].Selector'",
  ],
  [
    "an empty selector",
    template({}, { name: "two", selector: {} }),
    "spec.templates[1].selector: Invalid value: {}: This experiment is selecting all pods at index 1. A non-empty selector is required.",
  ],
  [
    "pods that are never ready in time",
    { ...template({ minReadySeconds: 11 }), progressDeadlineSeconds: 10 },
    "spec.templates[0].minReadySeconds: Invalid value: 11: MinReadySeconds cannot be longer than ProgressDeadlineSeconds. Check template index 0",
  ],
  ["ready just in time is fine", { ...template({ minReadySeconds: 10 }), progressDeadlineSeconds: 10 }],
  [
    "no name",
    template({ name: "" }),
    "spec.templates[0].name: Required value: Experiment e has empty template name at index 0",
  ],
  [
    "a name used twice",
    template({}, {}),
    "spec.templates[1].name: Invalid value: \"one\": Experiment e has repeated template name 'one' in templates",
  ],
  [
    "fewer than no pods",
    template({ replicas: -1 }),
    "spec.templates[0].replicas: Invalid value: -1: must be greater than or equal to 0",
  ],
  [
    "a selector that does not select the pods",
    template({ selector: { matchLabels: { app: "b" } } }),
    'spec.templates[0].template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
  ],
  [
    "pods without an image",
    template(container({ image: "" })),
    "spec.templates[0].template.spec.containers[0].image: Required value",
  ],
  [
    "variables that only an older Kubernetes refuses are fine",
    template(container({ env: [{ name: "1A", value: "x" }] })),
  ],
];

const warned: readonly Row[] = [
  ["nothing to say", { ...template({}), duration: "10m", analyses: [{ name: "a", templateName: "t" }] }],
  [
    "a duration in words",
    { ...template({}), duration: "soon" },
    'spec.duration: Invalid value: "soon": never ends, because this is not a duration: time: invalid duration "soon"',
  ],
  [
    "analyses of one name",
    {
      ...template({}),
      analyses: [
        { name: "a", templateName: "t" },
        { name: "a", templateName: "u" },
      ],
    },
    'spec.analyses[1].name: Duplicate value: "a"',
  ],
  [
    "arguments that nothing fills",
    {
      ...template({}),
      analyses: [
        {
          name: "a",
          args: [
            { name: "ok", value: "{{templates.one.podTemplateHash}} {{experiment.availableAt}}" },
            { name: "x", value: "{{templates.two.podTemplateHash}}" },
            { name: "y", value: "{{experiment.finishedAt}}" },
            { name: "z", valueFrom: {} },
          ],
        },
      ],
    },
    'spec.analyses[0].args[1].value: Invalid value: "{{templates.two.podTemplateHash}}": failed to resolve {{templates.two.podTemplateHash}}',
    'spec.analyses[0].args[2].value: Invalid value: "{{experiment.finishedAt}}": failed to resolve {{experiment.finishedAt}}',
    "spec.analyses[0].args[3].valueFrom: Forbidden: is not read in an Experiment; give a value",
  ],
];

const rows = (table: readonly Row[]) => table.map(([sentence, spec, ...texts]) => ({ sentence, spec, texts }));

describe("an Experiment that cannot run", () => {
  test.each(rows(refused))("$sentence", ({ spec, texts }) => {
    expect(experimentViolations(experiment(spec)).map(violationText)).toEqual(texts);
  });

  test("a name that no ReplicaSet can have", () => {
    const [violation] = experimentViolations(experiment(template({ name: "Two" })));
    expect(violation?.path).toBe("spec.templates[0].name");
    expect(violation?.detail).toStartWith("a lowercase RFC 1123 subdomain");
  });
});

describe("an Experiment that does not what it says", () => {
  test.each(rows(warned))("$sentence", ({ spec, texts }) => {
    expect(experimentWarnings(experiment(spec)).map(violationText)).toEqual(texts);
  });
});

test("whatever they are given, they answer", () => {
  for (const junk of [undefined, null, 1, [], {}, { spec: [] }, { spec: { templates: [null, 1] } }]) {
    for (const judge of [experimentViolations, experimentWarnings]) expect(Array.isArray(judge(junk))).toBe(true);
  }
});
