/** Sprig's functions on regular expressions, which are Go's. */
import { spend } from "../../../kube/object/budget.ts";
import { compileNamed } from "../../../kube/regexp/matches.ts";
import type { Method } from "./methods.ts";
import { List, Problem, texts } from "./values.ts";

const MATCHING = "matching regular expressions";
const ENDLESS = { steps: Number.POSITIVE_INFINITY };

type Regexp = Exclude<ReturnType<typeof compileNamed>, string | { readonly problem: string }>;
type Matcher = ReturnType<Regexp["matcher"]>;

function compiled(pattern: string, must: boolean): Regexp {
  const made = compileNamed(pattern, { ...ENDLESS });
  if (made === "costly") throw new Problem("the regular expression is too large");
  if (!("problem" in made)) return made;
  const name = pattern.includes("`") ? JSON.stringify(pattern) : `\`${pattern}\``;
  throw new Problem(must ? made.problem : `regexp: Compile(${name}): ${made.problem}`);
}

const costOf = (regexp: Regexp, length: number): number => 2 * regexp.programSize() * (length + 1);

/** Finds from there on, in steps that no expression exceeds. */
function find(regexp: Regexp, matcher: Matcher, text: string, from: number): boolean {
  spend(costOf(regexp, text.length - from), MATCHING);
  return matcher.find(from);
}

const width = (text: string, at: number): number => ((text.codePointAt(at) ?? 0) > 0xff_ff ? 2 : 1);

/** The bounds of at most `count` matches; an empty one right behind another is none. */
function matches(regexp: Regexp, text: string, count: number): [number, number][] {
  const found: [number, number][] = [];
  const matcher = regexp.matcher(text);
  let last = -1;
  for (let at = 0; at <= text.length && (count < 0 || found.length < count);) {
    if (!find(regexp, matcher, text, at)) break;
    const [start, end] = [matcher.start(), matcher.end()];
    if (end > at || start !== last) found.push([start, end]);
    at = end > at ? end : at + width(text, at);
    last = end;
  }
  return found;
}

function findAll(regexp: Regexp, text: string, count: number): List {
  const found = matches(regexp, text, count).map(([start, end]) => text.slice(start, end));
  return found.length > 0 ? texts(found) : new List([], "string", true);
}

function first(regexp: Regexp, text: string): string {
  const [bounds] = matches(regexp, text, 1);
  return bounds === undefined ? "" : text.slice(...bounds);
}

function replaceAll(regexp: Regexp, text: string, by: (matcher: Matcher) => string): string {
  const matcher = regexp.matcher(text);
  let out = "";
  let last = 0;
  for (let at = 0; at <= text.length;) {
    if (!find(regexp, matcher, text, at)) break;
    const [start, end] = [matcher.start(), matcher.end()];
    out += text.slice(last, start);
    if (end > last || start === 0) {
      const replacement = by(matcher);
      spend(replacement.length / 16 + 1, MATCHING);
      out += replacement;
    }
    last = end;
    at = Math.max(end, at + width(text, at));
  }
  return out + text.slice(last);
}

/** `$1`, `${1}` and `${name}` stand for groups, `$$` for a dollar. */
const expanded =
  (replacement: string) =>
  (matcher: Matcher): string =>
    replacement.replaceAll(
      /\$(?:(\$)|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/gu,
      (_, dollar: string | undefined, plain: string | undefined, braced: string | undefined) =>
        dollar ?? group(matcher, plain ?? braced ?? ""),
    );

function group(matcher: Matcher, name: string): string {
  if (/^(?:0|[1-9]\d*)$/.test(name))
    return Number(name) <= matcher.groupCount() ? (matcher.group(Number(name)) ?? "") : "";
  const named = matcher.getNamedGroups();
  return Object.hasOwn(named, name) ? (named[name] ?? "") : "";
}

function split(regexp: Regexp, text: string, count: number): List {
  if (count === 0) return new List([], "string", true);
  if (text === "") return texts([""]);
  const parts: string[] = [];
  let from = 0;
  let end = 0;
  for (const [start, stop] of matches(regexp, text, count)) {
    if (count > 0 && parts.length === count - 1) break;
    end = start;
    if (stop !== 0) parts.push(text.slice(from, end));
    from = stop;
  }
  if (end !== text.length) parts.push(text.slice(from));
  return texts(parts);
}

function isMatch(regexp: Regexp, text: string): boolean {
  spend(costOf(regexp, text.length), MATCHING);
  return regexp.test(text);
}

type Work = (regexp: Regexp, ...args: never[]) => unknown;

const BOTH: Readonly<Record<string, readonly [takes: string, work: Work]>> = {
  regexFind: ["ss", first],
  regexFindAll: ["ssi", findAll],
  regexReplaceAll: ["sss", (regexp: Regexp, text: string, by: string) => replaceAll(regexp, text, expanded(by))],
  regexReplaceAllLiteral: ["sss", (regexp: Regexp, text: string, by: string) => replaceAll(regexp, text, () => by)],
  regexSplit: ["ssi", split],
};

const row = ([takes, work]: readonly [string, Work], must: boolean): Method => [
  takes,
  (pattern: string, text: string, ...args: never[]) =>
    work(compiled(pattern, must), text.toWellFormed() as never, ...args),
];

function regexMatch(pattern: string, text: string): boolean {
  const made = compileNamed(pattern, { ...ENDLESS });
  return typeof made === "object" && !("problem" in made) && isMatch(made, text.toWellFormed());
}

export const REGEXPS: Readonly<Record<string, Method>> = {
  ...Object.fromEntries(Object.entries(BOTH).map(([name, work]) => [name, row(work, false)])),
  ...Object.fromEntries(Object.entries(BOTH).map(([name, work]) => [`mustR${name.slice(1)}`, row(work, true)])),
  mustRegexMatch: row(["ss", isMatch], true),
  regexMatch: ["ss", regexMatch],
  regexQuoteMeta: ["s", (text: string) => text.replaceAll(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`)],
};
