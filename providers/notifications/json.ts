/** JSON as Go's encoder writes it: HTML's characters escaped; members of structs in their order, those of maps sorted. */
import { isFields } from "../../kube/object/goJson.ts";
import { jsonText } from "../metrics/text.ts";

const WRITTEN = Symbol("written");

/** What people wrote, whose members Go sorts. */
export const sorted = (value: unknown): unknown => ({ [WRITTEN]: jsonText(value) });

/** `value` with its members in the order given; those that are undefined are left out. */
export function structJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(structJson).join(",")}]`;
  if (!isFields(value)) return jsonText(value);
  if (WRITTEN in value) return String(value[WRITTEN]);
  const members = Object.entries(value).filter(([, each]) => each !== undefined);
  return `{${members.map(([name, each]) => `${jsonText(name)}:${structJson(each)}`).join(",")}}`;
}

/** Undefined for "", as Go's omitempty leaves it out. */
export const orNone = (text: string | undefined): string | undefined => (text === "" ? undefined : text);
