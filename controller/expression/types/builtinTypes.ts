/** What the built-in functions take and give, as far as types show before anything is evaluated. */
import {
  ANY,
  ANY_MAP,
  BOOL,
  DURATION,
  FLOAT,
  FLOATS,
  INT,
  INTS,
  isAssignable,
  isNilType,
  isUnknown,
  type Kind,
  LIST,
  plain,
  type Signature,
  STRING,
  STRINGS,
  TIME,
  type Type,
  ZONE,
} from "./types.ts";

/** The type that a call gives; or why it is refused, as the end of a sentence, and the argument to blame, if any. */
export type Checked = Type | Refusal;

export interface Refusal {
  readonly refusal: string;
  readonly argument?: number;
}

const refused = (refusal: string, argument?: number): Refusal =>
  argument === undefined ? { refusal } : { refusal, argument };

const overload = (gives: Type, ...takes: readonly Type[]): Signature => ({ takes, gives });

const bits = [overload(INT, INT, INT)];
const texts = [overload(STRINGS, STRING, STRING), overload(STRINGS, STRING, STRING, INT)];
const prefix = [overload(STRING, STRING, STRING), overload(STRING, STRING)];
const position = [overload(INT, STRING, STRING)];
const test = [overload(BOOL, STRING, STRING)];
const oneText = [overload(STRING, STRING)];
const sorts = [LIST, FLOATS, STRINGS, INTS];

const OVERLOADS: ReadonlyMap<string, readonly Signature[]> = new Map([
  ["type", [overload(STRING, ANY)]],
  ["string", [overload(STRING, ANY)]],
  ["toJSON", [overload(STRING, ANY)]],
  ["fromJSON", [overload(ANY, STRING)]],
  ["trim", prefix],
  ["trimPrefix", prefix],
  ["trimSuffix", prefix],
  ["upper", oneText],
  ["lower", oneText],
  ["toBase64", oneText],
  ["fromBase64", oneText],
  ["split", texts],
  ["splitAfter", texts],
  ["replace", [overload(STRING, STRING, STRING, STRING), overload(STRING, STRING, STRING, STRING, INT)]],
  ["repeat", [overload(STRING, STRING, INT)]],
  ["join", [STRINGS, LIST].flatMap((list) => [overload(STRING, list, STRING), overload(STRING, list)])],
  ["indexOf", position],
  ["lastIndexOf", position],
  ["hasPrefix", test],
  ["hasSuffix", test],
  ["duration", [overload(DURATION, STRING)]],
  ["timezone", [overload(ZONE, STRING)]],
  ["sort", sorts.flatMap((list) => [overload(LIST, list, STRING), overload(LIST, list)])],
  ...["bitand", "bitor", "bitxor", "bitnand", "bitshl", "bitshr", "bitushr"].map((name) => [name, bits] as const),
  ["bitnot", [overload(INT, INT)]],
]);

type Rule = (args: readonly Type[]) => Checked;

const LISTS: readonly Kind[] = ["any", "slice"];
const NUMBERS: readonly Kind[] = ["int", "int64", "uint8", "float64"];

/** One argument of these kinds. */
const one =
  (kinds: readonly Kind[], gives: (type: Type) => Type): Rule =>
  (args) => {
    const [first] = args;
    if (args.length !== 1 || first === undefined) return refused(`takes 1 argument, and gets ${args.length}`);
    return kinds.includes(kindOf(first)) ? gives(first) : refused(`does not take a ${first.name}`);
  };

/** An unknown type passes as anything. */
const kindOf = (type: Type): Kind => (isUnknown(type) ? "any" : type.kind);

const always = (type: Type) => (): Type => type;
const rounding = one(["any", ...NUMBERS], always(FLOAT));
const element = one(LISTS, (type) => (type.element === undefined ? ANY : elementAsDeclared(type)));
/** []any gives any, whatever it was made of. */
const elementAsDeclared = (type: Type): Type => plain(type).element ?? ANY;

/** Numbers, or lists of them; with a list nothing is known of the result. */
const aggregate: Rule = (args) => {
  const [first] = args;
  if (first === undefined) return refused("takes at least 1 argument");
  for (const type of args) {
    if (LISTS.includes(kindOf(type))) return ANY;
    if (!NUMBERS.includes(type.kind)) return refused(`does not take a ${type.name}`);
  }
  return first;
};

const take: Rule = (args) => {
  const [list, count] = args;
  if (args.length !== 2 || list === undefined || count === undefined)
    return refused(`takes 2 arguments, and gets ${args.length}`);
  if (!LISTS.includes(kindOf(list))) return refused(`does not take from a ${list.name}`);
  return ["any", "int", "int64"].includes(kindOf(count))
    ? plain(list)
    : refused(`does not take ${count.name} elements`);
};

const concat: Rule = (args) => {
  if (args.length === 0) return refused("takes at least 1 argument");
  const wrong = args.find((type) => !LISTS.includes(kindOf(type)));
  return wrong === undefined ? LIST : refused(`does not take a ${wrong.name}`);
};

const RULES: ReadonlyMap<string, Rule> = new Map([
  ["len", one(["any", "slice", "map", "string"], always(INT))],
  ["abs", one(["any", ...NUMBERS], (type) => type)],
  ["ceil", rounding],
  ["floor", rounding],
  ["round", rounding],
  ["int", one(["any", "string", ...NUMBERS], always(INT))],
  ["float", one(["any", "string", ...NUMBERS], always(FLOAT))],
  ["max", aggregate],
  ["min", aggregate],
  ["mean", aggregate],
  ["median", aggregate],
  ["first", element],
  ["last", element],
  ["take", take],
  ["keys", one(["any", "map"], always(LIST))],
  ["values", one(["any", "map"], always(LIST))],
  ["toPairs", one(["any", "map"], always(LIST))],
  ["fromPairs", one(LISTS, always(ANY_MAP))],
  ["reverse", one(LISTS, always(LIST))],
  ["uniq", one(LISTS, always(LIST))],
  ["flatten", one(LISTS, always(LIST))],
  ["concat", concat],
  [
    "now",
    (args) => (args.length === 0 || (args.length === 1 && args[0] === ZONE) ? TIME : refused("takes no argument")),
  ],
  [
    "date",
    (args) =>
      args.length === 0 || args.length > (args[0] === ZONE ? 4 : 3) ? refused("takes 1 to 3 arguments") : TIME,
  ],
]);

export function builtinType(name: string, args: readonly Type[]): Checked {
  const rule = RULES.get(name);
  if (rule !== undefined) return rule(args);
  const overloads = OVERLOADS.get(name) ?? [];
  const fitting = overloads.find(({ takes }) => takes.length === args.length);
  if (fitting === undefined) {
    const counts = [...new Set(overloads.map(({ takes }) => takes.length))].toSorted((a, b) => a - b);
    return refused(`takes ${counts.join(" or ")} arguments, and gets ${args.length}`);
  }
  const found = overloads.find(({ takes }) => fits(takes, args));
  if (found !== undefined) return found.gives;
  const wrong = args.findIndex((type, index) => !fitsOne(fitting.takes[index] ?? ANY, type));
  return refused(`does not take a ${args[wrong]?.name ?? "value of this type"}`, Math.max(wrong, 0));
}

const fits = (takes: readonly Type[], args: readonly Type[]): boolean =>
  takes.length === args.length && takes.every((type, index) => fitsOne(type, args[index] ?? ANY));

/** Whether a function that takes one type may be called with another. */
export function fitsOne(takes: Type, given: Type): boolean {
  if (isNilType(given)) return takes.kind === "any" || takes.kind === "pointer";
  return isUnknown(given) || isAssignable(given, takes) || (NUMERIC(takes) && NUMERIC(given));
}

/** Integers of other widths are converted to the wanted one. */
const NUMERIC = ({ name }: Type): boolean => name === "int" || name === "int64" || name === "uint8";
