/**
 * The Helm chart, from the same objects: a mark stands where a value goes, and is replaced by Helm's own language in
 * the finished YAML. With the default values the chart makes what install.yaml holds, except for the namespace.
 */
import { dashboardArgs, dashboardObjects, dashboardResources, dashboardUserRoles } from "./dashboardWorkload.ts";
import { definitions, guard } from "./crdManifests.ts";
import { edgeRoles, loopRoles, migrationRoles, webhookRoles } from "./install.ts";
import { notificationCatalogue } from "./notificationCatalogue.ts";
import { name, repository, served, version } from "./text/manifestNames.ts";
import { aggregatedRoles } from "./rbac.ts";
import { compact, header, type Manifest, yaml } from "./text/render.ts";
import {
  deployment,
  disruptionBudget,
  edge,
  metricsService,
  networkPolicy,
  probes,
  resources,
  serviceAccount,
  spread,
  strategyBy,
  webhookPort,
  webhookService,
} from "./controllerWorkload.ts";

const comment = "{{- /* Made from manifests/*.ts by `bun run generate`; do not edit. */ -}}\n";

/** A mark that a template fills in, in brackets that none of our texts has and that YAML does not quote. */
const value = (expression: string): string => `⟦${expression}⟧`;
/** A mark before a key or a list's item: it and everything below it is rendered if the expression holds. */
const when = (expression: string): string => `⟦if ${expression}⟧`;
/** As a value: the key is rendered if the value, a map or a list, is set. As an item: all items of a list. */
const given = (expression: string): string => `⟦with ${expression}⟧`;

const releaseNamespace = value(".Release.Namespace");
const webhook = "and .Values.webhook.enabled (not .Values.namespaced)";
const onEdge = "eq .Values.profile `edge`";
const several = `and (gt (int .Values.replicas) 1) (not (${onEdge}))`;
/** @param edge, otherwise as the template writes them */
const byProfile = (edge: string | number, otherwise: string | number): string =>
  value(`ternary ${edge} ${otherwise} (${onEdge})`);

/** Replaces the marks, line by line. */
export function template(text: string): string {
  const out: string[] = [];
  /** Indents at which a conditional block ends. */
  const open: number[] = [];
  for (const line of text.trimEnd().split("\n")) {
    const indent = line.search(/\S/);
    while (open.length > 0 && indent <= (open.at(-1) ?? 0)) {
      open.pop();
      out.push("{{- end }}");
    }
    const [, head = "", condition, rest = ""] = /^(\s*(?:- )?)⟦if ([^⟧]*)⟧(.*)$/.exec(line) ?? [];
    if (condition === undefined) out.push(...filled(line));
    else {
      out.push(`{{- if ${condition} }}`, ...filled(head + rest));
      open.push(indent);
    }
  }
  return [...out, ...open.map(() => "{{- end }}"), ""].join("\n");
}

function filled(line: string): string[] {
  const [, indent = "", head = "", expression] = /^(\s*)(- |[^\s:]+: )⟦with ([^⟧]*)⟧$/.exec(line) ?? [];
  if (expression === undefined) return [line.replaceAll(/⟦([^⟧]*)⟧/g, "{{ $1 }}")];
  const lines =
    head === "- "
      ? [`{{ toYaml . | indent ${indent.length} }}`]
      : [`${indent}${head.trimEnd()}`, `{{ toYaml . | indent ${indent.length + 2} }}`];
  return [`{{- with ${expression} }}`, ...lines, "{{- end }}"];
}

/** Documents that are rendered if `condition` holds. Braces in descriptions are text, not a template's. */
function documents(objects: readonly Manifest[], condition?: string): string {
  const text = objects.map((object) => `---\n${template(compact(object).replaceAll("{{", value("`{{`")))}`).join("");
  return condition === undefined ? text : `{{- if ${condition} }}\n${text}{{- end }}\n`;
}

const chartImage = `${value(".Values.image.repository")}:${value(".Values.image.tag | default (printf `v%s` .Chart.AppVersion)")}`;

const workload = deployment({
  namespace: releaseNamespace,
  image: chartImage,
  pullPolicy: value(".Values.image.pullPolicy"),
  args: [
    "controller",
    `${when(".Values.namespaced")}--namespaced`,
    `${when(webhook)}--webhook-port=${served.webhookPort}`,
    `${when(".Values.migrateDeployments")}--migrate-deployments`,
    `${when(".Values.restoreDeployments")}--restore-deployments`,
    `${when(onEdge)}${edge.flag}`,
    given(".Values.extraArgs"),
  ],
  env: [{ [`${when(onEdge)}name`]: edge.variable.name, value: edge.variable.value }, given(".Values.extraEnv")],
  replicas: byProfile(1, ".Values.replicas"),
  strategy: strategyBy(byProfile("`Recreate`", "`RollingUpdate`"), `${when(`not (${onEdge})`)}rollingUpdate`),
  probes: {
    ...probes([byProfile(edge.periods[0], 10), byProfile(edge.periods[1], 5)]),
    [`${when(onEdge)}startupProbe`]: edge.startupProbe,
  },
  ports: [webhookPort(`${when(webhook)}name`)],
  resources: given(".Values.resources"),
  podMetadata: { annotations: given(".Values.podAnnotations") },
  pod: {
    nodeSelector: given(".Values.nodeSelector"),
    affinity: given(".Values.affinity"),
    tolerations: given(".Values.tolerations"),
    [`${when(several)}topologySpreadConstraints`]: spread,
    priorityClassName: given(".Values.priorityClassName"),
    imagePullSecrets: given(".Values.imagePullSecrets"),
  },
});

const dashboard = dashboardObjects({
  namespace: releaseNamespace,
  image: chartImage,
  pullPolicy: value(".Values.image.pullPolicy"),
  args: [...dashboardArgs, given(".Values.dashboard.extraArgs")],
  resources: given(".Values.dashboard.resources"),
  pod: {
    nodeSelector: given(".Values.nodeSelector"),
    tolerations: given(".Values.tolerations"),
    imagePullSecrets: given(".Values.imagePullSecrets"),
  },
});

const both = (a: string, b: string): string => `and (${a}) (${b})`;
const newEnough = ".Capabilities.APIVersions.Has `admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy`";
const migrates = "or .Values.migrateDeployments .Values.restoreDeployments";
const policies = ".Values.networkPolicy.create";

const templates: Readonly<Record<string, string>> = {
  crds: documents(definitions, ".Values.crds.install"),
  guard: documents(guard(releaseNamespace), both(".Values.crds.install", newEnough)),
  roles: documents(aggregatedRoles, ".Values.aggregatedRoles.create"),
  serviceaccount: documents([serviceAccount(releaseNamespace)]),
  rbac:
    documents(loopRoles("cluster", releaseNamespace), "not .Values.namespaced") +
    documents(loopRoles("namespace", releaseNamespace), ".Values.namespaced") +
    documents(edgeRoles(releaseNamespace), onEdge) +
    documents(webhookRoles(releaseNamespace), webhook) +
    documents(migrationRoles("cluster", releaseNamespace), both(migrates, "not .Values.namespaced")) +
    documents(migrationRoles("namespace", releaseNamespace), both(migrates, ".Values.namespaced")),
  services: documents([metricsService(releaseNamespace)]) + documents([webhookService(releaseNamespace)], webhook),
  networkpolicy:
    documents([networkPolicy(releaseNamespace, ["webhook", "metrics"])], both(policies, webhook)) +
    documents([networkPolicy(releaseNamespace, ["metrics"])], both(policies, `not (${webhook})`)),
  deployment: documents([workload]),
  notifications: documents([notificationCatalogue(releaseNamespace)], ".Values.notifications.catalogue"),
  dashboard: documents([...dashboardUserRoles, ...dashboard], ".Values.dashboard.enabled"),
  poddisruptionbudget: documents([disruptionBudget(releaseNamespace)], several),
};

const chart = {
  apiVersion: "v2",
  name,
  description: "Progressive delivery for Kubernetes in one small binary",
  type: "application",
  version,
  appVersion: version,
  kubeVersion: ">=1.28.0-0",
};

const values = `${header}
image:
  repository: ${repository}
  # By default the version of the chart.
  tag: ""
  pullPolicy: IfNotPresent
imagePullSecrets: []

# Two make the webhook strict (failurePolicy: Fail), and bring a PodDisruptionBudget and a topology spread.
replicas: 1
# edge: one replica, which ends before the next one starts, takes no Lease and writes nothing while nothing changes
# (docs/controller.md#profile-edge).
profile: default
# Drive the release's own namespace only, without any right outside of it. There is no webhook then.
namespaced: false
# Deployments that ask for it become Rollouts.
migrateDeployments: false
# Before Sluice is taken away: those that have become Rollouts get their pods back, and no others migrate.
restoreDeployments: false
notifications:
  # The ConfigMap with the triggers and templates that come with Sluice (docs/notifications.md). Without, it is yours.
  catalogue: false
# More arguments of the controller, such as --logformat=json.
extraArgs: []
# More of its environment (docs/controller.md#environment), as in a pod, from Secrets, too.
extraEnv: []

webhook:
  enabled: true
crds:
  # Installed, upgraded, and never deleted by Helm.
  install: true
aggregatedRoles:
  # Lets the cluster's roles admin, edit and view include Rollouts.
  create: true
networkPolicy:
  create: true
dashboard:
  # A page for people, who log in with tokens of their own; roles for them: sluice-dashboard-reader and -promoter.
  enabled: false
  # Such as --read-only, --url, --oidc-issuer and --oidc-client-id.
  extraArgs: []
${yaml({ resources: dashboardResources }).replaceAll(/^/gm, "  ").trimEnd()}

${yaml({ resources })}podAnnotations: {}
nodeSelector:
  kubernetes.io/os: linux
affinity: {}
tolerations: []
priorityClassName: ""
`;

/** Path below manifests/ → contents. */
export const helmChart: Readonly<Record<string, string>> = {
  "helm/sluice/Chart.yaml": header + yaml(chart),
  "helm/sluice/values.yaml": values,
  ...Object.fromEntries(
    Object.entries(templates).map(([name, text]) => [`helm/sluice/templates/${name}.yaml`, comment + text]),
  ),
};
