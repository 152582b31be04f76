/**
 * All that was given, as the cluster in which it will stand: what admission asks the controller's caches is asked here of
 * the manifests. An object that is not among them is unknown, not missing, unless others of its kind are there.
 */
import { dirname } from "node:path";
import type { References } from "../../controller/rules/admission/admissionFindings.ts";
import type { Templates } from "../../controller/rules/analysis/templateCollection.ts";
import type { Neighbours, PodOwner } from "../../controller/rules/rollout/neighbours.ts";
import type { ServiceLabels } from "../../controller/rules/rollout/references.ts";
import { serviceReferences } from "../../controller/rules/rollout/references.ts";
import { scaleDownOf } from "../../controller/rollout/revision/workload.ts";
import type { RoutedAnswer } from "../../controller/rules/rollout/routeFaults.ts";
import {
  groupOf,
  type WorkloadAnswer,
  workloadKindOf,
  workloadRefOf,
  type Workloads,
} from "../../controller/rules/rollout/workloadRef.ts";
import type { Json } from "../../kube/object/json.ts";
import type { Lookup } from "../../kube/validation/lookup.ts";
import { at, present, root, text, textMap, whole } from "../../kube/validation/place.ts";
import type { ObjectRef, RoutedObject } from "../../providers/traffic/router.ts";
import type { Workload } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { ownerOf } from "../../webhook/admission/neighbours.ts";
import { autoscalerKind, deploymentKind } from "../../webhook/admission/slimKinds.ts";

/** An object among those that were given. */
export interface Member {
  readonly object: Json;
  readonly file: string;
  /** By the schema; what is not is no neighbour of others. */
  readonly isSound: boolean;
  readonly group: string;
  readonly kind: string;
  /** "" where the manifest names none. */
  readonly namespace: string;
  readonly name: string;
}

export function memberOf(object: Json, file: string, isSound: boolean): Member {
  const place = root(object);
  const metadata = at(place, "metadata");
  return {
    object,
    file,
    isSound,
    group: groupOf(text(at(place, "apiVersion"))),
    kind: text(at(place, "kind")),
    namespace: text(at(metadata, "namespace")),
    name: text(at(metadata, "name")),
  };
}

/** Whether all objects of a kind that there are have been given: then what is not among them is missing. */
export type IsWhole = (group: string, kind: string) => boolean;

/** What admission knows of the cluster, for this object. */
export type ReferencesOf = (member: Member) => References;

export function bundleOf(members: readonly Member[], isWhole: IsWhole = () => false): ReferencesOf {
  const byKind = Map.groupBy(members, ({ group, kind }) => kindKey(group, kind));
  // Those of one file and namespace see the same.
  const seen = remembered<Named | undefined>();
  const named: NamedFor = (of, group, kind, scope = "namespaced") =>
    seen(
      JSON.stringify([of.file, of.namespace, group, kind, scope]),
      () =>
        namedAround(of, byKind.get(kindKey(group, kind)) ?? [], scope) ??
        (isWhole(group, kind) ? new Map() : undefined),
    );
  const groups = remembered<Together>();
  const together = (of: Member): Together =>
    groups(JSON.stringify([of.file, of.namespace]), () => togetherWith(of, members));
  return (of) => {
    const services = named(of, "", "Service");
    const rollouts = named(of, ARGO, "Rollout");
    const ofKind: References = of.kind === "Rollout" ? ofRollout(of, together(of), named) : {};
    return {
      ...(services === undefined ? {} : { services: mapped(services, serviceLabels) }),
      ...(rollouts === undefined ? {} : { rollouts: mapped(rollouts, ({ object }) => object) }),
      ...templatesFor(named(of, ARGO, "AnalysisTemplate"), named(of, ARGO, "ClusterAnalysisTemplate", "cluster")),
      ...ofKind,
    };
  };
}

export const ARGO = "argoproj.io";
type Scope = "namespaced" | "cluster";
/** Objects of one kind by name, as one of the others sees them; of several equally near ones undefined. */
type Named = ReadonlyMap<string, Member | undefined>;
type NamedFor = (of: Member, group: string, kind: string, scope?: Scope) => Named | undefined;

/** Each answer is made once. */
function remembered<T>(): (key: string, make: () => T) => T {
  const known = new Map<string, { readonly value: T }>();
  return (key, make) => {
    const { value } = known.get(key) ?? { value: make() };
    known.set(key, { value });
    return value;
  };
}

const kindKey = (group: string, kind: string): string => `${group}/${kind}`;

/**
 * Of several objects with one name that in the same file is meant, else that in the same folder: manifests of several
 * environments stand side by side. Undefined: there are none of the kind.
 */
function namedAround(of: Member, all: readonly Member[], scope: Scope): Named | undefined {
  const around = scope === "cluster" ? all : all.filter(({ namespace }) => mayBeSame(namespace, of.namespace));
  if (around.length === 0) return undefined;
  const groups = Map.groupBy(around, ({ name }) => name);
  return new Map([...groups].map(([name, members]) => [name, nearest(of, members)]));
}

/** A manifest without a namespace is applied to any. */
const mayBeSame = (one: string, other: string): boolean => one === "" || other === "" || one === other;

function nearest(of: Member, members: readonly Member[]): Member | undefined {
  const isNear: readonly ((member: Member) => boolean)[] = [
    ({ file, namespace }) => file === of.file && namespace === of.namespace,
    ({ file }) => file === of.file,
    ({ file, namespace }) => dirname(file) === dirname(of.file) && namespace === of.namespace,
    ({ file }) => dirname(file) === dirname(of.file),
    () => true,
  ];
  for (const near of isNear) {
    const found = members.filter(near);
    if (found.length > 0) return found.length === 1 ? found[0] : undefined;
  }
  return undefined;
}

const mapped = <T>(named: Named, each: (member: Member) => T): Lookup<T> => ({
  has: (name) => named.has(name),
  get: (name) => {
    const member = named.get(name);
    return member === undefined ? undefined : each(member);
  },
  keys: () => named.keys(),
});

function serviceLabels({ object }: Member): ServiceLabels {
  const place = root(object);
  const record = (of: ReadonlyMap<string, string>): Readonly<Record<string, string>> => Object.fromEntries(of);
  return {
    selector: record(textMap(at(place, "spec", "selector"))),
    annotations: record(textMap(at(place, "metadata", "annotations"))),
    ...(text(at(place, "spec", "type")) === "ExternalName" ? { external: true } : {}),
  };
}

/** Templates of a kind of which none was given are taken to be in the cluster. */
function templatesFor(namespaced: Named | undefined, cluster: Named | undefined): Pick<References, "templates"> {
  if (namespaced === undefined && cluster === undefined) return {};
  const specs = (named: Named | undefined): Lookup<unknown> =>
    mapped(named ?? new Map<string, Member>(), ({ object }) => object["spec"]);
  const templates: Templates = { namespaced: specs(namespaced), cluster: specs(cluster) };
  return { templates };
}

/** Whether a template of this kind that is not there is only unknown. */
export const isUnknownTemplate = (references: References, detail: string): boolean => {
  const [, scope] = /\b(Cluster)?AnalysisTemplate\b/.exec(detail) ?? [];
  const { namespaced, cluster } = references.templates ?? {};
  const names = (scope === undefined ? namespaced : cluster)?.keys?.() ?? [];
  return [...names].length === 0;
};

function ofRollout(of: Member, together: Together, named: NamedFor): References {
  return {
    routed: (resource) => {
      const kind = ROUTED_KINDS[resource.plural];
      const found = kind === undefined ? undefined : named(of, resource.group, kind, "namespaced");
      // Which of several is meant nobody can tell.
      if (found === undefined || [...found.values()].includes(undefined)) return undefined;
      return mapped(withNamespaces(found), ({ object }) => object);
    },
    routes: { settings: {}, isOfOneGroup: true, answer: (ref) => routedAnswer(of, ref, named) },
    workloads: workloadsFor(of, together, named),
    neighbours: together.neighbours,
  };
}

/** Of several of one name nobody can tell which is meant. */
function routedAnswer(of: Member, { resource, namespace, name }: ObjectRef, named: NamedFor): RoutedAnswer | undefined {
  const found = named({ ...of, namespace }, resource.group, resource.kind);
  if (found === undefined) return undefined;
  const member = found.get(name);
  if (member !== undefined) return { kind: "found", object: member.object as unknown as RoutedObject };
  return found.has(name) ? undefined : { kind: "absent" };
}

/** The kinds of the objects that routers name. */
export const ROUTED_KINDS: Readonly<Record<string, string>> = {
  ingresses: "Ingress",
  virtualservices: "VirtualService",
};

/** A VirtualService may be named with its namespace, too. */
const withNamespaces = (named: Named): Named =>
  new Map(
    [...named].flatMap(([name, member]) => [
      [name, member] as const,
      [`${name}.${member?.namespace}`, member] as const,
    ]),
  );

function workloadsFor(of: Member, { rollouts }: Together, named: NamedFor): Workloads {
  return {
    find(ref): WorkloadAnswer {
      const kind = workloadKindOf(ref);
      const found = kind === undefined ? undefined : named(of, groupOf(ref.apiVersion), kind);
      if (kind === undefined || found === undefined) return undefined;
      const member = found.get(ref.name);
      if (member === undefined) return found.has(ref.name) ? undefined : "absent";
      return workloadOf(kind, member.object);
    },
    scaledBy: (deployment) =>
      rollouts
        .filter(({ object }) => workloadRefOf(object)?.name === deployment)
        .filter(({ object }) => scaleDownOf(object as unknown as Rollout) !== "never")
        .map(({ name }) => name),
  };
}

function workloadOf(kind: string, object: Json): WorkloadAnswer {
  const holder = kind === "PodTemplate" ? root(object) : at(root(object), "spec");
  const template = at(holder, "template");
  if (!present(template)) return undefined;
  const replicas = whole(at(holder, "replicas"));
  const selector = at(holder, "selector").value;
  return { template: template.value, selector, ...(replicas === undefined ? {} : { replicas }) };
}

/** What stands side by side for certain: another file may be for another cluster. */
interface Together {
  readonly rollouts: readonly Member[];
  readonly neighbours: Neighbours;
}

function togetherWith(of: Member, members: readonly Member[]): Together {
  const beside = members.filter(
    ({ file, namespace, isSound }) => isSound && file === of.file && mayBeSame(namespace, of.namespace),
  );
  const rollouts = beside.filter(({ group, kind }) => group === ARGO && kind === "Rollout");
  const deployments = beside.filter(({ group, kind }) => group === "apps" && kind === "Deployment");
  const owners = [
    ...rollouts.map(({ object }) => ownerOf(object as unknown as Rollout)),
    ...deployments.map(({ object }) => deploymentKind.slim(object as unknown as Workload)?.owner),
  ].filter((owner): owner is PodOwner => owner !== undefined);
  const byService = namesBy(rollouts, ({ object }) => serviceReferences(object).map((place) => text(place)));
  const byWorkload = namesBy(rollouts, ({ object }) => {
    const ref = workloadRefOf(object);
    return ref === undefined ? [] : [kindKey(ref.kind, ref.name)];
  });
  const autoscalers = beside.filter(({ kind }) => kind === "HorizontalPodAutoscaler");
  const byTarget = namesBy(autoscalers, ({ object }) => {
    const { target = "" } = autoscalerKind.slim(object as never) ?? {};
    return [target.slice(target.indexOf("/") + 1)];
  });
  return {
    rollouts,
    neighbours: {
      ownersLike: () => owners,
      rolloutsWithService: (service) => byService.get(service) ?? [],
      rolloutsOfWorkload: (kind, name) => byWorkload.get(kindKey(kind, name)) ?? [],
      autoscalersOf: (kind, name) => byTarget.get(kindKey(kind, name)) ?? [],
    },
  };
}

/** Names of members by each of their keys. */
function namesBy(
  members: readonly Member[],
  keysOf: (member: Member) => readonly string[],
): ReadonlyMap<string, string[]> {
  const names = new Map<string, string[]>();
  for (const member of members) {
    for (const key of new Set(keysOf(member))) names.set(key, [...(names.get(key) ?? []), member.name]);
  }
  return names;
}
