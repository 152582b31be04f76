/** Answers as tables (`as=Table;g=meta.k8s.io;v=v1`), the form that kubectl requests for printing. */
import type { ApiCore, ApiObject, WatchEvent } from "../../model/model.ts";
import {
  bindingColumns,
  configMapColumns,
  eventColumns,
  leaseColumns,
  namespaceColumns,
  nodeColumns,
  plainColumns,
  secretColumns,
  serviceAccountColumns,
  webhookColumns,
} from "./clusterColumns.ts";
import type { Column } from "./column.ts";
import { customColumns } from "./customColumns.ts";
import { textAt } from "./readFields.ts";
import { endpointsColumns, endpointSliceColumns, ingressColumns, serviceColumns } from "./networkColumns.ts";
import { podColumns, podRowConditions } from "./podColumns.ts";
import {
  autoscalerColumns,
  deploymentColumns,
  disruptionBudgetColumns,
  jobColumns,
  replicaSetColumns,
  scaleColumns,
} from "./workloadColumns.ts";

/** By group and kind. */
const columnsByKind: Readonly<Record<string, readonly Column[]>> = {
  "/Pod": podColumns,
  "/Service": serviceColumns,
  "/Endpoints": endpointsColumns,
  "/Event": eventColumns,
  "/ConfigMap": configMapColumns,
  "/Secret": secretColumns,
  "/ServiceAccount": serviceAccountColumns,
  "/Node": nodeColumns,
  "/Namespace": namespaceColumns,
  "apps/Deployment": deploymentColumns,
  "apps/ReplicaSet": replicaSetColumns,
  "autoscaling/HorizontalPodAutoscaler": autoscalerColumns,
  "autoscaling/Scale": scaleColumns,
  "batch/Job": jobColumns,
  "coordination.k8s.io/Lease": leaseColumns,
  "discovery.k8s.io/EndpointSlice": endpointSliceColumns,
  "networking.k8s.io/Ingress": ingressColumns,
  "policy/PodDisruptionBudget": disruptionBudgetColumns,
  "rbac.authorization.k8s.io/RoleBinding": bindingColumns,
  "rbac.authorization.k8s.io/ClusterRoleBinding": bindingColumns,
  "admissionregistration.k8s.io/MutatingWebhookConfiguration": webhookColumns,
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration": webhookColumns,
};

/** What each row contains of its object: nothing, its metadata (by default), or all. */
export type IncludeObject = "None" | "Metadata" | "Object";

export interface TableOptions {
  readonly core: ApiCore;
  readonly includeObject: IncludeObject;
}

interface Names {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

function namesOf(apiVersion: string, kind: string): Names {
  const [version = "", group = ""] = apiVersion.split("/").toReversed();
  return { group, version, kind };
}

function columnsOf({ group, version, kind }: Names, core: ApiCore): readonly Column[] {
  const builtin = columnsByKind[`${group}/${kind}`];
  if (builtin !== undefined) return builtin;
  const resource = core.resources().find((one) => one.group === group && one.kind === kind);
  const definition =
    resource === undefined
      ? undefined
      : core.get({ resource: "customresourcedefinitions.apiextensions.k8s.io", name: `${resource.name}.${group}` });
  return definition === undefined ? plainColumns : customColumns(definition, version);
}

const partial = ({ metadata }: ApiObject) => ({
  kind: "PartialObjectMetadata",
  apiVersion: "meta.k8s.io/v1",
  metadata,
});

function rowOf(object: ApiObject, columns: readonly Column[], { core, includeObject }: TableOptions) {
  const nowMs = core.clock.now();
  const conditions = object.kind === "Pod" ? podRowConditions(object) : [];
  return {
    cells: columns.map(({ cell }) => cell(object, nowMs)),
    ...(conditions.length === 0 ? {} : { conditions }),
    object: includeObject === "None" ? null : includeObject === "Object" ? object : partial(object),
  };
}

const definitionsOf = (columns: readonly Column[]) =>
  columns.map(({ name, type, format, description, priority }) => ({ name, type, format, description, priority }));

const isObject = (body: unknown): body is ApiObject =>
  typeof body === "object" && body !== null && "kind" in body && "apiVersion" in body && "metadata" in body;

const isList = (body: ApiObject): body is ApiObject & { readonly items: readonly ApiObject[] } =>
  body.kind.endsWith("List") && Array.isArray(body["items"]);

const table = (metadata: unknown, columns: readonly Column[] | undefined, rows: readonly unknown[]) => ({
  kind: "Table",
  apiVersion: "meta.k8s.io/v1",
  metadata,
  columnDefinitions: columns === undefined ? null : definitionsOf(columns),
  rows,
});

/** An object or a list as a table; everything else (a Status) as it is. */
export function tableOf(body: unknown, options: TableOptions): unknown {
  if (!isObject(body) || body.kind === "Status") return body;
  const list = isList(body);
  const kind = list ? body.kind.slice(0, -"List".length) : body.kind;
  const names = namesOf(body.apiVersion, kind);
  const columns = columnsOf(names, options.core);
  const objects = list ? body.items.map((item) => ({ ...item, apiVersion: body.apiVersion, kind })) : [body];
  const metadata = list ? body.metadata : { resourceVersion: body.metadata.resourceVersion };
  return table(
    metadata,
    columns,
    objects.map((object) => rowOf(object, columns, options)),
  );
}

/** Each event of a watch as a table of one row; only the first has the columns. */
export function tableEvents(options: TableOptions): (event: WatchEvent) => WatchEvent {
  let hasColumns = false;
  return ({ type, object }) => {
    if (type === "ERROR" || !isObject(object)) return { type, object };
    const columns = columnsOf(namesOf(object.apiVersion, object.kind), options.core);
    const rows = [type === "BOOKMARK" ? bookmarkRow(object, columns) : rowOf(object, columns, options)];
    const shown = table(
      { resourceVersion: textAt(object, "metadata", "resourceVersion") },
      hasColumns ? undefined : columns,
      rows,
    );
    hasColumns = true;
    return { type, object: shown };
  };
}

/** Not for printing: it carries the resourceVersion and the annotations of a bookmark. */
function bookmarkRow(object: ApiObject, columns: readonly Column[]) {
  const { creationTimestamp: _, ...metadata } = object.metadata;
  return { cells: columns.map(() => ""), object: { ...partial(object), metadata } };
}
