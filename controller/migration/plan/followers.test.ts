import { describe, expect, test } from "bun:test";
import type { Json } from "../../../kube/object/json.ts";
import { followersOf } from "./followers.ts";
import { deployment } from "./testing.ts";

const object = (apiVersion: string, kind: string, spec: object, metadata: object = {}): Json => ({
  apiVersion,
  kind,
  metadata: { name: "x", namespace: "shop", ...metadata },
  spec,
});
const target = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
const hpa = (metadata: object = {}) =>
  object("autoscaling/v2", "HorizontalPodAutoscaler", { scaleTargetRef: target }, metadata);
const vpa = (version = "v1", ref: object = target) =>
  object(`autoscaling.k8s.io/${version}`, "VerticalPodAutoscaler", { targetRef: ref });
const scaled = (ref: object) => object("keda.sh/v1alpha1", "ScaledObject", { scaleTargetRef: ref });
const pdb = (selector: object | undefined) => object("policy/v1", "PodDisruptionBudget", { selector });
const network = (podSelector: object) => object("networking.k8s.io/v1", "NetworkPolicy", { podSelector });
const podMonitor = (spec: object, metadata: object = {}) =>
  object("monitoring.coreos.com/v1", "PodMonitor", spec, metadata);
const serviceMonitor = (spec: object) =>
  object("monitoring.coreos.com/v1", "ServiceMonitor", spec, { namespace: "monitoring" });
const service = (selector: object | undefined, labels: object = {}) =>
  object("v1", "Service", { selector }, { name: "web", labels });
const app = { matchLabels: { app: "web" } };
const line = "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: web}";

const kinds = (...given: readonly Json[]) => followersOf(deployment(), given).map(({ kind }) => kind);

describe("what names the Deployment", () => {
  test("is rewritten by Sluice if it is an autoscaler of Kubernetes, unless somebody else makes that", () => {
    expect(kinds(hpa())).toEqual(["rewritten"]);
    const keda = { ownerReferences: [{ kind: "ScaledObject", name: "web", controller: true }] };
    expect(followersOf(deployment(), [hpa(keda)])).toMatchObject([
      { kind: "goes-on", text: 'ScaledObject "web" made it, and makes it anew when that is changed' },
    ]);
  });

  test.each([
    ["spec.targetRef", vpa()],
    ["spec.targetRef", vpa("v1beta2")],
    ["spec.scaleTargetRef", scaled(target)],
    ["spec.scaleTargetRef", scaled({ name: "web" })],
  ])("has to be changed otherwise, with the line for it: %s of %#", (place, given) => {
    expect(followersOf(deployment(), [given])).toMatchObject([{ kind: "change", line: `${place}: ${line}` }]);
  });

  test("is none of ours with another name, kind, group or namespace", () => {
    const others = [
      vpa("v1", { ...target, name: "other" }),
      vpa("v1", { ...target, kind: "StatefulSet" }),
      object("example.com/v1", "VerticalPodAutoscaler", { targetRef: target }),
      { ...vpa(), metadata: { name: "x", namespace: "other" } },
    ];
    expect(kinds(...others)).toEqual([]);
  });
});

describe("what selects the pods", () => {
  test.each([
    ["a budget", pdb(app)],
    ["a budget of all pods", pdb({})],
    [
      "a budget by expressions",
      pdb({ matchExpressions: [{ key: "tier", operator: "In", values: ["front", "back"] }] }),
    ],
    ["a policy", network({ matchLabels: { tier: "front" } })],
    ["a policy for all pods", network({})],
    ["a monitor", podMonitor({ selector: app })],
    [
      "a monitor of another namespace",
      podMonitor({ selector: app, namespaceSelector: { any: true } }, { namespace: "m" }),
    ],
    [
      "a monitor that names ours",
      podMonitor({ selector: app, namespaceSelector: { matchNames: ["shop"] } }, { namespace: "m" }),
    ],
    ["a Service", service({ app: "web" })],
  ])("goes on: %s", (_, given) => {
    expect(kinds(given)).toEqual(["goes-on"]);
  });

  test.each([
    ["a budget for others", pdb({ matchLabels: { app: "other" } })],
    ["a budget without a selector", pdb(undefined)],
    ["a monitor of its own namespace alone", podMonitor({ selector: app }, { namespace: "m" })],
    ["a monitor of other namespaces", podMonitor({ selector: app, namespaceSelector: { matchNames: ["m"] } })],
    ["a Service without a selector", service(undefined)],
    ["a Service with an empty one", service({})],
  ])("is none of theirs: %s", (_, given) => {
    expect(kinds(given)).toEqual([]);
  });

  test.each([
    ["a budget", pdb({ matchLabels: { app: "web", "pod-template-hash": "abc" } }), "spec.selector"],
    ["a budget by that alone", pdb({ matchLabels: { "pod-template-hash": "abc" } }), "spec.selector"],
    ["a policy", network({ matchExpressions: [{ key: "pod-template-hash", operator: "Exists" }] }), "spec.podSelector"],
    ["a Service", service({ app: "web", "pod-template-hash": "abc" }), "spec.selector"],
  ])("loses them by a label that only a Deployment's pods have: %s", (_, given, place) => {
    expect(followersOf(deployment(), [given])).toMatchObject([
      { kind: "check", line: `${place}: without pod-template-hash` },
    ]);
  });

  test("through a Service goes on with it, in whatever namespace it looks for that", () => {
    const spec = { selector: { matchLabels: { team: "shop" } }, namespaceSelector: { any: true } };
    const ours = service({ app: "web" }, { team: "shop" });
    expect(followersOf(deployment(), [ours, serviceMonitor(spec)])).toMatchObject([
      { object: 'Service "shop/web"' },
      { object: 'ServiceMonitor "monitoring/x"', kind: "goes-on" },
    ]);
    expect(kinds(service({ app: "other" }, { team: "shop" }), serviceMonitor(spec))).toEqual([]);
    expect(kinds(ours, serviceMonitor({ ...spec, namespaceSelector: {} }))).toEqual(["goes-on"]);
  });
});
