/**
 * Requests and responses as text, in which everything that differs from run to run is replaced by a name: the same
 * uid is `<uid 1>` wherever it occurs, and a resourceVersion that was seen before has the same number as then.
 */
import { stringify } from "yaml";

export interface Transcript {
  line(text: string): void;
  /** A value as YAML, its members in order of name, indented by one level. */
  value(value: unknown): void;
  /** From now on `text` is shown as `shown`. */
  call(text: string, shown: string): void;
  /** Remembers the names in a body that the server generated. */
  learn(value: unknown): void;
  /** A text in which everything that differs from run to run is replaced. */
  plain(text: string): string;
  text(): string;
}

const uid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
const address = /\b(?:10|127)\.\d+\.\d+\.\d+\b/g;
/** Cells of tables. */
const age = /^(?:\d+[smhdy])+$/;
const strict = /Invalid value: "(?:\{.*?\}|map\[.*?\])": strict/g;
const versionInPath = /\b(continue|resourceVersion)=(?!0\b|1\b|nonsense)[\w%-]+/g;
const versionInText = /(resource version:? |current: |\()"?(\d+)"?/gi;

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Its resourceVersion depends on whatever else happens in the cluster. */
const isList = (value: Fields): value is Fields & { readonly metadata: Fields } =>
  Array.isArray(value["items"]) && isFields(value["metadata"]) && "resourceVersion" in value["metadata"];

/** Hands out 1, 2, … in order of first appearance. */
function numbering(): (key: string) => number {
  const known = new Map<string, number>();
  return (key) => {
    const number = known.get(key) ?? known.size + 1;
    known.set(key, number);
    return number;
  };
}

/** @param namespace becomes `NS`. */
export function newTranscript(namespace: string): Transcript {
  const lines: string[] = [];
  const uids = numbering();
  const versions = numbering();
  const generated = new Map<string, string>();

  const plain = (text: string): string => {
    let result = text
      .replaceAll(namespace, "NS")
      .replaceAll(uid, (found) => `<uid ${uids(found)}>`)
      .replaceAll(time, "<time>")
      .replaceAll(address, "<ip>")
      .replaceAll(strict, "Invalid value: <the object>: strict")
      .replaceAll(versionInPath, "$1=<$1>")
      .replaceAll(versionInText, (_, before: string) => `${before}<version>`);
    for (const [name, shown] of generated) result = result.replaceAll(name, shown);
    return result;
  };

  /** Names that the server generated. */
  const learn = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value) learn(one);
    if (!isFields(value)) return;
    const { name, generateName } = value;
    if (typeof name === "string" && typeof generateName === "string" && name.startsWith(generateName)) {
      generated.set(name, `${plain(generateName)}<random>`);
    }
    for (const one of Object.values(value)) learn(one);
  };

  const member = (name: string, value: unknown): unknown => {
    if (name === "resourceVersion" && typeof value === "string" && /^\d+$/.test(value) && value !== "0") {
      return `<version ${versions(value)}>`;
    }
    if (name === "continue" && typeof value === "string" && value !== "") return "<continue>";
    // The API server runs some checks twice.
    if (name === "causes" && Array.isArray(value)) {
      const causes = value.map(normal);
      const texts = causes.map((cause) => JSON.stringify(cause));
      return causes.filter((_, index) => texts.indexOf(texts[index] ?? "") === index);
    }
    if (name === "cells" && Array.isArray(value)) {
      return value.map((cell: unknown) => (typeof cell === "string" && age.test(cell) ? "<age>" : normal(cell)));
    }
    return normal(value);
  };

  const normal = (value: unknown): unknown => {
    if (typeof value === "string") return plain(value);
    if (Array.isArray(value)) return value.map(normal);
    if (!isFields(value)) return value;
    if (isList(value))
      return { ...objectOf(value), metadata: { ...objectOf(value.metadata), resourceVersion: "<version>" } };
    return objectOf(value);
  };

  const objectOf = (value: Fields): Fields => {
    const names = Object.keys(value)
      .filter((name) => name !== "managedFields")
      .toSorted();
    return Object.fromEntries(names.map((name) => [plain(name), member(name, value[name])]));
  };

  return {
    line: (text) => lines.push(text),
    call: (text, shown) => generated.set(text, shown),
    learn,
    plain,
    value(value) {
      const yaml = stringify(normal(value), { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd();
      for (const line of yaml.split("\n")) lines.push(`  ${line}`);
    },
    text: () => `${lines.join("\n")}\n`,
  };
}
