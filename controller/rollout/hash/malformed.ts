/**
 * Pod templates with a text that is not a quantity where one belongs (`memory: lots`). The reference's decoder stops
 * there: it ignores that quantity and everything after it, in the order of sorted keys, other containers and volumes
 * included. Where only the quantity is lost by that, such a template can be driven as the reference drives it.
 */
import { byteOrder, isFields } from "../../../kube/object/goJson.ts";
import { spend } from "../../../kube/object/budget.ts";
import type { GoType } from "../../../kube/object/goTypes.ts";
import { podTemplateHash, podTemplateType } from "./podHash.ts";
import { isQuantity } from "../../../kube/object/quantity.ts";

export interface ReadableTemplate<Template> {
  /** Without the bad quantities, and without the ephemeral containers, which no template may have. */
  readonly template: Template;
  /** Where they were, as `spec.template.spec.containers[0].resources.requests.memory: "lots"`. */
  readonly dropped: readonly string[];
}

/**
 * The template as it can be driven; undefined when it has no bad quantity, or when the reference loses more than that: its
 * ReplicaSet is then of another template.
 */
export function readableTemplate<Template>(template: Template): ReadableTemplate<Template> | undefined {
  const dropped: string[] = [];
  const cleaned = withoutEphemeral(withoutBad(template, podTemplateType, "spec.template", dropped));
  if (dropped.length === 0) return undefined;
  const { value: reference } = readByReference(template, podTemplateType);
  if (podTemplateHash(cleaned, undefined) !== podTemplateHash(reference, undefined)) return undefined;
  // Only members that every template may lack were removed.
  return { template: cleaned as Template, dropped };
}

function withoutBad(value: unknown, type: GoType, path: string, dropped: string[]): unknown {
  if (type.kind === "pointer") return withoutBad(value, type.of, path, dropped);
  if (type.kind === "list" && Array.isArray(value))
    return value.map((element, index) => withoutBad(element, type.of, `${path}[${index}]`, dropped));
  if (!isFields(value)) return value;
  const kept: Record<string, unknown> = { ...value };
  spend(4 + 4 * Object.keys(value).length, READING);
  for (const [key, element] of Object.entries(value)) {
    const of = memberType(type, key);
    const place = `${path}.${key}`;
    if (of === undefined) continue;
    if (type.kind === "map" && of.kind === "quantity" && !isQuantity(element)) {
      dropped.push(`${place}: ${JSON.stringify(element)}`);
      delete kept[key];
    } else kept[key] = withoutBad(element, of, place, dropped);
  }
  return kept;
}

function memberType(type: GoType, key: string): GoType | undefined {
  if (type.kind === "map") return type.of;
  return type.kind === "struct" ? type.members.find(({ name }) => name === key)?.type : undefined;
}

function withoutEphemeral(template: unknown): unknown {
  if (!isFields(template) || !isFields(template["spec"])) return template;
  const { ephemeralContainers: _, ...spec } = template["spec"];
  return { ...template, spec };
}

interface Read {
  readonly value: unknown;
  /** A bad quantity was met: nothing after it is read. */
  readonly ended: boolean;
}

const READING = "reading quantities in its template";

const whole = (value: unknown): Read => ({ value, ended: false });

/** What Go's decoder has read when it meets a bad quantity. */
function readByReference(value: unknown, type: GoType): Read {
  if (type.kind === "pointer") return readByReference(value, type.of);
  if (type.kind === "quantity") return isQuantity(value) ? whole(value) : { value: "0", ended: true };
  if (type.kind === "list" && Array.isArray(value)) return readList(value, type.of);
  return isFields(value) ? readFields(value, type) : whole(value);
}

function readList(list: readonly unknown[], type: GoType): Read {
  const elements: unknown[] = [];
  for (const element of list) {
    const { value, ended } = readByReference(element, type);
    elements.push(value);
    if (ended) return { value: elements, ended };
  }
  return whole(elements);
}

function readFields(fields: Readonly<Record<string, unknown>>, type: GoType): Read {
  spend(4 + 4 * Object.keys(fields).length, READING);
  const kept: Record<string, unknown> = {};
  for (const key of Object.keys(fields).toSorted(byteOrder)) {
    const of = memberType(type, key);
    const { value, ended } = of === undefined ? whole(fields[key]) : readByReference(fields[key], of);
    // An element is put into a map only once it is complete.
    if (!(ended && type.kind === "map")) kept[key] = value;
    if (ended) return { value: kept, ended };
  }
  return whole(kept);
}
