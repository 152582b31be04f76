/** The objects of each way to install. */
import {
  edgeLeaseRules,
  leaseRules,
  loopRules,
  migrationRules,
  olderLeaseRules,
  webhookRoleRules,
  webhookRules,
} from "../cli/controller/rights.ts";
import { definitions, guard, namespaceObject } from "./crdManifests.ts";
import { clusterArgs, image, name, namespace, namespacedArgs } from "./text/manifestNames.ts";
import { aggregatedRoles, granted } from "./rbac.ts";
import type { Manifest } from "./text/render.ts";
import {
  deployment,
  disruptionBudget,
  edge,
  metricsService,
  networkPolicy,
  serviceAccount,
  spread,
  webhookPort,
  webhookService,
} from "./controllerWorkload.ts";

const leaseRights = [...leaseRules(), ...olderLeaseRules()];

/** The roles to drive Rollouts, in all namespaces or only in the controller's own. */
export const loopRoles = (scope: "cluster" | "namespace", namespace: string | undefined): Manifest[] =>
  scope === "cluster"
    ? [
        ...granted({ name, rules: loopRules(), component: "controller" }, "cluster", namespace),
        ...granted({ name, rules: leaseRights, component: "controller" }, "namespace", namespace),
      ]
    : granted({ name, rules: [...loopRules(), ...leaseRights], component: "controller" }, "namespace", namespace);

/** In the controller's namespace, where it takes no Lease, beside the others. */
export const edgeRoles = (namespace: string | undefined): Manifest[] =>
  granted({ name: `${name}-edge`, rules: edgeLeaseRules(), component: "controller" }, "namespace", namespace);

export const webhookRoles = (namespace: string): Manifest[] => {
  const role = { name: `${name}-webhook`, component: "webhook" } as const;
  return [
    ...granted({ ...role, rules: webhookRules(namespace) }, "cluster", namespace),
    ...granted({ ...role, rules: webhookRoleRules() }, "namespace", namespace),
  ];
};

/**
 * Everything, for the whole cluster. Objects that contain others come first. The CRDs come before the guard: then
 * deleting this file's objects in its order fails at the CRDs, which the guard refuses.
 */
export const install: readonly Manifest[] = [
  namespaceObject(namespace),
  ...definitions,
  ...guard(namespace),
  ...aggregatedRoles,
  serviceAccount(namespace),
  ...loopRoles("cluster", namespace),
  ...webhookRoles(namespace),
  webhookService(namespace),
  metricsService(namespace),
  networkPolicy(namespace, ["webhook", "metrics"]),
  deployment({ namespace, image, args: clusterArgs, replicas: 1, ports: [webhookPort()] }),
];

/** For one namespace, chosen by kubectl's -n; an administrator of the cluster has to apply the CRDs first. */
export const namespaceInstall: readonly Manifest[] = [
  serviceAccount(undefined),
  ...loopRoles("namespace", undefined),
  metricsService(undefined),
  networkPolicy(undefined, ["metrics"]),
  deployment({ namespace: undefined, image, args: namespacedArgs, replicas: 1, ports: [] }),
];

/** The roles to migrate Deployments, in all namespaces or only in the controller's own. */
export const migrationRoles = (scope: "cluster" | "namespace", namespace: string | undefined): Manifest[] =>
  granted({ name: `${name}-migration`, rules: migrationRules(scope), component: "controller" }, scope, namespace);

const [edgeRole = {}, edgeBinding = {}] = edgeRoles(namespace);
const [migrationRole = {}, migrationBinding = {}] = migrationRoles("cluster", namespace);

const ownContainer = "/spec/template/spec/containers/0";

const edgePatch: readonly object[] = [
  // Two of them would both work, whatever was asked for before.
  { op: "add", path: "/spec/replicas", value: 1 },
  { op: "replace", path: "/spec/strategy", value: edge.strategy },
  { op: "add", path: `${ownContainer}/args/-`, value: edge.flag },
  { op: "add", path: `${ownContainer}/env/-`, value: edge.variable },
  { op: "add", path: `${ownContainer}/startupProbe`, value: edge.startupProbe },
  ...["livenessProbe", "readinessProbe"].map((probe, index) => ({
    op: "replace",
    path: `${ownContainer}/${probe}/periodSeconds`,
    value: edge.periods[index],
  })),
];

/** Kustomize: path below manifests/ → object. */
export const kustomizations: Readonly<Record<string, object>> = {
  "kustomization.yaml": {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    resources: ["install.yaml"],
  },
  "components/two-replicas/kustomization.yaml": {
    apiVersion: "kustomize.config.k8s.io/v1alpha1",
    kind: "Component",
    resources: ["poddisruptionbudget.yaml"],
    patches: [{ path: "deployment.yaml" }],
  },
  "components/edge/kustomization.yaml": {
    apiVersion: "kustomize.config.k8s.io/v1alpha1",
    kind: "Component",
    resources: ["role.yaml", "rolebinding.yaml"],
    patches: [{ path: "deployment.yaml", target: { kind: "Deployment", name } }],
  },
  "components/edge/role.yaml": edgeRole,
  "components/edge/rolebinding.yaml": edgeBinding,
  "components/edge/deployment.yaml": edgePatch,
  "components/migrate-deployments/kustomization.yaml": {
    apiVersion: "kustomize.config.k8s.io/v1alpha1",
    kind: "Component",
    resources: ["clusterrole.yaml", "clusterrolebinding.yaml"],
    patches: [{ path: "flag.yaml", target: { kind: "Deployment", name } }],
  },
  "components/migrate-deployments/clusterrole.yaml": migrationRole,
  "components/migrate-deployments/clusterrolebinding.yaml": migrationBinding,
  "components/migrate-deployments/flag.yaml": [
    { op: "add", path: "/spec/template/spec/containers/0/args/-", value: "--migrate-deployments" },
  ],
  "components/two-replicas/poddisruptionbudget.yaml": disruptionBudget(namespace),
  "components/two-replicas/deployment.yaml": {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: { replicas: 2, template: { spec: { topologySpreadConstraints: spread } } },
  },
};
