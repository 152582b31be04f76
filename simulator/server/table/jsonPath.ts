/**
 * The JSONPath of printer columns: member names (`.a`, `.a\.b`, `['a.b']`), indices (`[0]`, `[-1]`), `[*]`, and filters that
 * compare a member with a literal (`[?(@.type=="Ready")]`), which is what definitions in the wild use.
 */
import { at } from "./readFields.ts";

type Step = (value: unknown) => readonly unknown[];

const membersOf = (value: unknown): readonly unknown[] => {
  if (Array.isArray(value)) return value;
  return typeof value === "object" && value !== null ? Object.values(value) : [];
};

const member =
  (name: string): Step =>
  (value) => {
    const found = at(value, name);
    return found === undefined ? [] : [found];
  };

const index =
  (position: number): Step =>
  (value) => {
    const found: unknown = Array.isArray(value) ? value.at(position) : undefined;
    return found === undefined ? [] : [found];
  };

const filter =
  (path: readonly Step[], operator: string, literal: string): Step =>
  (value) =>
    membersOf(value).filter((one) => {
      const [found] = walk(path, one);
      if (operator === "") return found !== undefined;
      return found !== undefined && (textOf(found) === literal) === (operator === "==");
    });

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

const walk = (steps: readonly Step[], value: unknown): readonly unknown[] =>
  steps.reduce<readonly unknown[]>((values, step) => values.flatMap(step), [value]);

const grammar: readonly (readonly [RegExp, (match: RegExpExecArray) => Step])[] = [
  [/^\.?\[\*\]|^\.\*/, () => membersOf],
  [/^\.?\[(-?\d+)\]/, ([, text]) => index(Number(text))],
  [/^\.?\['((?:[^'\\]|\\.)*)'\]/, ([, name = ""]) => member(unescaped(name))],
  [
    /^\.?\[\?\(\s*@((?:[^\s=!<>()'"]|\\.)*)\s*(?:(==|!=)\s*(?:"([^"]*)"|'([^']*)'|([^\s)]+))\s*)?\)\]/,
    ([, path = "", operator = "", double, single, bare]) =>
      filter(stepsOf(path) ?? [() => []], operator, double ?? single ?? bare ?? ""),
  ],
  [/^\.((?:[^.[\]\\]|\\.)+)/, ([, name = ""]) => member(unescaped(name))],
];

const unescaped = (name: string): string => name.replaceAll(/\\(.)/g, "$1");

function stepsOf(path: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  let rest = path.replace(/^\$/, "");
  while (rest !== "" && rest !== ".") {
    const rule = grammar.find(([pattern]) => pattern.test(rest));
    const match = rule?.[0].exec(rest);
    if (rule === undefined || match === null || match === undefined) return undefined;
    steps.push(rule[1](match));
    rest = rest.slice(match[0].length);
  }
  return steps;
}

/** @returns a function that finds the values, in order; undefined for a path that cannot be parsed. */
export function jsonPath(path: string): ((value: unknown) => readonly unknown[]) | undefined {
  const inner = path.replace(/^\{(.*)\}$/, "$1");
  const steps = stepsOf(inner.startsWith(".") || inner.startsWith("[") || inner.startsWith("$") ? inner : `.${inner}`);
  return steps === undefined ? undefined : (value) => walk(steps, value);
}
