import { describe, expect, test } from "bun:test";
import { type ServiceLabels, serviceViolations, serviceWarnings } from "./references.ts";
import { violationText } from "../../../kube/validation/violation.ts";

const rollout = (strategy: object) => ({
  metadata: { name: "web" },
  spec: { template: { metadata: { labels: { app: "web", tier: "front" } } }, strategy },
});

const service = (selector: Record<string, string>, annotations: Record<string, string> = {}): ServiceLabels => ({
  selector,
  annotations,
});

const texts = (strategy: object, services: Record<string, ServiceLabels>): readonly string[] =>
  serviceViolations(rollout(strategy), new Map(Object.entries(services))).map(violationText);

const blueGreen = { blueGreen: { activeService: "a", previewService: "p" } };
const canary = { canary: { stableService: "s", canaryService: "c" } };

describe("Services that a Rollout names", () => {
  test("that exist and select its pods are fine, whatever the hash they select now", () => {
    const selector = { app: "web", "rollouts-pod-template-hash": "abc" };
    expect(texts(blueGreen, { a: service(selector), p: service({}) })).toEqual([]);
  });

  test("that are missing are named in the order of the strategy", () => {
    expect(texts(canary, {})).toEqual([
      'spec.strategy.canary.stableService: Invalid value: "s": service "s" not found',
      'spec.strategy.canary.canaryService: Invalid value: "c": service "c" not found',
    ]);
  });

  test("a missing one comes before another's content", () => {
    expect(texts(blueGreen, { a: service({ app: "x" }) })).toEqual([
      'spec.strategy.blueGreen.previewService: Invalid value: "p": service "p" not found',
      'spec.strategy.blueGreen.activeService: Invalid value: "a": Service "a" has unmatch label "app" in rollout',
    ]);
  });

  test("may not be managed by another Rollout", () => {
    const key = "argo-rollouts.argoproj.io/managed-by-rollouts";
    const services = { a: service({}, { [key]: "web" }), p: service({}, { [key]: "other" }) };
    expect(texts(blueGreen, services)).toEqual([
      'spec.strategy.blueGreen.previewService: Invalid value: "p": Service "p" is managed by another Rollout',
    ]);
  });

  test("may not select a label that metadata by role changes on the pods that they are for", () => {
    const strategy = {
      canary: {
        stableService: "s",
        canaryService: "c",
        stableMetadata: { labels: { tier: "stable", other: "x" } },
        canaryMetadata: { labels: { tier: "front" } },
      },
    };
    const services = { s: service({ tier: "front" }), c: service({ tier: "front" }) };
    expect(texts(strategy, services)).toEqual([
      'spec.strategy.canary.stableService: Invalid value: "s": Service "s" selects tier=front, but stableMetadata gives its pods tier=stable, so it would have none; leave tier out of one of the two',
    ]);
    expect(texts(strategy, { ...services, s: service({ app: "web" }) })).toEqual([]);
  });

  test("ping and pong are Services too", () => {
    expect(texts({ canary: { pingPong: { pingService: "x", pongService: "y" } } }, { x: service({}) })).toEqual([
      'spec.strategy.canary.pingPong.pongService: Invalid value: "y": service "y" not found',
    ]);
  });

  test("that have no pods by themselves, or are about to get a selector, warn", () => {
    const services = new Map([
      ["s", service({})],
      ["c", { ...service({ app: "web" }), external: true as const }],
    ]);
    expect(serviceWarnings(rollout(canary), services).map(violationText)).toEqual([
      'spec.strategy.canary.stableService: Invalid value: "s": Service "s" has no selector and gets one, so that endpoints which were made by hand are replaced; give it a selector of the pods\' labels',
      'spec.strategy.canary.canaryService: Invalid value: "c": Service "c" is of type ExternalName and sends nobody to pods; name one of type ClusterIP',
    ]);
    expect(serviceWarnings(rollout(canary), new Map([["s", service({ app: "web" })]]))).toEqual([]);
  });

  test("a name that is not given is not missing", () => {
    expect(texts({ canary: { stableService: "" } }, {})).toEqual([]);
  });
});
