/** Discovery of the API that is served, in the old form of one document per group and in the aggregated form. */
import { LOCAL_BUILD } from "../../../kube/client/path.ts";
import type { Resource } from "../../model/model.ts";

/** A response body with its media type. */
export interface Document {
  readonly body: unknown;
  readonly mediaType: string;
}

const json = (body: unknown): Document => ({ body, mediaType: "application/json" });

export const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

interface Subresource {
  readonly group?: string;
  readonly version?: string;
  /** By default that of its resource. */
  readonly kind?: string;
  readonly verbs: readonly string[];
}

const subresources: Readonly<Record<string, Subresource>> = {
  status: { verbs: ["get", "patch", "update"] },
  scale: { group: "autoscaling", version: "v1", kind: "Scale", verbs: ["get", "patch", "update"] },
  finalize: { verbs: ["update"] },
  binding: { group: "", version: "v1", kind: "Binding", verbs: ["create"] },
  eviction: { group: "policy", version: "v1", kind: "Eviction", verbs: ["create"] },
};

const subresourceOf = (name: string): Subresource => subresources[name] ?? { verbs: ["get"] };

/** Group → versions in order → resources. */
type Groups = ReadonlyMap<string, ReadonlyMap<string, readonly Resource[]>>;

function groupsOf(resources: readonly Resource[]): Groups {
  const groups = new Map<string, Map<string, Resource[]>>();
  for (const resource of resources) {
    const versions = groups.get(resource.group) ?? new Map<string, Resource[]>();
    groups.set(resource.group, versions);
    versions.set(resource.version, [...(versions.get(resource.version) ?? []), resource]);
  }
  for (const versions of groups.values()) {
    for (const [version, served] of versions) {
      versions.set(
        version,
        served.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      );
    }
  }
  return groups;
}

const groupVersion = (group: string, version: string): string => (group === "" ? version : `${group}/${version}`);

function groupDocument(group: string, versions: ReadonlyMap<string, unknown>) {
  const served = [...versions.keys()].map((version) => ({ groupVersion: groupVersion(group, version), version }));
  return { name: group, versions: served, preferredVersion: served[0] };
}

function listed(resource: Resource) {
  const { name, singular, namespaced, kind, verbs, shortNames, categories } = resource;
  const own = {
    name,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
  };
  const below = resource.subresources.toSorted().map((subresource) => {
    const { group, version, kind: itsKind = kind, verbs: itsVerbs } = subresourceOf(subresource);
    const elsewhere = group === undefined || (group === "" && resource.group === "") ? {} : { group, version };
    return {
      name: `${name}/${subresource}`,
      singularName: "",
      namespaced,
      ...elsewhere,
      kind: itsKind,
      verbs: itsVerbs,
    };
  });
  return [own, ...below];
}

function discovered(resource: Resource) {
  const { group, version, name, singular, namespaced, kind, verbs, shortNames, categories } = resource;
  return {
    resource: name,
    responseKind: { group, version, kind },
    scope: namespaced ? "Namespaced" : "Cluster",
    singularResource: singular,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(resource.subresources.length === 0
      ? {}
      : {
          subresources: resource.subresources.toSorted().map((subresource) => {
            const below = subresourceOf(subresource);
            return {
              subresource,
              responseKind: {
                group: below.group ?? group,
                version: below.version ?? version,
                kind: below.kind ?? kind,
              },
              verbs: below.verbs,
            };
          }),
        }),
  };
}

function aggregated(groups: Groups, isCore: boolean): Document {
  const items = [...groups]
    .filter(([group]) => (group === "") === isCore)
    .map(([group, versions]) => ({
      metadata: group === "" ? {} : { name: group },
      versions: [...versions].map(([version, resources]) => ({
        version,
        resources: resources.map(discovered),
        freshness: "Current",
      })),
    }));
  return {
    body: { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items },
    mediaType: aggregatedType,
  };
}

function resourceList(groups: Groups, group: string, version: string): Document | undefined {
  const resources = groups.get(group)?.get(version);
  if (resources === undefined) return undefined;
  return json({
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: groupVersion(group, version),
    resources: resources.flatMap(listed),
  });
}

/**
 * The documents at `/api`, at `/apis` and below them, except for the resources themselves.
 * @param wantsAggregated the client takes the aggregated form.
 * @returns undefined for any other path.
 */
export function discovery(
  path: string,
  resources: readonly Resource[],
  wantsAggregated: boolean,
): Document | undefined {
  const [root, ...parts] = path.split("/").filter((part) => part !== "");
  if (root !== "api" && root !== "apis") return undefined;
  const groups = groupsOf(resources);
  const isCore = root === "api";
  if (parts.length === 0 && wantsAggregated) return aggregated(groups, isCore);
  if (isCore) {
    const [version] = parts;
    if (version !== undefined) return parts.length === 1 ? resourceList(groups, "", version) : undefined;
    return json({ kind: "APIVersions", versions: [...(groups.get("")?.keys() ?? [])], serverAddressByClientCIDRs: [] });
  }
  const named = [...groups].filter(([group]) => group !== "");
  const [group, version] = parts;
  if (group === undefined) {
    return json({
      kind: "APIGroupList",
      apiVersion: "v1",
      groups: named.map(([name, versions]) => groupDocument(name, versions)),
    });
  }
  const versions = groups.get(group);
  if (versions === undefined || group === "" || parts.length > 2) return undefined;
  if (version !== undefined) return resourceList(groups, group, version);
  return json({ kind: "APIGroup", apiVersion: "v1", ...groupDocument(group, versions) });
}

/** The answer of /version; the suffix shows that this is not a real API server. */
export const serverVersion = {
  major: "1",
  minor: "36",
  gitVersion: `v1.36.3${LOCAL_BUILD}`,
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "",
  compiler: "",
  platform: "",
};
