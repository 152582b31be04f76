/** `-o`: objects as programs read them. */
import { Option } from "commander";
import { textAt } from "../../controller/migration/convert/objects.ts";
import type { Json } from "../../kube/object/json.ts";

export const FORMATS = ["json", "yaml", "name"] as const;
export type Format = (typeof FORMATS)[number];

export const outputFlag = (): Option =>
  new Option("-o, --output <format>", "print the object instead: as json, yaml or name").choices(FORMATS);

/** One object as it is, several as a List; names line by line. As kubectl, without managedFields. */
export async function printed(objects: readonly Json[], format: Format): Promise<string> {
  if (format === "name") return objects.map((each) => `${nameOf(each)}\n`).join("");
  const [first] = objects;
  const shown = objects.map(withoutManagedFields);
  const whole = shown.length === 1 && first !== undefined ? shown[0] : { apiVersion: "v1", kind: "List", items: shown };
  if (format === "json") return `${JSON.stringify(whole, undefined, 4)}\n`;
  // Here: it is larger than all else that a verb loads, and few ask for it.
  const { stringify } = await import("yaml");
  return stringify(whole, { lineWidth: 0 });
}

function nameOf(object: Json): string {
  const [group = "", version] = textAt(object, "apiVersion").split("/");
  const kind = textAt(object, "kind").toLowerCase();
  return `${kind}${version === undefined ? "" : `.${group}`}/${textAt(object, "metadata", "name")}`;
}

function withoutManagedFields(object: Json): Json {
  const { managedFields: _, ...metadata } = (object["metadata"] ?? {}) as Json;
  return { ...object, metadata };
}
