/**
 * `/openapi/v3`: what kubectl reads to explain kinds, to compute patches, and to learn that the server checks fields
 * (`fieldValidation`). Only what clients look up is described: the paths of collections and objects with their verbs.
 */
import type { ApiCore, ApiObject, Resource } from "../../model/model.ts";
import { schemasOf } from "./openapiSchemas.ts";
import { qualified } from "../state/refusals.ts";

/** Verb → the operation on a path, and kubectl's name for the action. */
const operations: readonly {
  readonly verb: string;
  readonly of: "collection" | "object";
  readonly method: string;
  readonly action: string;
}[] = [
  { verb: "list", of: "collection", method: "get", action: "list" },
  { verb: "create", of: "collection", method: "post", action: "post" },
  { verb: "deletecollection", of: "collection", method: "delete", action: "deletecollection" },
  { verb: "get", of: "object", method: "get", action: "get" },
  { verb: "update", of: "object", method: "put", action: "put" },
  { verb: "patch", of: "object", method: "patch", action: "patch" },
  { verb: "delete", of: "object", method: "delete", action: "delete" },
];

const query = (name: string) => ({ name, in: "query", schema: { type: "string", uniqueItems: true } });

const writeParameters = ["dryRun", "fieldManager", "fieldValidation"].map(query);

const patchTypes = (isCustom: boolean): readonly string[] => [
  "application/apply-patch+yaml",
  "application/json-patch+json",
  "application/merge-patch+json",
  ...(isCustom ? [] : ["application/strategic-merge-patch+json"]),
];

function operation(resource: Resource, method: string, action: string, isCustom: boolean) {
  const { group, version, kind } = resource;
  const isWrite = ["post", "put", "patch"].includes(method);
  const types = method === "patch" ? patchTypes(isCustom) : isWrite ? ["application/json", "application/yaml"] : [];
  return {
    ...(isWrite ? { parameters: method === "patch" ? [...writeParameters, query("force")] : writeParameters } : {}),
    ...(types.length === 0
      ? {}
      : { requestBody: { content: Object.fromEntries(types.map((type) => [type, { schema: { type: "object" } }])) } }),
    responses: { "200": { description: "OK" } },
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": { group, version, kind },
  };
}

const parameter = (name: string) => ({
  name,
  in: "path",
  required: true,
  schema: { type: "string", uniqueItems: true },
});

const rootOf = ({ group, version }: Pick<Resource, "group" | "version">): string =>
  group === "" ? `api/${version}` : `apis/${group}/${version}`;

function pathsOf(resource: Resource, isCustom: boolean): readonly (readonly [string, unknown])[] {
  const { name, namespaced, verbs } = resource;
  const scope = namespaced ? "/namespaces/{namespace}" : "";
  const collection = `/${rootOf(resource)}${scope}/${name}`;
  const parameters = namespaced ? [parameter("namespace")] : [];
  const of = (which: "collection" | "object"): Readonly<Record<string, unknown>> =>
    Object.fromEntries<unknown>(
      operations
        .filter((one) => one.of === which && verbs.includes(one.verb))
        .map(({ method, action }) => [method, operation(resource, method, action, isCustom)]),
    );
  return [
    [collection, { ...of("collection"), parameters }],
    [`${collection}/{name}`, { ...of("object"), parameters: [parameter("name"), ...parameters] }],
  ];
}

const definitionsKey = "customresourcedefinitions.apiextensions.k8s.io";

/** One group and version. */
function document(core: ApiCore, resources: readonly Resource[]) {
  const definitionOf = (resource: Resource): ApiObject | undefined =>
    core.get({ resource: definitionsKey, name: qualified(resource) });
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: "v1.36.3+sluice" },
    paths: Object.fromEntries<unknown>(
      resources.flatMap((resource) => pathsOf(resource, definitionOf(resource) !== undefined)),
    ),
    components: { schemas: schemasOf(resources, definitionOf) },
  };
}

/** Lets clients cache what does not change: a hash of the kinds and the versions of their definitions. */
function hashOf(core: ApiCore, resources: readonly Resource[]): string {
  const versions = resources.map((resource) => {
    const definition = core.get({ resource: definitionsKey, name: qualified(resource) });
    return `${resource.kind} ${definition?.metadata.resourceVersion ?? ""} ${definition?.metadata.uid ?? ""}`;
  });
  return Bun.hash(versions.join("\n")).toString(16).toUpperCase();
}

/** The document at /openapi/v3 or a path below it; undefined for one that does not exist. */
export function openapi(path: string, core: ApiCore): unknown {
  const roots = Map.groupBy(core.resources(), rootOf);
  const rest = path.replace(/^\/openapi\/v3\/?/, "");
  if (rest !== "") {
    const resources = roots.get(rest);
    return resources === undefined ? undefined : document(core, resources);
  }
  const paths: Record<string, unknown> = {};
  for (const [root, resources] of roots) {
    paths[root] = { serverRelativeURL: `/openapi/v3/${root}?hash=${hashOf(core, resources)}` };
  }
  return { paths };
}
