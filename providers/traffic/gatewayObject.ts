/** Reads objects of the Gateway API, which may be anything: what is not as it must be reads as if it were not there. */

export type Json = Readonly<Record<string, unknown>>;

export const recordIn = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};

export function listIn(value: Json, member: string): readonly unknown[] {
  const list = value[member];
  return Array.isArray(list) ? list : [];
}

export const textIn = (value: Json, member: string): string => {
  const found = value[member];
  return typeof found === "string" ? found : "";
};

/** Undefined for what is no JSON. */
export function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}
