/** The roles that grant the controller what it may do (cli/controller/rights.ts), and users our kinds. */
import type { Rule } from "../cli/controller/rights.ts";
import { labels, name } from "./text/manifestNames.ts";
import type { Manifest } from "./text/render.ts";

const argo = ["argoproj.io"];

const api = "rbac.authorization.k8s.io/v1";

/**
 * A role and its binding to the ServiceAccount. `namespace` undefined: kubectl's -n sets it.
 * @param scope "cluster": the rules hold in all namespaces
 */
export function granted(
  role: { readonly name: string; readonly rules: readonly Rule[]; readonly component: "controller" | "webhook" },
  scope: "cluster" | "namespace",
  namespace: string | undefined,
): Manifest[] {
  const kind = scope === "cluster" ? "ClusterRole" : "Role";
  const metadata = {
    name: role.name,
    ...(scope === "cluster" || namespace === undefined ? {} : { namespace }),
    labels: labels(role.component),
  };
  return [
    { apiVersion: api, kind, metadata, rules: role.rules },
    {
      apiVersion: api,
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name: role.name },
      subjects: [{ kind: "ServiceAccount", name, ...(namespace === undefined ? {} : { namespace }) }],
    },
  ];
}

const readable = [
  "rollouts",
  "rollouts/scale",
  "experiments",
  "analysistemplates",
  "clusteranalysistemplates",
  "analysisruns",
];
const reading = ["get", "list", "watch"];
const writing = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/** What the cluster roles admin, edit and view may do with our kinds; the same as in Argo Rollouts. */
export const aggregatedRoles: readonly Manifest[] = [
  aggregated("admin", [...readable, "rollouts/status"], writing),
  aggregated("edit", [...readable, "rollouts/status"], writing),
  aggregated("view", readable, reading),
];

function aggregated(to: string, resources: readonly string[], verbs: readonly string[]): Manifest {
  return {
    apiVersion: api,
    kind: "ClusterRole",
    metadata: {
      name: `${name}-aggregate-to-${to}`,
      labels: { ...labels("api"), [`rbac.authorization.k8s.io/aggregate-to-${to}`]: "true" },
    },
    rules: [{ apiGroups: argo, resources, verbs }],
  };
}
