/**
 * Why an object cannot be decoded at all: of the API server's own kinds everything is decoded into a Go type, of custom
 * resources the metadata. Such an object is refused with HTTP 400 before any other check.
 */
import { parseQuantity, quantityRule } from "../../kube/validation/resourceQuantity.ts";
import { isList, isObject, type Json } from "../../kube/object/json.ts";
import { goJsonType } from "../model/patchError.ts";
import { objectMetaSchema } from "./builtin.ts";
import { isBuiltin, type Schema } from "./schema.ts";
import { createMemory } from "./walkMemory.ts";
import { type Shape, shapeOf } from "./shape.ts";

interface Place {
  /** The Go struct that has the field. */
  readonly struct: string;
  /** "spec.template.spec.containers.image": without elements of lists and entries of maps. */
  readonly path: string;
}

/**
 * "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32", as in the API server
 * after `Deployment in version "v1" cannot be handled as a Deployment: `; undefined for an object that can be decoded.
 * Go types that are strings with another name are shown as string.
 */
export function decodingProblem(schema: Schema, object: object): string | undefined {
  if (isBuiltin(schema)) return inValue(shapeOf(schema), object, { struct: "", path: "" });
  const { metadata } = object as Json;
  return metadata === undefined ? undefined : inValue(shapeOf(objectMetaSchema()), metadata, { struct: "", path: "" });
}

const readable = createMemory();

function inValue(shape: Shape, value: unknown, place: Place): string | undefined {
  if (value === null || shape.open) return undefined;
  const { schema } = shape;
  if (schema.format === "quantity") return parseQuantity(value) === undefined ? quantityRule(value) : undefined;
  switch (schema["x-kubernetes-int-or-string"] === true ? "int-or-string" : schema.type) {
    case "object":
      return isObject(value) ? inObject(shape, value, place) : mismatch(shape, value, place);
    case "array":
      return isList(value) ? inList(shape, value, place) : mismatch(shape, value, place);
    case "string":
      return typeof value === "string" ? inText(schema.format, value) : mismatch(shape, value, place);
    case "integer":
      return isInteger(value, schema.format) ? undefined : mismatch(shape, value, place);
    case "int-or-string":
      return typeof value === "string" || isInteger(value, "int32") ? undefined : mismatch(shape, value, place);
    case "boolean":
      return typeof value === "boolean" ? undefined : mismatch(shape, value, place);
    case "number":
      return typeof value === "number" ? undefined : mismatch(shape, value, place);
    default:
      return undefined;
  }
}

function isInteger(value: unknown, format: string | undefined): boolean {
  const most = format === "int32" ? 2 ** 31 : 2 ** 63;
  return typeof value === "number" && Number.isInteger(value) && value >= -most && value < most;
}

function inObject(shape: Shape, value: Json, place: Place): string | undefined {
  if (readable.knows(shape, value)) return undefined;
  const struct = structOf(shape) ?? place.struct;
  for (const name in value) {
    const member = shape.members.get(name);
    const entry = member ?? shape.others;
    if (entry === undefined) continue;
    const path = member === undefined ? place.path : place.path === "" ? name : `${place.path}.${name}`;
    const problem = inValue(entry, value[name], { struct, path });
    if (problem !== undefined) return problem;
  }
  readable.learn(shape, value);
  return undefined;
}

const structOf = (shape: Shape): string | undefined => shape.schema["x-go-type"]?.split(".")[1];

function inList(shape: Shape, list: readonly unknown[], place: Place): string | undefined {
  const { items } = shape;
  if (items === undefined) return undefined;
  for (const item of list) {
    const problem = inValue(items, item, place);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const timeForms = {
  "date-time": {
    form: "2006-01-02T15:04:05Z07:00",
    valid: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/,
  },
  "date-time-micro": {
    form: "2006-01-02T15:04:05.000000Z07:00",
    valid: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(?:Z|[+-]\d\d:\d\d)$/,
  },
};

function inText(format: string | undefined, text: string): string | undefined {
  if (format === "byte") {
    const wrong = text.search(/[^A-Za-z0-9+/=\r\n]/);
    const isWhole = text.replaceAll(/[\r\n]/g, "").length % 4 === 0;
    return wrong < 0 && isWhole ? undefined : `illegal base64 data at input byte ${Math.max(wrong, 0)}`;
  }
  if (format !== "date-time" && format !== "date-time-micro") return undefined;
  const { form, valid } = timeForms[format];
  if (text === "" || (valid.test(text) && !Number.isNaN(Date.parse(text)))) return undefined;
  const quoted = JSON.stringify(text);
  return `parsing time ${quoted} as ${JSON.stringify(form)}: cannot parse ${quoted} as ${JSON.stringify(form)}`;
}

function mismatch(shape: Shape, value: unknown, { struct, path }: Place): string {
  const wantsInteger = shape.schema.type === "integer" || shape.schema["x-kubernetes-int-or-string"] === true;
  const type = goJsonType(value);
  const given = typeof value === "number" && wantsInteger ? `number ${value}` : type;
  return `json: cannot unmarshal ${given} into Go struct field ${struct}.${path} of type ${goType(shape)}`;
}

function goType(shape: Shape): string {
  const { schema, items, others } = shape;
  if (schema["x-go-type"] !== undefined) return schema["x-go-type"];
  if (schema["x-kubernetes-int-or-string"] === true) return "int32";
  switch (schema.type) {
    case "array":
      return `[]${items === undefined ? "interface {}" : goType(items)}`;
    case "object":
      if (others?.schema.format === "quantity") return "v1.ResourceList";
      return `map[string]${others === undefined ? "interface {}" : goType(others)}`;
    case "boolean":
      return "bool";
    case "integer":
      return schema.format ?? "int64";
    case "number":
      return "float64";
    default:
      return schema.format === "byte" ? "[]uint8" : "string";
  }
}
