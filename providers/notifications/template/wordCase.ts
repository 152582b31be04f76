/** `snakecase`, `kebabcase` and `camelcase`, which find words where letters change. */
import { spend } from "../../../kube/object/budget.ts";

const WORDS = "finding words";

type Word = readonly [kind: "connector" | "punct" | "upper" | "letters" | "number" | "other", text: string];

/** Several capitals before a small letter leave the last one to the next word. */
const WORD =
  /(?<connector>[\-_\p{White_Space}]+)|(?<punct>\p{P}+)|(?<upper>\p{Lu}+(?=\p{Lu}[\p{L}--\p{Lu}])|\p{Lu}{2,}|\p{Lu}[\p{L}--\p{Lu}]*)|(?<letters>[\p{L}--\p{Lu}]+)|(?<number>\p{N}+)|(?<other>[^\-_\p{White_Space}\p{L}\p{N}\p{P}]+)/gv;

function wordsOf(text: string): Word[] {
  return Array.from(text.matchAll(WORD), ({ groups = {} }) => {
    const [kind, word] = Object.entries(groups).find(([, value]) => value !== undefined) ?? ["other", ""];
    return [kind as Word[0], word ?? ""];
  });
}

const isWordy = ([kind]: Word): boolean => kind === "letters" || kind === "number";
const joins = (word: Word | undefined): boolean => word !== undefined && word[0] !== "connector" && word[0] !== "punct";

export function lowerCase(text: string, connector: string): string {
  spend(text.length * 20, WORDS);
  const words = wordsOf(text);
  let out = "";
  const put = ([kind, word]: Word): void => {
    out += kind === "connector" ? connector.repeat(Array.from(word).length) : word.toLowerCase();
  };
  let i = 0;
  const putWordy = (): void => {
    for (let word = words[i]; word !== undefined && isWordy(word); word = words[++i]) put(word);
  };
  while (i < words.length - 1) {
    const word = words[i++] as Word;
    put(word);
    let next = words[i] as Word;
    if (word[0] === "connector" || word[0] === "punct") continue;
    if (word[0] === "number") {
      putWordy();
      if (joins(words[i])) out += connector;
      continue;
    }
    if (next[0] !== "number") {
      if (joins(next)) out += connector;
      continue;
    }
    if (i === words.length - 1) continue;
    const number = next;
    next = words[++i] as Word;
    // A number belongs to the word before it, unless small letters follow.
    if (next[0] === "letters") {
      out += connector;
      put(number);
      putWordy();
      if (joins(words[i])) out += connector;
    } else {
      put(number);
      if (joins(next)) out += connector;
    }
  }
  const last = words[i];
  if (last !== undefined) put(last);
  return out;
}

const isConnector = (char: string): boolean => /[-_\p{White_Space}]/u.test(char);
const isUpper = (char: string): boolean => /\p{Lu}/u.test(char);

export function camelCase(text: string): string {
  spend(text.length * 8, WORDS);
  const chars = Array.from(text);
  const start = chars.findIndex((char) => !isConnector(char));
  if (start === -1) return text + (chars.at(-1) ?? "");
  let out = chars.slice(0, start).join("");
  const [first = "", ...rest] = chars.slice(start);
  let wasUpper = isUpper(first);
  let before = first.toUpperCase();
  for (const char of rest) {
    let now = char;
    if (isConnector(now) && isConnector(before)) {
      out += before;
      before = now;
      continue;
    }
    if (isConnector(before)) {
      wasUpper = isUpper(now);
      now = now.toUpperCase();
    } else {
      if (wasUpper && isUpper(now)) now = now.toLowerCase();
      else if (wasUpper) wasUpper = false;
      out += before;
    }
    before = now;
  }
  return out + before;
}
