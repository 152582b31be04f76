/** Sprig's functions on defaults, types, paths and checksums, what comes by chance, and what is refused. */
import { createHash, randomBytes, randomInt } from "node:crypto";
import { spendBytes } from "../../../kube/object/budget.ts";
import { isEmpty } from "./cast.ts";
import { deepEqual } from "./deep.ts";
import type { Method } from "./methods.ts";
import { semver, semverCompare } from "./semver.ts";
import { int, kindName, Problem, typeName, utf8, type Value } from "./values.ts";

const hash =
  (name: string): ((text: string) => string) =>
  (text) =>
    createHash(name).update(text).digest("hex");

function adler32(text: string): string {
  let [a, b] = [1, 0];
  for (const byte of utf8(text)) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return String(b * 65_536 + a);
}

/** Shortens a path: `a/b/../c` is `a/c`. */
function clean(path: string): string {
  const isAbsolute = path.startsWith("/");
  const kept: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") kept.push(part);
    else if (kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else if (!isAbsolute) kept.push(part);
  }
  return (isAbsolute ? "/" : "") + kept.join("/") || ".";
}

function base(path: string): string {
  if (path === "") return ".";
  return path.replace(/(?<!\/)\/+$|^\/+$/, "").replace(/^.*\//s, "") || "/";
}

const dir = (path: string): string => clean(path.slice(0, path.lastIndexOf("/") + 1));
const ext = (path: string): string => /\.[^./]*$/.exec(path)?.[0] ?? "";
const isAbs = (path: string): boolean => path.startsWith("/");

function chosen(letters: string): (count: number) => string {
  return (count) => {
    if (count < 0) throw new Problem(`makeslice: a length of ${count} is less than 0`);
    spendBytes(count * 8, "making random text");
    return Array.from({ length: count }, () => letters[randomInt(letters.length)]).join("");
  };
}

const DIGITS = "0123456789";
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const ASCII = String.fromCharCode(...Array.from({ length: 95 }, (_, i) => 32 + i));

function shuffle(text: string): string {
  const chars = Array.from(text);
  spendBytes(chars.length * 8, "shuffling a text");
  for (let i = chars.length - 1; i > 0; i--) {
    const other = randomInt(i + 1);
    [chars[i], chars[other]] = [chars[other] ?? "", chars[i] ?? ""];
  }
  return chars.join("");
}

function randInt(from: number, to: number): Value {
  if (to <= from) throw new Problem("invalid argument to Intn");
  if (to - from >= 2 ** 48) throw new Problem("randInt takes bounds of at most 2^48 between them");
  return int(from + randomInt(to - from));
}

function bytes(count: number): string {
  if (count < 0) throw new Problem("runtime error: makeslice: len out of range");
  spendBytes(count * 2, "making random text");
  return randomBytes(count).toString("base64");
}

/** Keys, certificates and passwords do not belong into messages, and looking up names would hold up all others. */
const REFUSED = (
  "bcrypt buildCustomCert decryptAES derivePassword encryptAES genCA genCAWithKey genPrivateKey genSelfSignedCert " +
  "genSelfSignedCertWithKey genSignedCert genSignedCertWithKey getHostByName htpasswd"
).split(" ");

const refuse = (name: string): [string, Method] => [
  name,
  [
    "a…",
    () => {
      throw new Problem(
        `Sluice has no ${name} in templates: put what it would give into the notification Secret, and use .secrets`,
      );
    },
  ],
];

export const OTHERS: Readonly<Record<string, Method>> = {
  ...Object.fromEntries(REFUSED.map(refuse)),
  adler32sum: ["s", adler32],
  all: ["a…", (...all: Value[]) => !all.some(isEmpty)],
  any: ["a…", (...all: Value[]) => !all.every(isEmpty)],
  base: ["s", base],
  clean: ["s", clean],
  coalesce: ["a…", (...all: Value[]) => all.find((value) => !isEmpty(value)) ?? null],
  deepEqual: ["aa", (a: Value, b: Value) => deepEqual(a, b)],
  default: ["aa…", (instead: Value, ...given: Value[]) => (isEmpty(given[0]) ? instead : given[0])],
  dir: ["s", dir],
  empty: ["a", isEmpty],
  ext: ["s", ext],
  fail: [
    "s",
    (message: string) => {
      throw new Problem(message);
    },
  ],
  isAbs: ["s", isAbs],
  kindIs: ["sa", (target: string, value: Value) => kindName(value) === target],
  kindOf: ["a", kindName],
  osBase: ["s", base],
  osClean: ["s", clean],
  osDir: ["s", dir],
  osExt: ["s", ext],
  osIsAbs: ["s", isAbs],
  randAlpha: ["i", chosen(LETTERS)],
  randAlphaNum: ["i", chosen(LETTERS + DIGITS)],
  randAscii: ["i", chosen(ASCII)],
  randBytes: ["i", bytes],
  randInt: ["ii", randInt],
  randNumeric: ["i", chosen(DIGITS)],
  semver: ["s", semver],
  semverCompare: ["ss", semverCompare],
  sha1sum: ["s", hash("sha1")],
  sha256sum: ["s", hash("sha256")],
  sha512sum: ["s", hash("sha512")],
  shuffle: ["s", shuffle],
  ternary: ["aab", (yes: Value, no: Value, which: boolean) => (which ? yes : no)],
  typeIs: ["sa", (target: string, value: Value) => typeName(value) === target],
  typeIsLike: ["sa", (target: string, value: Value) => [target, `*${target}`].includes(typeName(value))],
  typeOf: ["a", typeName],
  uuidv4: ["", () => crypto.randomUUID()],
};
