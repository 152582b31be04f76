import { describe, expect, test } from "bun:test";
import { parseConfiguration } from "../controller/notifications/configuration/parseConfiguration.ts";
import { variablesOf } from "../controller/notifications/send/variables.ts";
import { compose } from "../controller/notifications/send/compose.ts";
import { SERVICES } from "../providers/notifications/services.ts";
import { compileTemplate } from "../providers/notifications/template/template.ts";
import { eventReasons } from "../schema/reasons.ts";
import { triggerOfReason } from "../controller/notifications/decide/reason.ts";
import { helmChart } from "./helm.ts";
import { notificationCatalogue } from "./notificationCatalogue.ts";

const { data } = notificationCatalogue(undefined);
const configuration = parseConfiguration(
  { namespace: "argo-rollouts", isSelfService: false, data, secrets: {} },
  { rows: SERVICES, checkTemplate: compileTemplate },
);
const rollout = (strategy: object) => ({
  metadata: { name: "web", namespace: "shop" },
  spec: {
    replicas: 3,
    strategy,
    template: {
      spec: {
        containers: [
          { name: "web", image: "web:2" },
          { name: "proxy", image: "proxy:1" },
        ],
      },
    },
  },
  status: { currentStepIndex: 1, updatedReplicas: 2 },
});

describe("the catalogue", () => {
  test("is a configuration without a mistake, whose triggers are those of events", () => {
    expect(configuration.problems).toEqual([]);
    const reasons = new Set(Object.keys(eventReasons).map(triggerOfReason));
    expect([...configuration.triggers.keys()].filter((name) => !reasons.has(name))).toEqual([]);
    expect(configuration.triggers.size).toBe(9);
  });

  test.each([
    ["canary", { canary: { steps: [{}, {}, {}] } }],
    ["blue-green", { blueGreen: {} }],
  ])("makes attachments for Slack that are JSON, with every image, of a %s Rollout", (_, strategy) => {
    const seen = { rollout: rollout(strategy), labels: {}, annotations: {}, analysisRuns: null };
    const destination = { service: "slack", recipient: "us" };
    for (const name of configuration.templates.keys()) {
      if (name === "rollout-step-completed" && !("canary" in strategy)) continue;
      const variables = variablesOf({ configuration, destination, seen }, 0);
      const composed = compose(
        { configuration, templates: [name], variables, type: "slack" },
        { rows: SERVICES, compile: compileTemplate },
      );
      const { attachments } = composed["slack"] as { readonly attachments: string };
      const [{ fields }] = JSON.parse(attachments) as [{ readonly fields: readonly { readonly value: string }[] }];
      expect(fields.map(({ value }) => value)).toContain("proxy:1");
      expect(composed.message).toStartWith("Rollout web ");
    }
  });

  test("is the same in the Helm chart, once Helm has rendered it", () => {
    const text = new Map(Object.entries(helmChart)).get("helm/sluice/templates/notifications.yaml") ?? "";
    const values = { Values: { notifications: { catalogue: true } }, Release: { Namespace: "tools" } };
    const rendered = Bun.YAML.parse(compileTemplate("notifications", text).render(values)) as object;
    expect(rendered).toMatchObject({ metadata: { namespace: "tools" }, data });
    const without = { ...values, Values: { notifications: { catalogue: false } } };
    expect(compileTemplate("notifications", text).render(without).trim()).toBe("");
  });
});
