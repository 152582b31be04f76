/** The functions that every expression may call. */

const LIST = "a list";
const CONDITION = "a condition such as # > 1";

/** The functions that take a closure, with their arguments; `?` marks an optional one. */
export const PREDICATE_ARGUMENTS: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ...["all", "none", "any", "one", "filter", "map", "find", "findIndex", "findLast", "findLastIndex", "groupBy"].map(
    (name) => [name, [LIST, CONDITION]] as const,
  ),
  ["count", [LIST, `${CONDITION}?`]],
  ["sum", [LIST, `${CONDITION}?`]],
  ["sortBy", [LIST, CONDITION, '"asc" or "desc"?']],
  ["reduce", [LIST, CONDITION, "a first value?"]],
]);

const OTHERS: ReadonlySet<string> = new Set(
  (
    "len type abs ceil floor round int float string trim trimPrefix trimSuffix upper lower split splitAfter replace " +
    "repeat join indexOf lastIndexOf hasPrefix hasSuffix max min mean median toJSON fromJSON toBase64 fromBase64 now " +
    "duration date timezone first last get take keys values toPairs fromPairs reverse uniq concat flatten sort " +
    "bitand bitor bitxor bitnand bitshl bitshr bitushr bitnot"
  ).split(" "),
);

export const isBuiltin = (name: string): boolean => OTHERS.has(name) || PREDICATE_ARGUMENTS.has(name);
