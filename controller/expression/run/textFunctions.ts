/** Built-in functions of texts. They work on bytes (goText.ts), as Go's do. */
import { integerFrom } from "./arithmetic.ts";
import { fromGo, isAscii, isSpace, runes, toGo, trimRunes } from "../syntax/goText.ts";
import { decoded, jsonText } from "./json.ts";
import { type Machine, spendElements, spendText, spendWalk } from "./machine.ts";
import { ExpressionError } from "../syntax/problem.ts";
import { finalIndexOf, firstIndexOf, splitBy } from "./textSearch.ts";
import { isList, type List, typeName, type Value } from "../syntax/value.ts";

type Call = (m: Machine, args: readonly Value[]) => Value;

const MAX_REPEAT = 1_000_000;

function text(name: string, value: Value = null): string {
  if (typeof value === "string") return value;
  throw new ExpressionError(`${name}() takes a text, not a ${typeName(value)}`);
}

/** Arguments that are texts, for what makes none that is longer than they are. */
function textsFrom(m: Machine, name: string, args: readonly Value[]): readonly string[] {
  const texts = args.map((arg) => text(name, arg));
  spendText(
    m,
    texts.reduce((sum, each) => sum + each.length, 0),
  );
  for (const each of texts) spendWalk(m.spend, each);
  return texts;
}

const onTexts =
  (name: string, change: (...texts: readonly string[]) => Value): Call =>
  (m, args) =>
    change(...textsFrom(m, name, args));

/** Character by character; one that would become two is kept as it is. */
function cased(bytes: string, change: (rune: string) => string): string {
  if (isAscii(bytes)) return change(bytes);
  return runes(bytes)
    .map((rune) => {
      const before = fromGo(rune);
      const after = change(before);
      return Array.from(after).length === 1 ? toGo(after) : rune;
    })
    .join("");
}

const upper = onTexts("upper", (value = "") => cased(value, (rune) => rune.toUpperCase()));
// This is the only character that becomes two in JavaScript and one in Go.
const lower = onTexts("lower", (value = "") => cased(value, (rune) => (rune === "İ" ? "i" : rune.toLowerCase())));

const trim: Call = (m, args) => {
  const [value = "", set] = textsFrom(m, "trim", args);
  const dropped = set === undefined ? undefined : new Set(runes(set));
  return trimRunes(value, (rune) => {
    m.spend(1);
    return dropped === undefined ? isSpace(rune) : dropped.has(rune);
  });
};

const trimPrefix = onTexts("trimPrefix", (value = "", prefix = " ") =>
  value.startsWith(prefix) ? value.slice(prefix.length) : value,
);

const trimSuffix = onTexts("trimSuffix", (value = "", suffix = " ") =>
  value.endsWith(suffix) ? value.slice(0, value.length - suffix.length) : value,
);

const texts = (items: readonly string[]): List => ({ kind: "list", of: "string", items });

/** `after`: each part keeps its separator. */
const split =
  (name: string, after: boolean): Call =>
  (m, [value, separator, most]) => {
    const whole = text(name, value);
    const by = text(name, separator);
    const limit = most === undefined ? -1 : Number(integerFrom(most));
    if (limit === 0) return { ...texts([]), absent: true };
    spendText(m, whole.length);
    m.spend((whole.length + by.length) / 10);
    if (by === "") m.spend(whole.length);
    const parts = limited(by === "" ? runes(whole) : splitBy(whole, by), limit, by);
    spendElements(m, parts.length);
    return texts(after ? parts.map((part, index) => (index < parts.length - 1 ? part + by : part)) : parts);
  };

/** At most so many parts; the last one holds the rest. */
function limited(parts: readonly string[], limit: number, separator: string): readonly string[] {
  if (limit < 0 || parts.length <= limit) return parts;
  return [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)];
}

const replace: Call = (m, [value, old, fresh, most]) => {
  const [whole, by, instead] = [text("replace", value), text("replace", old), text("replace", fresh)];
  const limit = most === undefined ? -1 : Number(integerFrom(most));
  if (by === "") return interspersed(m, whole, instead, limit);
  m.spend((whole.length + by.length) / 10);
  const parts = limited(splitBy(whole, by), limit < 0 ? -1 : limit + 1, by);
  spendText(m, whole.length + parts.length * instead.length);
  return parts.join(instead);
};

/** Before each character and at the end. */
function interspersed(m: Machine, whole: string, instead: string, limit: number): string {
  m.spend(whole.length);
  const all = runes(whole);
  const times = limit < 0 ? all.length + 1 : Math.min(limit, all.length + 1);
  spendText(m, whole.length + times * instead.length);
  const behind = times > all.length ? instead : "";
  return all.map((rune, index) => (index < times ? instead + rune : rune)).join("") + behind;
}

const repeat: Call = (m, [value, times = null]) => {
  const whole = text("repeat", value);
  const count = Number(integerFrom(times));
  if (count < 0) throw new ExpressionError(`repeat() does not repeat ${count} times`);
  if (count > MAX_REPEAT) throw new ExpressionError(`repeat() repeats ${MAX_REPEAT} times at most`);
  spendElements(m, whole.length * count);
  return whole.repeat(count);
};

const join: Call = (m, [list = null, glue = ""]) => {
  if (!isList(list) || (list.of !== "any" && list.of !== "string") || list.fixed === true) {
    throw new ExpressionError(`join() takes a list of texts, not a ${typeName(list)}`);
  }
  const between = text("join", glue);
  const parts = list.items.map((item) => text("join", item));
  spendText(
    m,
    parts.reduce((sum, part) => sum + part.length + between.length, 0),
  );
  return parts.join(between);
};

const position =
  (name: string, find: (value: string, part: string) => number): Call =>
  (m, [value, part]) => {
    const [whole, sought] = [text(name, value), text(name, part)];
    m.spend((whole.length + sought.length) / 16);
    return BigInt(find(whole, sought));
  };

/** Of a text whose length is a multiple of four. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

const fromBase64 = onTexts("fromBase64", (value = "") => {
  const plain = value.replaceAll(/[\r\n]/g, "");
  if (plain.length % 4 !== 0 || !BASE64.test(plain))
    throw new ExpressionError("fromBase64() of a text that is not base64");
  return atob(plain);
});

const fromJSON: Call = (m, [value]) => {
  const json = text("fromJSON", value);
  spendText(m, json.length);
  m.spend(json.length);
  return decoded(json);
};

export const TEXT_FUNCTIONS: ReadonlyMap<string, Call> = new Map<string, Call>([
  ["upper", upper],
  ["lower", lower],
  ["trim", trim],
  ["trimPrefix", trimPrefix],
  ["trimSuffix", trimSuffix],
  ["split", split("split", false)],
  ["splitAfter", split("splitAfter", true)],
  ["replace", replace],
  ["repeat", repeat],
  ["join", join],
  ["indexOf", position("indexOf", firstIndexOf)],
  ["lastIndexOf", position("lastIndexOf", finalIndexOf)],
  ["hasPrefix", onTexts("hasPrefix", (value = "", prefix = "") => value.startsWith(prefix))],
  ["hasSuffix", onTexts("hasSuffix", (value = "", suffix = "") => value.endsWith(suffix))],
  ["toJSON", (m, [value = null]) => jsonText(value, m.spend)],
  ["fromJSON", fromJSON],
  ["toBase64", onTexts("toBase64", (value = "") => btoa(value))],
  ["fromBase64", fromBase64],
]);
