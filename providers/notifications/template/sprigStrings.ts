/** Sprig's functions on texts. */
import { spendBytes } from "../../../kube/object/budget.ts";
import { toText, toTexts } from "./cast.ts";
import { shownValue } from "./format.ts";
import type { Method } from "./methods.ts";
import { quoted } from "./quoted.ts";
import { camelCase, lowerCase } from "./wordCase.ts";
import { Dict, isAscii, Problem, texts, type Value } from "./values.ts";

/** A character for each byte of UTF-8, which is what Go's functions count. */
const bytesOf = (text: string): string => (isAscii(text) ? text : Buffer.from(text).toString("latin1"));
const fromBytes = (bytes: string): string => (isAscii(bytes) ? bytes : Buffer.from(bytes, "latin1").toString());
const onBytes = (text: string, work: (bytes: string) => string): string => fromBytes(work(bytesOf(text)));

function sliced(text: string, from: number, to = text.length): string {
  const wrong = "runtime error: slice bounds out of range";
  if (to < 0) throw new Problem(`${wrong} [:${to}]`);
  if (to > text.length) throw new Problem(`${wrong} [:${to}] with length ${text.length}`);
  if (from > to) throw new Problem(`${wrong} [${from}:${to}]`);
  return text.slice(from, to);
}

function repeat(count: number, text: string): string {
  if (count < 0) throw new Problem("strings: negative Repeat count");
  spendBytes(count * text.length, "repeating a text");
  return text.repeat(text === "" ? 0 : count);
}

function indent(spaces: number, text: string): string {
  const pad = repeat(spaces, " ");
  spendBytes(text.split("\n").length * (spaces + 1), "indenting a text");
  return pad + text.replaceAll("\n", `\n${pad}`);
}

function replace(old: string, by: string, text: string): string {
  const parts = splitAll(old, text);
  spendBytes(parts.length * (by.length + 1), "replacing parts of a text");
  return old === "" ? by + parts.map((part) => part + by).join("") : parts.join(by);
}

/** Between characters when the separator is "". */
function splitAll(separator: string, text: string): string[] {
  spendBytes(text.length, "splitting a text");
  return separator === "" ? Array.from(text) : text.split(separator);
}

function splitN(separator: string, count: number, text: string): string[] {
  const all = splitAll(separator, text);
  if (count < 0 || all.length <= count) return all;
  return count === 0 ? [] : [...all.slice(0, count - 1), all.slice(count - 1).join(separator)];
}

const numbered = (parts: readonly string[]): Dict =>
  new Dict(new Map(parts.map((part, i) => [`_${i}`, part])), "string");

function trimChars(set: string, text: string): string {
  const chars = new Set(set);
  const all = Array.from(text);
  const [from, to] = [all.findIndex((char) => !chars.has(char)), all.findLastIndex((char) => !chars.has(char))];
  return from === -1 ? "" : all.slice(from, to + 1).join("");
}

/** Go changes each character by itself: `ß` stays. What becomes longer in JavaScript shows by its length. */
function upper(text: string): string {
  const all = text.toUpperCase();
  if (all.length === text.length) return all;
  return text.replaceAll(/\p{L}/gu, (char) => single(char.toUpperCase(), char));
}
function lower(text: string): string {
  const all = text.toLowerCase();
  if (all.length === text.length) return all;
  return text.replaceAll(/\p{L}/gu, (char) => Array.from(char.toLowerCase())[0] ?? "");
}
const single = (changed: string, char: string): string => (Array.from(changed).length === 1 ? changed : char);

/** The first letter of each word. */
const title = (text: string): string =>
  text.replaceAll(
    /(^|[^\p{L}\p{Nd}_\u{80}-\u{10ffff}]|\p{White_Space})(\p{L})/gu,
    (_, before: string, letter: string) => {
      return before + upper(letter);
    },
  );

const SPACES = /[\t-\r \u0085\u00a0]/;

function abbreviated(text: string, offset: number, width: number): string {
  if (text === "" || width < 4) return "";
  if (text.length <= width) return text;
  const from = Math.min(offset, text.length, Math.max(0, text.length - (width - 3)));
  if (from <= 4) return `${text.slice(0, width - 3)}...`;
  if (width < 7) return "";
  if (from + width - 3 < text.length) return `...${abbreviated(text.slice(from), 0, width - 3)}`;
  return `...${text.slice(text.length - (width - 3))}`;
}

/** @param breaks whether words that are longer than a line are broken */
function wrapped(text: string, length: number, separator: string, breaks: boolean): string {
  const width = Math.max(length, 1);
  const line = separator || "\n";
  const lines: string[] = [];
  let at = 0;
  while (text.length - at > width) {
    if (text[at] === " ") {
      at++;
      continue;
    }
    const space = text.slice(at, at + width + 1).lastIndexOf(" ");
    const next = space === -1 && !breaks ? text.indexOf(" ", at + width) : at + (space === -1 ? width : space);
    const end = next === -1 ? text.length : next;
    spendBytes(end - at + line.length, "wrapping a text");
    if (next === -1) return lines.join(line) + (lines.length > 0 ? line : "") + text.slice(at);
    lines.push(text.slice(at, end));
    at = space === -1 && breaks ? end : end + 1;
  }
  return [...lines, text.slice(at)].join(line);
}

const swapCase = (text: string): string =>
  text.replaceAll(/[\p{Lu}\p{Lt}\p{Ll}]/gu, (char) => (/\p{Ll}/u.test(char) ? upper(char) : lower(char)));

const capital = (text: string, change: (letter: string) => string): string =>
  text.replaceAll(/(^|\s)(\S)/g, (_, space: string, letter: string) => space + change(letter));

const notNil = (values: readonly Value[]): Value[] => values.filter((value) => value !== null && value !== undefined);
const trimAll = (set: string, text: string): string => trimChars(set, text);

export const STRINGS: Readonly<Record<string, Method>> = {
  abbrev: ["is", (width: number, s: string) => (width < 4 ? s : onBytes(s, (b) => abbreviated(b, 0, width)))],
  abbrevboth: [
    "iis",
    (left: number, right: number, s: string) =>
      right < 4 || (left > 0 && right < 7) ? s : onBytes(s, (b) => abbreviated(b, left, right)),
  ],
  camelcase: ["s", camelCase],
  cat: ["a…", (...all: Value[]) => notNil(all).map(shownValue).join(" ")],
  contains: ["ss", (part: string, s: string) => s.includes(part)],
  hasPrefix: ["ss", (part: string, s: string) => s.startsWith(part)],
  hasSuffix: ["ss", (part: string, s: string) => s.endsWith(part)],
  hello: ["", () => "Hello!"],
  indent: ["is", indent],
  initials: [
    "s",
    (s: string) =>
      bytesOf(s)
        .split(/[\t-\r \u0085\u00a0]+/)
        .map((word) => word.slice(0, 1))
        .join(""),
  ],
  join: ["sa", (separator: string, list: Value) => toTexts(list).join(separator)],
  kebabcase: ["s", (s: string) => lowerCase(s, "-")],
  lower: ["s", lower],
  nindent: ["is", (spaces: number, s: string) => `\n${indent(spaces, s)}`],
  nospace: ["s", (s: string) => (SPACES.test(bytesOf(s)) ? bytesOf(s).replaceAll(/[\t-\r \u0085\u00a0]/g, "") : s)],
  plural: ["ssi", (one: string, many: string, count: number) => (count === 1 ? one : many)],
  quote: [
    "a…",
    (...all: Value[]) =>
      notNil(all)
        .map((value) => quoted(toText(value)))
        .join(" "),
  ],
  repeat: ["is", repeat],
  replace: ["sss", replace],
  snakecase: ["s", (s: string) => lowerCase(s, "_")],
  split: ["ss", (separator: string, s: string) => numbered(splitAll(separator, s))],
  splitList: ["ss", (separator: string, s: string) => texts(splitAll(separator, s))],
  splitn: ["sis", (separator: string, n: number, s: string) => numbered(splitN(separator, n, s))],
  squote: [
    "a…",
    (...all: Value[]) =>
      notNil(all)
        .map((value) => `'${shownValue(value)}'`)
        .join(" "),
  ],
  substr: [
    "iis",
    (from: number, to: number, s: string) =>
      onBytes(s, (b) => (from < 0 ? sliced(b, 0, to) : sliced(b, from, to < 0 || to > b.length ? undefined : to))),
  ],
  swapcase: ["s", swapCase],
  title: ["s", title],
  toString: ["a", toText] as const,
  toStrings: ["a", (value: Value) => texts(toTexts(value))],
  trim: ["s", (s: string) => s.trim()],
  trimAll: ["ss", trimAll],
  trimPrefix: ["ss", (part: string, s: string) => (s.startsWith(part) ? s.slice(part.length) : s)],
  trimSuffix: ["ss", (part: string, s: string) => (s.endsWith(part) ? s.slice(0, s.length - part.length) : s)],
  trimall: ["ss", trimAll],
  trunc: [
    "is",
    (count: number, s: string) =>
      onBytes(s, (b) => (count < 0 ? (b.length + count > 0 ? b.slice(count) : b) : b.slice(0, count))),
  ],
  untitle: ["s", (s: string) => capital(s, (letter) => letter.toLowerCase())],
  upper: ["s", upper],
  wrap: ["is", (length: number, s: string) => onBytes(s, (b) => wrapped(b, length, "\n", false))],
  wrapWith: [
    "iss",
    (length: number, separator: string, s: string) => onBytes(s, (b) => wrapped(b, length, bytesOf(separator), true)),
  ],
};
