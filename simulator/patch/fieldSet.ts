/**
 * Sets of fields, kept in the form of managedFields (FieldsV1): `{"f:spec": {"f:replicas": {}}}`.
 * A node is in the set when it is empty or has "."; the root is never in it: an empty root is the empty set.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

type Draft = { [element: string]: Draft };

const self = ".";
const leaf: FieldSet = {};
export const noFields: FieldSet = {};

/** Path elements as FieldsV1 names them. */
export const fieldElement = (name: string): string => `f:${name}`;

/** Undefined for elements of lists, which are "k:…" and "v:…". */
export const fieldNameOf = (element: string): string | undefined =>
  element.startsWith("f:") ? element.slice(2) : undefined;

export function isEmpty(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

const isMember = (node: FieldSet | undefined): boolean => node !== undefined && (self in node || isEmpty(node));

export const hasElement = (set: FieldSet, element: string): boolean => isMember(set[element]);

/** The fields below an element. */
export function below(set: FieldSet, element: string): FieldSet {
  const node = set[element];
  if (node === undefined || !(self in node)) return node ?? noFields;
  const { [self]: _, ...children } = node;
  return children;
}

/** undefined for a node that holds nothing. */
function nodeOf(member: boolean, children: FieldSet): FieldSet | undefined {
  if (isEmpty(children)) return member ? leaf : undefined;
  return member ? { [self]: leaf, ...children } : children;
}

type Combine = (a: FieldSet | undefined, b: FieldSet | undefined) => FieldSet | undefined;

function combined(a: FieldSet, b: FieldSet, combine: Combine): FieldSet {
  const result: Record<string, FieldSet> = {};
  for (const element in { ...a, ...b }) {
    if (element === self) continue;
    const node = combine(a[element], b[element]);
    if (node !== undefined) result[element] = node;
  }
  return result;
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmpty(b)) return a;
  if (isEmpty(a)) return b;
  return combined(a, b, (x, y) => {
    if (x === undefined || y === undefined || x === y) return x ?? y;
    return nodeOf(isMember(x) || isMember(y), union(withoutSelf(x), withoutSelf(y)));
  });
}

/** Whether a node is in the set is independent of what is below it. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(b)) return a;
  return combined(a, b, (x, y) => {
    if (x === undefined || y === undefined) return x;
    return nodeOf(isMember(x) && !isMember(y), difference(withoutSelf(x), withoutSelf(y)));
  });
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return combined(a, b, (x, y) => {
    if (x === undefined || y === undefined) return undefined;
    return nodeOf(isMember(x) && isMember(y), intersection(withoutSelf(x), withoutSelf(y)));
  });
}

function withoutSelf(node: FieldSet): FieldSet {
  if (!(self in node)) return node;
  const { [self]: _, ...children } = node;
  return children;
}

/** Removes everything at and below the paths of a set. */
export function without(set: FieldSet, path: readonly string[]): FieldSet {
  const [element, ...rest] = path;
  if (element === undefined || set[element] === undefined) return set;
  const { [element]: node = leaf, ...others } = set;
  if (rest.length === 0) return others;
  const children = without(withoutSelf(node), rest);
  const next = nodeOf(isMember(node), children);
  return next === undefined ? others : { ...others, [element]: next };
}

/** The paths in the set, parents before children. */
export function pathsOf(set: FieldSet): readonly (readonly string[])[] {
  return Object.keys(set)
    .filter((element) => element !== self)
    .toSorted()
    .flatMap((element) => {
      const inside = pathsOf(below(set, element)).map((path) => [element, ...path]);
      return hasElement(set, element) ? [[element], ...inside] : inside;
    });
}

/** As conflicts name a field: `.spec.containers[name="web"].image`. */
export function pathText(path: readonly string[]): string {
  return path.map(elementText).join("");
}

function elementText(element: string): string {
  const kind = element.slice(0, 2);
  const rest = element.slice(2);
  if (kind === "f:") return `.${rest}`;
  if (kind === "v:") return `[=${rest}]`;
  if (kind !== "k:") return `[${rest}]`;
  const keys = Object.entries(JSON.parse(rest) as Readonly<Record<string, unknown>>);
  return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(",")}]`;
}

/** Collects fields into a set. */
export interface Collector {
  readonly set: FieldSet;
  add(path: readonly string[]): void;
}

export function collector(): Collector {
  const set: Draft = {};
  return {
    set,
    add: (path) => {
      let node = set;
      let isNew = false;
      for (const element of path) {
        // A node that was in the set because it was empty now needs ".".
        if (!isNew && node !== set && isEmpty(node)) node[self] = {};
        const next = node[element];
        isNew = next === undefined;
        node = next ?? (node[element] = {});
      }
      if (!isNew && !isEmpty(node)) node[self] = {};
    },
  };
}
