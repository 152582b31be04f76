import { expect, test } from "bun:test";
import { dashboard } from "./dashboardWorkload.ts";
import { install } from "./install.ts";
import { nameOf, rendered } from "./testing.ts";

interface Labelled {
  readonly template: { readonly metadata: { readonly labels: Readonly<Record<string, string>> } };
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
}

const objects = rendered(dashboard);
const named = (name: string) => objects.find((object) => nameOf(object) === name);
const labelsIn = (all: readonly { readonly kind: string; readonly [member: string]: unknown }[]): Labelled =>
  all.find(({ kind }) => kind === "Deployment")?.["spec"] as Labelled;

test("the dashboard itself may ask who somebody is and what they may do, and nothing else", () => {
  expect(named("ClusterRole sluice-dashboard")?.["rules"]).toEqual([
    { apiGroups: ["authentication.k8s.io"], resources: ["tokenreviews"], verbs: ["create"] },
    { apiGroups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"], verbs: ["create"] },
  ]);
  const bound = objects.filter(({ kind }) => kind.endsWith("RoleBinding"));
  expect(bound.map(({ roleRef }) => roleRef)).toEqual([
    { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "sluice-dashboard" },
  ]);
});

test("who reads changes nothing, and who promotes touches no other kind and no Secret", () => {
  const rules = (name: string) =>
    named(name)?.["rules"] as { readonly resources: string[]; readonly verbs: string[] }[];
  expect(new Set(rules("ClusterRole sluice-dashboard-reader").flatMap(({ verbs }) => verbs))).toEqual(
    new Set(["get", "list", "watch"]),
  );
  const changing = rules("ClusterRole sluice-dashboard-promoter").filter(({ verbs }) => verbs.includes("patch"));
  expect(changing.flatMap(({ resources }) => resources).toSorted()).toEqual([
    "analysisruns",
    "experiments",
    "rollouts",
    "rollouts/status",
  ]);
  expect(JSON.stringify(objects)).not.toContain("secrets");
});

test("no selector of the controller's takes the dashboard's pods, nor the other way round", () => {
  const [pods, controller] = [labelsIn(objects), labelsIn(rendered(install))];
  const takes = ({ selector }: Labelled, { template }: Labelled): boolean =>
    Object.entries(selector.matchLabels).every(([key, value]) => template.metadata.labels[key] === value);
  expect([takes(controller, pods), takes(pods, controller), takes(pods, pods)]).toEqual([false, false, true]);
});

test("its pod is restricted", () => {
  expect(named("Deployment sluice-dashboard")).toMatchObject({
    spec: {
      template: {
        spec: {
          securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
          containers: [
            {
              args: ["dashboard", "--in-cluster"],
              securityContext: {
                allowPrivilegeEscalation: false,
                capabilities: { drop: ["ALL"] },
                readOnlyRootFilesystem: true,
              },
            },
          ],
        },
      },
    },
  });
});
