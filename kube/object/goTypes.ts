/**
 * Go's types as data, so that one encoder (goJson.ts) can write any of them as Go would.
 *
 * A table is text, a type a line: its name, then its members in Go's order, each `name:type` or `name?:type` for
 * `omitempty` and `name!:type` for `omitzero`. Types are string, bool, int, quantity, intOrString, time, raw (JSON kept
 * as it is) and the names of other types; `*T` is a pointer, `T[]` a slice, `T{}` a map with string keys. An indented
 * line continues the one above it.
 */

type Scalar = "string" | "bool" | "int" | "quantity" | "intOrString" | "time" | "raw";

export type GoType =
  | { readonly kind: Scalar }
  | { readonly kind: "pointer" | "list" | "map"; readonly of: GoType }
  | { readonly kind: "struct"; readonly name: string; readonly members: Member[]; readonly newer: readonly string[] };

export interface Member {
  readonly name: string;
  /** The member's name as it is written: `"image":`. */
  readonly label: string;
  /** Left out when it is the type's zero value (omitempty, omitzero). False for types that Go never finds empty. */
  readonly optional: boolean;
  readonly type: GoType;
}

/** Go's omitempty has no effect on structs, and these three are structs there. */
const neverEmpty: readonly GoType["kind"][] = ["struct", "quantity", "intOrString"];

const scalars: Readonly<Record<string, GoType>> = {
  string: { kind: "string" },
  bool: { kind: "bool" },
  int: { kind: "int" },
  quantity: { kind: "quantity" },
  intOrString: { kind: "intOrString" },
  time: { kind: "time" },
  raw: { kind: "raw" },
};

/**
 * The type called `root` in the table, with everything that it refers to.
 *
 * @param newer members of a type, by type name, that Go's table does not have but that the encoder is to report
 * @throws when a line cannot be read or names a type that is not there: a mistake in our own table
 */
export function goType(
  table: string,
  root: string,
  newer: Readonly<Record<string, readonly string[]>> = {},
): GoType & { readonly kind: "struct" } {
  const structs = new Map<string, GoType & { readonly kind: "struct" }>();
  const lines = table.replaceAll(/\n +/g, " ").split("\n").filter(Boolean);
  const rows = lines.map((line) => line.split(/\s+/));
  for (const [name = ""] of rows) structs.set(name, { kind: "struct", name, members: [], newer: newer[name] ?? [] });

  const resolve = (text: string): GoType => {
    if (text.startsWith("*")) return { kind: "pointer", of: resolve(text.slice(1)) };
    if (text.endsWith("[]")) return { kind: "list", of: resolve(text.slice(0, -2)) };
    if (text.endsWith("{}")) return { kind: "map", of: resolve(text.slice(0, -2)) };
    const type = scalars[text] ?? structs.get(text);
    if (type === undefined) throw new Error(`The table of Go types names "${text}", which it does not have`);
    return type;
  };

  for (const [name = "", ...members] of rows) {
    for (const member of members) {
      const parts = /^(\w+)([?!]?):(.+)$/.exec(member);
      if (parts === null) throw new Error(`The table of Go types has "${member}" in ${name}, which is not name:type`);
      const [, key = "", mark, type = ""] = parts;
      const resolved = resolve(type);
      const optional = mark !== "" && !neverEmpty.includes(resolved.kind);
      structs.get(name)?.members.push({ name: key, label: `"${key}":`, optional, type: resolved });
    }
  }
  const found = structs.get(root);
  if (found === undefined) throw new Error(`The table of Go types has no "${root}"`);
  return found;
}
