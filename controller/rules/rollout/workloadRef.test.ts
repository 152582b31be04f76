import { describe, expect, test } from "bun:test";
import { admissionFindings } from "../admission/admissionFindings.ts";
import { violationText } from "../../../kube/validation/violation.ts";
import type { WorkloadAnswer, Workloads } from "./workloadRef.ts";

const ref = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
const selector = { matchLabels: { app: "web" } };
const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:1" }] } };

const rollout = (workloadRef: object, spec: object = {}) => ({
  metadata: { name: "web", namespace: "prod" },
  spec: { replicas: 3, workloadRef, strategy: { canary: {} }, ...spec },
});

const workloads = (answer: WorkloadAnswer, scaledBy: readonly string[] = []): Workloads => ({
  find: () => answer,
  scaledBy: () => scaledBy,
});

function findings(object: object, found?: Workloads): { refuse: readonly string[]; warn: readonly string[] } {
  const references = found === undefined ? {} : { workloads: found };
  const { refuse, warn } = admissionFindings(object, "Rollout", { references });
  return { refuse: refuse.map(violationText), warn: warn.map(violationText) };
}

describe("a reference to a workload", () => {
  test("that is there is fine", () => {
    expect(findings(rollout(ref), workloads({ template, selector }))).toEqual({ refuse: [], warn: [] });
  });

  test.each([
    ["that is there", { template, selector }],
    ["that is not there", "absent"],
    ["that nobody has looked for", undefined],
  ] as const)("%s refuses a template of its own beside it, once", (_, answer) => {
    expect(findings(rollout(ref, { template }), workloads(answer)).refuse).toEqual([
      "spec.template: Forbidden: must be empty beside spec.workloadRef, whose workload has the template: remove one of the two",
    ]);
  });

  test("ignores a template without labels beside it, and says so; what Go writes of an empty one is empty", () => {
    const found = workloads({ template, selector });
    expect(findings(rollout(ref, { template: { spec: template.spec } }), found)).toEqual({
      refuse: [],
      warn: ["spec.template: Forbidden: is ignored: the workload that spec.workloadRef names has the template"],
    });
    const empty = { metadata: { creationTimestamp: null }, spec: { containers: null } };
    expect(findings(rollout(ref, { template: empty }), found)).toEqual({ refuse: [], warn: [] });
  });

  test("that may come later warns", () => {
    expect(findings(rollout(ref), workloads("absent"))).toEqual({
      refuse: [],
      warn: ['spec.workloadRef.name: Invalid value: "web": Deployment "web" not found'],
    });
  });

  test("that nobody knows of is not judged", () => {
    expect(findings(rollout(ref), workloads(undefined))).toEqual({ refuse: [], warn: [] });
    expect(findings(rollout(ref))).toEqual({ refuse: [], warn: [] });
  });

  test.each([
    [{ ...ref, kind: "StatefulSet" }, "apps/v1 StatefulSet"],
    [{ ...ref, apiVersion: "v1" }, "v1 Deployment"],
    [{ name: "web" }, ""],
  ])("of a kind that has no pod template for us refuses: %j", (wrong, value) => {
    expect(findings(rollout(wrong)).refuse).toEqual([
      `spec.workloadRef.kind: Unsupported value: "${value}": supported values: "apps/v1 Deployment", "apps/v1 ReplicaSet", "v1 PodTemplate"`,
    ]);
  });

  test("without a name warns", () => {
    expect(findings(rollout({ ...ref, name: "" }))).toEqual({
      refuse: [],
      warn: ["spec.workloadRef.name: Required value"],
    });
  });

  test("that does not fit the Rollout's own selector refuses", () => {
    const other = { selector: { matchLabels: { app: "shop" } } };
    const { refuse } = findings(rollout(ref, other), workloads({ template, selector }));
    expect(refuse).toHaveLength(1);
    expect(refuse[0]).toContain("`selector` does not match template `labels`");
  });

  test("to a PodTemplate needs a selector", () => {
    const podTemplate = { apiVersion: "v1", kind: "PodTemplate", name: "web" };
    const found = workloads({ template, selector: undefined });
    expect(findings(rollout(podTemplate, { selector }), found).refuse).toEqual([]);
    expect(findings(rollout(podTemplate), found).refuse).toHaveLength(1);
  });

  test("whose Services select other pods refuses", () => {
    const services = new Map([["active", { selector: { app: "shop" }, annotations: {} }]]);
    const strategy = { strategy: { blueGreen: { activeService: "active" } } };
    const references = { services, workloads: workloads({ template, selector }) };
    const { refuse } = admissionFindings(rollout(ref, strategy), "Rollout", { references });
    expect(refuse.map(({ rule }) => rule)).toEqual(["service-selector"]);
  });

  test("that another Rollout scales down as well warns, unless one of the two leaves it alone", () => {
    const found = workloads({ template, selector }, ["web", "other"]);
    expect(findings(rollout({ ...ref, scaleDown: "onsuccess" }), found).warn).toEqual([
      'spec.workloadRef.name: Invalid value: "web": Rollout "other" scales this Deployment down, too',
    ]);
    expect(findings(rollout(ref), found).warn).toEqual([]);
    expect(
      findings(rollout({ ...ref, scaleDown: "onsuccess" }), workloads({ template, selector }, ["web"])).warn,
    ).toEqual([]);
  });

  test("that has more pods than the Rollout asks for warns, where they are scaled down", () => {
    const found = workloads({ template, selector, replicas: 6 });
    for (const scaleDown of ["onsuccess", "progressively"]) {
      expect(findings(rollout({ ...ref, scaleDown }), found).warn).toEqual([
        'spec.replicas: Invalid value: 3: Deployment "web" has more, and is scaled down to 0 for these; leave replicas out to take over its size',
      ]);
      expect(findings(rollout({ ...ref, scaleDown }, { replicas: 6 }), found).warn).toEqual([]);
      expect(findings(rollout({ ...ref, scaleDown }, { replicas: undefined }), found).warn).toEqual([]);
      expect(findings(rollout({ ...ref, scaleDown }, { replicas: 0 }), found).warn).toEqual([]);
    }
    expect(findings(rollout(ref), found).warn).toEqual([]);
  });
});
