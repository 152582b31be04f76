/** Reading objects of any shape for printing: what is absent, or not of the expected type, reads as empty. */

export type Path = readonly (string | number)[];

/** undefined when there is nothing at the path. */
export function at(value: unknown, ...path: Path): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== "object" || here === null) return undefined;
    here = Object.getOwnPropertyDescriptor(here, step)?.value;
  }
  return here;
}

export const textAt = (value: unknown, ...path: Path): string => {
  const found = at(value, ...path);
  return typeof found === "string" ? found : "";
};

export const countAt = (value: unknown, ...path: Path): number => {
  const found = at(value, ...path);
  return typeof found === "number" ? found : 0;
};

export const listAt = (value: unknown, ...path: Path): readonly unknown[] => {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
};

/** Name and value, in order of name. */
export const pairsAt = (value: unknown, ...path: Path): readonly (readonly [string, unknown])[] => {
  const found = at(value, ...path);
  if (typeof found !== "object" || found === null || Array.isArray(found)) return [];
  return Object.entries(found).toSorted(([a], [b]) => (a < b ? -1 : 1));
};

/** A text or a number, as it is printed; undefined for anything else. */
export const scalarAt = (value: unknown, ...path: Path): string | undefined => {
  const found = at(value, ...path);
  return typeof found === "string" || typeof found === "number" ? String(found) : undefined;
};

/** The condition of this type in status.conditions. */
export const conditionStatus = (object: unknown, type: string): string | undefined => {
  const condition = listAt(object, "status", "conditions").find((one) => textAt(one, "type") === type);
  return condition === undefined ? undefined : textAt(condition, "status");
};
