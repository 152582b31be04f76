import { describe, expect, test } from "bun:test";
import { install, namespaceInstall } from "./install.ts";
import { namespace } from "./text/manifestNames.ts";
import type { Manifest } from "./text/render.ts";
import { nameOf, rendered } from "./testing.ts";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

interface PodOwner {
  readonly template: {
    readonly metadata: { readonly labels: Readonly<Record<string, string>> };
    readonly spec: { readonly containers: readonly { readonly ports: readonly { readonly name: string }[] }[] };
  };
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
}

const both = [
  ["install.yaml", rendered(install)],
  ["namespace-install.yaml", rendered(namespaceInstall)],
] as const;
const kinds = (objects: readonly Manifest[], kind: string): Manifest[] => objects.filter((each) => each.kind === kind);
const rulesOf = (object: Manifest): readonly Rule[] => object["rules"] as readonly Rule[];
const ours = (objects: readonly Manifest[]): Manifest[] =>
  objects.filter(({ kind, metadata }) => kind.endsWith("Role") && !metadata.name.includes("aggregate"));

describe.each(both)("the rights in %s", (_, objects) => {
  const rules = ours(objects).flatMap((role) => rulesOf(role).map((rule) => ({ role: nameOf(role), ...rule })));

  test("name no wildcard", () => {
    const wide = rules.filter((rule) =>
      [rule.apiGroups, rule.resources, rule.verbs].some((list) => list.includes("*")),
    );
    expect(wide).toEqual([]);
  });

  test("to Secrets are a name's, in the controller's namespace, except to get those that analyses name", () => {
    const secrets = rules.filter(({ resources }) => resources.some((each) => each.startsWith("secrets")));
    const wide = secrets.filter(
      ({ role, resourceNames = [] }) => !role.startsWith("Role ") || resourceNames.length === 0,
    );
    expect(wide.map(({ verbs }) => verbs)).toEqual([["get"]]);
  });

  test("do not let it raise its own, become somebody else or run something in a pod", () => {
    const dangerous =
      /^(roles|rolebindings|clusterroles|clusterrolebindings|serviceaccounts|pods\/exec|pods\/attach|nodes\/)/;
    expect(rules.filter(({ resources }) => resources.some((each) => dangerous.test(each)))).toEqual([]);
    const onNodes = rules.filter(({ resources }) => resources.includes("nodes"));
    expect(onNodes.flatMap(({ verbs }) => verbs)).toEqual(onNodes.map(() => "list"));
    expect(
      rules.filter(({ verbs }) => verbs.some((verb) => ["impersonate", "escalate", "bind"].includes(verb))),
    ).toEqual([]);
  });

  test("are all given to the one ServiceAccount", () => {
    const bound = objects
      .filter(({ kind }) => kind.endsWith("RoleBinding"))
      .map(({ roleRef, subjects }) => {
        const { kind, name } = roleRef as { kind: string; name: string };
        expect(subjects).toMatchObject([{ kind: "ServiceAccount", name: "sluice" }]);
        return `${kind} ${name}`;
      });
    expect(bound.toSorted()).toEqual(ours(objects).map(nameOf).toSorted());
  });
});

test("the namespaced install needs nothing that is the cluster's", () => {
  const cluster = ["ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Namespace"];
  expect(namespaceInstall.filter(({ kind }) => cluster.includes(kind) || kind.startsWith("Validating"))).toEqual([]);
  expect(namespaceInstall.filter(({ metadata }) => metadata.namespace !== undefined)).toEqual([]);
});

test("in install.yaml all that can be is in the controller's namespace", () => {
  const global = /^(Cluster|CustomResource|Validating|Namespace$)/;
  const wrong = install.filter(
    ({ kind, metadata }) => metadata.namespace !== (global.test(kind) ? undefined : namespace),
  );
  expect(wrong.map(nameOf)).toEqual([]);
});

test("the file's order refuses the CRDs before it takes the guard away", () => {
  const order = install.map(({ kind }) => kind);
  expect(order.lastIndexOf("CustomResourceDefinition")).toBeLessThan(order.indexOf("ValidatingAdmissionPolicy"));
});

describe.each(both)("the pod in %s", (_, objects) => {
  const [{ template, selector }] = kinds(objects, "Deployment").map(({ spec }) => spec) as [PodOwner];
  const ports = template.spec.containers.flatMap((container) => container.ports.map(({ name }) => name));

  test("has every port that a Service, a probe or a policy names, and no other", () => {
    const named = [
      ...kinds(objects, "Service").flatMap(({ spec }) =>
        (spec as { ports: { targetPort: string }[] }).ports.map(({ targetPort }) => targetPort),
      ),
      ...kinds(objects, "NetworkPolicy").flatMap(({ spec }) =>
        (spec as { ingress: { ports: { port: string }[] }[] }).ingress.flatMap((rule) =>
          rule.ports.map(({ port }) => port),
        ),
      ),
      "healthz",
    ];
    expect([...new Set(named)].toSorted()).toEqual(ports.toSorted());
  });

  test("is what all selectors select", () => {
    const selectors = [
      selector.matchLabels,
      ...kinds(objects, "Service").map(({ spec }) => (spec as { selector: Record<string, string> }).selector),
      ...kinds(objects, "NetworkPolicy").map(
        ({ spec }) => (spec as { podSelector: { matchLabels: Record<string, string> } }).podSelector.matchLabels,
      ),
    ];
    for (const each of selectors) expect(template.metadata.labels).toMatchObject(each);
  });
});
