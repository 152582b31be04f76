/** The scale subresource: a number of replicas, wherever the kind keeps it. */
import { answer, type Call, objectIn, type Outcome, writeOptionsOf } from "../objects/call.ts";
import { foundSlot } from "../objects/core.ts";
import type { Kind, ScalePaths } from "../state/kinds.ts";
import type { ApiObject, Cause, Draft } from "../../model/model.ts";
import { patcherOf } from "./patching.ts";
import { invalid, methodNotAllowed, noSuchPath } from "../state/refusals.ts";
import { StatusError } from "../../model/statusError.ts";
import { checkPlace, write } from "./writing.ts";
import { prepareUpdate } from "../objects/writes.ts";

/** autoscaling/v1 Scale; a number that is 0 is left out, as Go does. */
interface Scale {
  readonly kind: "Scale";
  readonly apiVersion: "autoscaling/v1";
  readonly metadata: Partial<ApiObject["metadata"]>;
  readonly spec: { readonly replicas?: number };
  readonly status: { readonly replicas: number; readonly selector?: string };
}

type Json = Readonly<Record<string, unknown>>;

const scaleKind = { group: "autoscaling", version: "v1", kind: "Scale", name: "scale" };

const valueAt = (object: object, path: string): unknown => {
  let value: unknown = object;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Json)[name];
  }
  return value;
};

const withValueAt = (object: Json, path: readonly string[], value: unknown): Json => {
  const [name = "", ...rest] = path;
  if (rest.length === 0) return { ...object, [name]: value };
  return { ...object, [name]: withValueAt((object[name] ?? {}) as Json, rest, value) };
};

interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** In the syntax of list requests: "a=b,c in (d,e),!f". */
const selectorText = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string => {
  const labels = Object.entries(matchLabels).map(([key, value]) => ({ key, text: `${key}=${value}` }));
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => {
    const set = `(${values.toSorted().join(",")})`;
    const texts: Readonly<Record<string, string>> = {
      In: `${key} in ${set}`,
      NotIn: `${key} notin ${set}`,
      Exists: key,
      DoesNotExist: `!${key}`,
    };
    return { key, text: texts[operator] ?? key };
  });
  return [...labels, ...expressions]
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ text }) => text)
    .join(",");
};

const selectorOf = ({ custom }: Kind, { labelSelector }: ScalePaths, object: ApiObject): string | undefined => {
  if (!custom) return selectorText(valueAt(object, "spec.selector") ?? {});
  const text = labelSelector === undefined ? undefined : valueAt(object, labelSelector);
  return typeof text === "string" && text !== "" ? text : undefined;
};

const numberAt = (object: object, path: string): number | undefined => {
  const value = valueAt(object, path);
  return typeof value === "number" ? value : undefined;
};

const scaleOf = (kind: Kind, paths: ScalePaths, object: ApiObject): Scale => {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const replicas = numberAt(object, paths.specReplicas) ?? 0;
  const selector = selectorOf(kind, paths, object);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion, creationTimestamp },
    spec: replicas === 0 ? {} : { replicas },
    status: {
      replicas: numberAt(object, paths.statusReplicas) ?? 0,
      ...(selector === undefined ? {} : { selector }),
    },
  };
};

const checkReplicas = (
  { custom, resource }: Kind,
  { specReplicas }: ScalePaths,
  name: string,
  replicas: unknown,
): void => {
  const value = JSON.stringify(replicas);
  const cause = (field: string, why: string): Cause => ({
    reason: "FieldValueInvalid",
    message: `Invalid value: ${value}: ${why}`,
    field,
  });
  if (typeof replicas === "number" && Number.isInteger(replicas) && replicas >= 0) return;
  throw custom
    ? invalid(resource, name, [cause(`.${specReplicas}`, "should be a non-negative integer")])
    : invalid(scaleKind, name, [cause("spec.replicas", "must be greater than or equal to 0")]);
};

/** @param scaled makes the wanted Scale from the present one. */
const rescale = (call: Call, name: string, paths: ScalePaths, scaled: (present: Scale) => unknown): Outcome => {
  const { world, route } = call;
  const { kind } = route;
  const options = writeOptionsOf(call);
  const show = (object: ApiObject): unknown => scaleOf(kind, paths, object);
  return write(call, options, { status: 200, show, as: scaleKind }, () => {
    const slot = foundSlot(world, kind, route.namespace, name);
    const wanted = scaled(scaleOf(kind, paths, slot.object)) as Draft;
    checkPlace(call, wanted, name);
    const replicas = valueAt(wanted, "spec.replicas") ?? 0;
    checkReplicas(kind, paths, name, replicas);
    const { object } = slot;
    const { uid = "", resourceVersion = "" } = wanted.metadata ?? {};
    const metadata = {
      ...object.metadata,
      ...(uid === "" ? {} : { uid }),
      ...(resourceVersion === "" ? {} : { resourceVersion }),
    };
    const draft = withValueAt({ ...object, metadata }, paths.specReplicas.split("."), replicas);
    return prepareUpdate(world, kind, slot, draft, options);
  });
};

const get = ({ world, route }: Call, name: string, paths: ScalePaths): Outcome => {
  const { object } = foundSlot(world, route.kind, route.namespace, name);
  if (route.kind.custom && numberAt(object, paths.specReplicas) === undefined) {
    const message = `the spec replicas field ".${paths.specReplicas}" does not exist`;
    const causes = [{ reason: "", message, field: "" }];
    throw new StatusError(500, "InternalError", `Internal error occurred: ${message}`, { causes });
  }
  return answer(200, scaleOf(route.kind, paths, object));
};

/** @throws {StatusError} */
export const scale = (call: Call, name: string): Outcome => {
  const paths = call.route.kind.scale;
  if (paths === undefined) throw noSuchPath();
  switch (call.request.method) {
    case "GET":
      return get(call, name, paths);
    case "PUT": {
      const wanted = objectIn(call);
      return rescale(call, name, paths, () => wanted);
    }
    case "PATCH":
      return rescale(call, name, paths, patcherOf(call, scaleKind));
    default:
      throw methodNotAllowed();
  }
};
