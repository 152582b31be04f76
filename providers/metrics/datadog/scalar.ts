/** Answers of Datadog's scalar queries: columns of numbers, beside them the tags that a query groups by. */
import { goString } from "../../../kube/object/goJson.ts";
import { goQuoted } from "../../../kube/object/goQuoted.ts";
import { isList, isObject, type Json } from "../../../kube/object/json.ts";

export interface Group {
  /** Its tags, joined by commas. */
  readonly name: string;
  readonly value: number;
}

/** `groups`: one a value; undefined where the query does not group. */
interface Scalars {
  readonly values: readonly number[];
  readonly groups: readonly Group[] | undefined;
}

type Found = Scalars | { readonly problem: string };

const oddly = (what: string): Found => ({ problem: `Could not parse JSON body: ${what} in the answer of Datadog` });

/**
 * The values of the first column of numbers (an older API does not say what its column is), without the groups that
 * have none. A value that is no number, or a group without a name, is a problem: a gate does not decide by a part.
 */
export function scalarValues(json: unknown): Found {
  const columns = columnsOf(json);
  if (columns === undefined) return oddly("data.attributes.columns is no list of columns");
  const numbers = columns.find(({ type }) => (type ?? "") === "" || type === "number");
  const tags = columns.filter(({ type }) => type === "group");
  const rows = numbers?.["values"] ?? [];
  if (!isList(rows)) return oddly("the values of a column are no list");
  const values: number[] = [];
  const groups: Group[] = [];
  for (const [index, value] of rows.entries()) {
    if (value === null) continue;
    if (typeof value !== "number" || !Number.isFinite(value)) {
      const shown = goQuoted(JSON.stringify(value).slice(0, 100));
      return {
        problem: `could not parse numeric value ${shown} in column ${goQuoted(nameOf(numbers))}: it is no number`,
      };
    }
    values.push(value);
    if (tags.length === 0) continue;
    const name = groupName(tags, index);
    if (name === undefined) return { problem: `could not parse group label at index ${index}` };
    groups.push({ name, value });
  }
  return { values, groups: tags.length === 0 ? undefined : groups };
}

/** Undefined where something that must be an object or a list is neither; what is missing has no columns. */
function columnsOf(json: unknown): readonly Json[] | undefined {
  let found: unknown = json;
  for (const name of ["data", "attributes", "columns"]) {
    if (!isObject(found)) return undefined;
    found = found[name] ?? undefined;
    if (found === undefined) return [];
  }
  return isList(found) && found.every((column) => isObject(column)) ? found : undefined;
}

const nameOf = (column: Json | undefined): string => {
  const name = column?.["name"];
  return typeof name === "string" ? name : "";
};

/** One column a tag that the query groups by, and a list of texts a row: a tag may have other names. */
function groupName(tags: readonly Json[], index: number): string | undefined {
  const parts: string[] = [];
  for (const { values } of tags) {
    const row: unknown = isList(values) ? values[index] : undefined;
    if (!isList(row) || row.length === 0 || !row.every((part) => typeof part === "string")) return undefined;
    parts.push(...row);
  }
  return parts.join(",");
}

/** Groups that are shown; conditions see all of them. */
const MOST = 100;

/** For people who look for the odd one out: of many groups those with the lowest and the highest values. */
export function groupsMetadata(groups: readonly Group[]): Readonly<Record<string, string>> {
  const sorted = groups.length > MOST ? groups.toSorted((a, b) => a.value - b.value) : groups;
  const shown = sorted === groups ? groups : [...sorted.slice(0, MOST / 2), ...sorted.slice(-MOST / 2)];
  const text = shown.map(({ name, value }) => `{"name":${goString(name)},"value":${JSON.stringify(value)}}`).join(",");
  return { groups: `[${text}]`, ...(sorted !== groups && { groups_truncated: "true" }) };
}
