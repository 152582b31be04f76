/** Rollouts with what they name, and what admission would say of them now. */
import type { Judged, NamedSecret, RoutedKind, StrandedAutoscaler } from "../../controller/doctor/facts/facts.ts";
import { known, listOf, mapRead, type Read } from "../../controller/doctor/facts/finding.ts";
import { isUnserved, listObjects } from "../../controller/migration/facts/beside.ts";
import { admissionFindings } from "../../controller/rules/admission/admissionFindings.ts";
import { isNotFound } from "../../kube/client/apiError.ts";
import { canBeName, groupPath, objectPath } from "../../kube/client/path.ts";
import { readIfThere } from "../../kube/client/readIfThere.ts";
import {
  ANALYSIS_TEMPLATES,
  CLUSTER_ANALYSIS_TEMPLATES,
  DEPLOYMENTS,
  HORIZONTAL_POD_AUTOSCALERS,
  isAdmitted,
  POD_TEMPLATES,
  REPLICA_SETS,
  ROLLOUTS,
  SECRETS,
  SERVICES,
} from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import type { Json } from "../../kube/object/json.ts";
import { at, items, present, root, text } from "../../kube/validation/place.ts";
import type { PluginConfiguration } from "../../providers/metrics/pluginService.ts";
import { PLUGIN_CONFIG_MAP, PLUGIN_LISTS } from "../../providers/metrics/pluginService.ts";
import { DRIVEN_ROUTERS, ROUTERS } from "../../providers/traffic/routers.ts";
import type { Resource } from "../../schema/kube.ts";
import { bundleOf, memberOf, ROUTED_KINDS } from "../lint/bundle.ts";
import { inBatches } from "../batches.ts";
import { fullName, nameOf, namespaceOf, tried } from "./reading.ts";

export interface Objects {
  readonly rollouts: Read<readonly Json[]>;
  readonly templates: readonly Json[];
  readonly clusterTemplates: readonly Json[];
  readonly judged: readonly Judged[];
  readonly unjudged: readonly { readonly kind: string; readonly why: string }[];
  readonly stranded: readonly StrandedAutoscaler[];
}

type Kind = readonly [kind: string, resource: Resource];

const TEMPLATES: Kind = ["AnalysisTemplate", ANALYSIS_TEMPLATES];
const CLUSTER_TEMPLATES: Kind = ["ClusterAnalysisTemplate", CLUSTER_ANALYSIS_TEMPLATES];

/** What the rules look at beside Rollouts; the last ones only where a Rollout names one. */
const ALWAYS: readonly Kind[] = [
  ["Service", SERVICES],
  ["Deployment", DEPLOYMENTS],
  ["HorizontalPodAutoscaler", HORIZONTAL_POD_AUTOSCALERS],
  TEMPLATES,
];
const WORKLOADS: readonly Kind[] = [
  ["ReplicaSet", REPLICA_SETS],
  ["PodTemplate", POD_TEMPLATES],
];

/** @param namespace undefined: all */
export async function readObjects(client: KubeClient, namespace: string | undefined): Promise<Objects> {
  const rollouts = await tried(listObjects(client, ["Rollout", ROLLOUTS], namespace));
  const stored = listOf(rollouts);
  const wanted: readonly (readonly [Kind, string | undefined])[] = [
    ...[...ALWAYS, ...WORKLOADS.filter(([kind]) => namesWorkload(stored, kind)), ...routedKinds(stored)].map(
      (kind) => [kind, namespace] as const,
    ),
    [CLUSTER_TEMPLATES, undefined],
  ];
  const lists = await Promise.all(
    wanted.map(async ([kind, where]) => ({ kind, list: await tried(orNone(listObjects(client, kind, where))) })),
  );
  const read = new Map(lists.map(({ kind: [kind], list }) => [kind, list]));
  const valueOf = (kind: string): readonly Json[] => {
    const list = read.get(kind);
    return list?.kind === "known" ? list.value : [];
  };
  const unjudged = lists.flatMap(({ kind: [kind], list }) =>
    list.kind === "unknown" ? [{ kind, why: list.why }] : [],
  );
  return {
    rollouts,
    templates: valueOf(TEMPLATES[0]),
    clusterTemplates: valueOf(CLUSTER_TEMPLATES[0]),
    judged: judgedOf([...stored, ...lists.flatMap(({ list }) => listOf(list))], unjudged),
    unjudged,
    stranded:
      read.get("Deployment")?.kind === "known"
        ? strandedOf(valueOf("HorizontalPodAutoscaler"), valueOf("Deployment"), stored)
        : [],
  };
}

function strandedOf(
  autoscalers: readonly Json[],
  deployments: readonly Json[],
  rollouts: readonly Json[],
): readonly StrandedAutoscaler[] {
  const [there, rolled] = [deployments, rollouts].map((objects) => new Set(objects.map(fullName)));
  return autoscalers.flatMap((object) => {
    const namespace = namespaceOf(object);
    const of = at(root(object), "spec", "scaleTargetRef");
    const target = text(at(of, "name"));
    const key = `${namespace}/${target}`;
    if (text(at(of, "kind")) !== "Deployment" || there?.has(key) === true || rolled?.has(key) !== true) return [];
    return [{ namespace, name: nameOf(object), target }];
  });
}

/** A kind that is not installed has no objects. @throws {ApiError} */
async function orNone(list: Promise<readonly Json[]>): Promise<readonly Json[]> {
  try {
    return await list;
  } catch (error) {
    if (isUnserved(error)) return [];
    throw error;
  }
}

const namesWorkload = (rollouts: readonly Json[], kind: string): boolean =>
  rollouts.some((rollout) => text(at(root(rollout), "spec", "workloadRef", "kind")) === kind);

const routingOf = (rollout: Json) => at(root(rollout), "spec", "strategy", "canary", "trafficRouting");

function routedKinds(rollouts: readonly Json[]): readonly Kind[] {
  const named = ROUTERS.filter(({ kind }) => rollouts.some((rollout) => present(at(routingOf(rollout), kind))));
  const resources = named.flatMap(({ named: objects }) => (objects === undefined ? [] : [objects.resource]));
  const byPlural = new Map(resources.map((resource) => [resource.plural, resource]));
  return [...byPlural.values()].flatMap((resource) => {
    const kind = ROUTED_KINDS[resource.plural];
    return kind === undefined ? [] : [[kind, resource] as const];
  });
}

/** By the rules of admission, each namespace by itself; what could not be read leads to no finding. */
function judgedOf(objects: readonly Json[], unread: readonly { readonly kind: string }[]): readonly Judged[] {
  const missing = new Set(unread.map(({ kind }) => kind));
  // Of templates that include others, either all are known or none.
  const someTemplates = [TEMPLATES[0], CLUSTER_TEMPLATES[0]];
  if (someTemplates.some((kind) => missing.has(kind))) for (const kind of someTemplates) missing.add(kind);
  const members = objects
    .map((object) => memberOf(object, "", true))
    .filter(({ kind, object }) => !missing.has(kind) && text(at(root(object), "metadata", "deletionTimestamp")) === "");
  const ofCluster = members.filter(({ namespace }) => namespace === "");
  const byNamespace = Map.groupBy(members, ({ namespace }) => namespace);
  return [...byNamespace].flatMap(([namespace, own]) => {
    const around = namespace === "" ? own : [...own, ...ofCluster];
    const referencesOf = bundleOf(around, (_, kind) => !missing.has(kind));
    return own.flatMap((member) => {
      const { kind, name, object } = member;
      if (!isAdmitted(kind)) return [];
      return [
        { kind, namespace, name, findings: admissionFindings(object, kind, { references: referencesOf(member) }) },
      ];
    });
  });
}

/** Of each router that Rollouts name, the kinds of objects that it works by. */
export async function readRouted(client: KubeClient, rollouts: readonly Json[]): Promise<readonly RoutedKind[]> {
  const wanted = DRIVEN_ROUTERS.flatMap(({ kind, title, uses }) => {
    const users = rollouts.filter((rollout) => present(at(routingOf(rollout), kind))).map(fullName);
    const [first] = uses;
    return users.length === 0 || first === undefined
      ? []
      : [{ router: title, group: first.group, plural: first.plural, users }];
  });
  return Promise.all(
    wanted.map(async (each) => ({ ...each, isServed: await tried(isServed(client, each.group, each.plural)) })),
  );
}

interface Group {
  readonly versions?: readonly { readonly version: string }[];
}
interface Served {
  readonly resources?: readonly { readonly name: string }[];
}

async function isServed(client: KubeClient, group: string, plural: string): Promise<boolean> {
  try {
    const { versions = [] } = await client.request<Group>({ method: "GET", path: groupPath(group) });
    const lists = await Promise.all(
      versions.map(({ version }) => client.request<Served>({ method: "GET", path: groupPath(group, version) })),
    );
    return lists.some(({ resources = [] }) => resources.some(({ name }) => name === plural));
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

const AT_ONCE = 8;

type Asked = Omit<NamedSecret, "isThere">;

/** Whether the Secrets that templates and plugins name are there. Their contents are not asked for. */
export async function readSecrets(
  client: KubeClient,
  templates: readonly Json[],
  plugins: PluginConfiguration,
  controllerNamespace: string,
): Promise<readonly NamedSecret[]> {
  const ofTemplates = templates.flatMap((template): readonly Asked[] =>
    items(at(root(template), "spec", "args"))
      .map((arg) => text(at(arg, "valueFrom", "secretKeyRef", "name")))
      .filter((name) => name !== "")
      .map((name) => ({
        namespace: namespaceOf(template),
        name,
        usedBy: `AnalysisTemplate ${fullName(template)}`,
      })),
  );
  const ofPlugins =
    plugins.kind === "unread"
      ? []
      : PLUGIN_LISTS.flatMap((list) => [...plugins.lists[list].values()]).flatMap((plugin): readonly Asked[] =>
          plugin.kind !== "ready" || plugin.service.signedBy === undefined
            ? []
            : [
                {
                  namespace: controllerNamespace,
                  name: plugin.service.signedBy.name,
                  usedBy: `ConfigMap ${controllerNamespace}/${PLUGIN_CONFIG_MAP}`,
                },
              ],
        );
  const unique = new Map([...ofTemplates, ...ofPlugins].map((each) => [JSON.stringify(each), each]));
  return inBatches([...unique.values()], AT_ONCE, async (each) => ({ ...each, isThere: await isThere(client, each) }));
}

/** The API server leaves the values out of metadata alone. */
const METADATA_ALONE = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

async function isThere(client: KubeClient, { namespace, name }: Asked): Promise<Read<boolean>> {
  if (!canBeName(name)) return known(false);
  const path = objectPath(SECRETS, { namespace, name });
  const found = await tried(readIfThere(client, path, { accept: METADATA_ALONE }));
  return mapRead(found, (secret) => secret !== undefined);
}
