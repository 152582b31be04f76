/** Semantic versions and their constraints, as sprig's `semver` and `semverCompare` take them. */
import { spend } from "../../../kube/object/budget.ts";
import type { Method } from "./methods.ts";
import { int, Int, Problem, Thing } from "./values.ts";

interface Version {
  readonly parts: readonly [major: bigint, minor: bigint, patch: bigint];
  readonly pre: string;
  readonly metadata: string;
  readonly original: string;
}

const EXTRA = String.raw`(?:-([\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*))?(?:\+([\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*))?`;
const VERSION = new RegExp(String.raw`^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?${EXTRA}$`);
/** No real version or constraint is longer. */
const MAX_LENGTH = 1_000;

/** @throws {Problem} */
export function version(original: string): Version {
  const [all, major = "", minor = "0", patch = "0", pre = "", metadata = ""] = VERSION.exec(original) ?? [];
  if (all === undefined || original.length > MAX_LENGTH) throw new Problem("Invalid Semantic Version");
  const parts = [major, minor, patch].map((text) => {
    const n = BigInt(text);
    if (BigInt.asUintN(64, n) === n) return n;
    throw new Problem(`Error parsing version segment: strconv.ParseUint: parsing "${text}": value out of range`);
  });
  if (/(?:^|\.)0\d+(?:\.|$)/.test(pre)) throw new Problem("Version segment starts with 0");
  return { parts: [parts[0] ?? 0n, parts[1] ?? 0n, parts[2] ?? 0n], pre, metadata, original };
}

const written = ({ parts, pre, metadata }: Version): string =>
  parts.join(".") + (pre === "" ? "" : `-${pre}`) + (metadata === "" ? "" : `+${metadata}`);

type Shown = Thing<Version>;
export const semver = (text: string): Shown => shown(version(text));
const shown = (it: Version, type = "*semver.Version"): Shown => new Thing(type, it, () => written(it));

const sign = (a: bigint | number, b: bigint | number): number => (a < b ? -1 : a > b ? 1 : 0);

function compared(a: Version, b: Version): number {
  for (const [i, part] of a.parts.entries()) {
    const order = sign(part, b.parts[i] ?? 0n);
    if (order !== 0) return order;
  }
  if (a.pre === "" || b.pre === "") return a.pre === b.pre ? 0 : a.pre === "" ? 1 : -1;
  const [x, y] = [a.pre.split("."), b.pre.split(".")];
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const order = comparedPart(x[i] ?? "", y[i] ?? "");
    if (order !== 0) return order;
  }
  return 0;
}

/** Nothing comes before numbers, and numbers before texts. */
function comparedPart(a: string, b: string): number {
  if (a === b) return 0;
  if (a === "" || b === "") return a === "" ? -1 : 1;
  const [numA, numB] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (numA && numB) return sign(BigInt(a), BigInt(b));
  return numA === numB ? (a < b ? -1 : 1) : numA ? -1 : 1;
}

const from = (of: (it: Version) => unknown): Method => ["", ({ data }: Shown) => of(data)];
const against = (of: (order: number) => unknown): Method => [
  "V",
  ({ data }: Shown, other: Shown | null) => {
    if (other !== null) return of(compared(data, other.data));
    throw new Problem("runtime error: invalid memory address or nil pointer dereference");
  },
];
const part = (nth: 0 | 1 | 2): Method => from(({ parts }) => new Int(parts[nth], "uint64"));

function next({ parts, pre, original }: Version, nth: 0 | 1 | 2): Shown {
  const [major, minor, patch] = parts;
  const raised: Version["parts"][] = [
    [major + 1n, 0n, 0n],
    [major, minor + 1n, 0n],
    [major, minor, pre === "" ? patch + 1n : patch],
  ];
  const made = { parts: raised[nth] ?? parts, pre: "", metadata: "", original: "" };
  return shown({ ...made, original: (original.startsWith("v") ? "v" : "") + written(made) }, "semver.Version");
}

export const VERSION_METHODS: Readonly<Record<string, Method>> = {
  Compare: against(int),
  Equal: against((order) => order === 0),
  GreaterThan: against((order) => order > 0),
  GreaterThanEqual: against((order) => order >= 0),
  IncMajor: from((it) => next(it, 0)),
  IncMinor: from((it) => next(it, 1)),
  IncPatch: from((it) => next(it, 2)),
  LessThan: against((order) => order < 0),
  LessThanEqual: against((order) => order <= 0),
  Major: part(0),
  Metadata: from(({ metadata }) => metadata),
  Minor: part(1),
  Original: from(({ original }) => original),
  Patch: part(2),
  Prerelease: from(({ pre }) => pre),
  String: from(written),
};

interface Constraint {
  readonly sign: string;
  readonly of: Version;
  /** Of how many parts nothing is said: `1.x` leaves two open. */
  readonly open: number;
}

const PLACES = String.raw`v?([\d|xX*]+)(?:\.([\d|xX*]+))?(?:\.([\d|xX*]+))?${EXTRA}`;
const CONSTRAINT = new RegExp(String.raw`\s*(!=|=>|>=|=<|<=|~>|[=><~^]|)\s*(${PLACES})`, "y");
const BETWEEN = /\s*,\s*|\s+|$/y;
const RANGE = new RegExp(String.raw`\s*(${PLACES})\s+-\s+(${PLACES})\s*`, "g");

/** @throws {Problem} when one of the two cannot be read */
export function semverCompare(constraint: string, text: string): boolean {
  if (constraint.length > MAX_LENGTH) throw new Problem("improper constraint: too long");
  spend(constraint.length * 20, "comparing versions");
  const ranged = constraint.replaceAll(RANGE, (...found: string[]) => `>= ${found[1]}, <= ${found[7]} `);
  const alternatives = ranged.split("||").map(constraints);
  const it = version(text);
  return alternatives.some((all) => all.every((each) => holds(each, it)));
}

function constraints(text: string): Constraint[] {
  const found: Constraint[] = [];
  const trimmed = text.trimEnd();
  let at = 0;
  do {
    CONSTRAINT.lastIndex = at;
    const match = CONSTRAINT.exec(trimmed);
    if (match === null) break;
    found.push(constraintOf(match));
    BETWEEN.lastIndex = at + match[0].length;
    if (!BETWEEN.test(trimmed)) break;
    at = BETWEEN.lastIndex;
  } while (at < trimmed.length);
  if (found.length === 0 || at < trimmed.length || trimmed.endsWith(","))
    throw new Problem(`improper constraint: ${text}`);
  return found;
}

const isOpen = (place: string | undefined): boolean => place === undefined || /^[xX*]$/.test(place);

function constraintOf([, operator = "", , major, minor, patch, pre]: RegExpExecArray): Constraint {
  const open = isOpen(major) ? 3 : isOpen(minor) ? 2 : isOpen(patch) ? 1 : 0;
  const places = [major, minor, patch].map((place, i) => (i < 3 - open ? place : "0"));
  try {
    return { sign: operator, of: version(places.join(".") + (pre === undefined ? "" : `-${pre}`)), open };
  } catch {
    throw new Problem("constraint Parser Error");
  }
}

function holds({ sign: operator, of, open }: Constraint, it: Version): boolean {
  const [major, minor] = of.parts;
  const order = compared(it, of);
  const sameMajor = it.parts[0] === major;
  const sameMinor = sameMajor && it.parts[1] === minor;
  if (operator === "!=" && open === 0) return order !== 0;
  // Releases alone are looked for, unless the constraint names one before a release.
  if (it.pre !== "" && of.pre === "") return false;
  switch (operator) {
    case "!=":
      if (!sameMajor) return true;
      if (open >= 2) return !(open === 3 || open === 2);
      return !sameMinor || it.pre !== of.pre;
    case ">":
      if (open === 0 || !sameMajor) return order > 0;
      return open === 1 ? it.parts[1] > minor : open === 3 && order > 0;
    case "<":
      return order < 0;
    case ">=":
    case "=>":
      return order >= 0;
    case "<=":
    case "=<":
      if (open === 0) return order <= 0;
      return it.parts[0] < major || (sameMajor && (it.parts[1] <= minor || open === 2));
    case "^":
      return order >= 0 && caret(of, it, open);
    case "":
    case "=":
      if (open === 0) return order === 0;
  }
  if (order < 0) return false;
  const isAny = of.parts.every((each) => each === 0n) && open !== 1 && open !== 2;
  return isAny || (sameMajor && (sameMinor || open === 2));
}

/** What may change is what stands right of the first part that is not 0. */
function caret({ parts: [major, minor, patch] }: Version, { parts }: Version, open: number): boolean {
  if (major > 0n || open === 2) return parts[0] === major;
  if (parts[0] > 0n) return false;
  if (minor > 0n || open === 1) return parts[1] === minor;
  return parts[1] === 0n && parts[2] === patch;
}
