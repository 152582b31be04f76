import { expect, test } from "bun:test";
import { mutatingFor } from "./mutating.ts";

const desired = {
  endpoint: { kind: "service", name: "sluice-webhook" },
  namespace: "sluice-system",
  instanceId: "",
  caBundle: "PEM",
  failurePolicy: "Ignore",
  conditions: true,
} as const;
const { webhooks = [] } = mutatingFor(desired);

test("no Deployment has to wait for us, and none of a system namespace is sent to us", () => {
  for (const webhook of webhooks) {
    expect(webhook).toMatchObject({ failurePolicy: "Ignore", sideEffects: "None", timeoutSeconds: 1 });
    expect(webhook["reinvocationPolicy"]).toBe("Never");
    expect(JSON.stringify(webhook["namespaceSelector"])).toContain(
      '"NotIn","values":["kube-system","kube-public","kube-node-lease","sluice-system"]',
    );
    expect(webhook["matchConditions"]).not.toEqual([]);
  }
});

test("what a Namespace says comes with the path", () => {
  const paths = webhooks.map(({ name, clientConfig }) => [
    name.split(".")[0],
    (clientConfig["service"] as { path: string }).path,
  ]);
  expect(paths).toEqual([
    ["reference", "/mutate/reference"],
    ["adopt", "/mutate/adopt"],
    ["other", "/mutate/other"],
    ["marked", "/mutate"],
    ["scale", "/mutate"],
    ["autoscaler", "/mutate"],
  ]);
});

test("in a namespace of its own only that one's Deployments are sent to us", () => {
  for (const webhook of mutatingFor({ ...desired, watchedNamespace: "team-a" }).webhooks ?? [])
    expect(JSON.stringify(webhook["namespaceSelector"])).toContain('"In","values":["team-a"]');
});
