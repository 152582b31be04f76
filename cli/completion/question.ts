/** What a person may be typing: read from the words so far and a command's own description. Pure. */
import type { DescribedCommand, DescribedFlag } from "../describe.ts";

/** What may stand in the place that is completed. */
export type Wanted =
  | { readonly kind: "values"; readonly values: readonly Candidate[] }
  | { readonly kind: "files" }
  /** Names of objects in the cluster; those in `but` are there already. */
  | { readonly kind: "objects"; readonly of: ObjectKind; readonly but: readonly string[] }
  | { readonly kind: "namespaces" }
  /** Names in the kubeconfig. */
  | { readonly kind: "contexts" | "clusters" | "users" };

export type ObjectKind = "rollouts" | "experiments" | "analysisruns";

export interface Candidate {
  readonly value: string;
  /** "" for none. */
  readonly description: string;
}

export interface Question {
  readonly wanted: Wanted;
  /** What every value begins with: `--output=` where the flag is being typed, too. */
  readonly prefix: string;
  /** What has been typed of the value. */
  readonly typed: string;
}

export const NOTHING: Wanted = { kind: "values", values: [] };

/** Flags whose values are names, by what they name. */
const NAMED: Readonly<Record<string, Wanted>> = {
  "--namespace": { kind: "namespaces" },
  "--context": { kind: "contexts" },
  "--cluster": { kind: "clusters" },
  "--user": { kind: "users" },
};

/** Commands whose operands are Rollouts, by their last word; `retry rollout` and the like say so themselves. */
const OF_ROLLOUTS = "abort explain image pause promote restart resume retry status undo".split(" ");

/** @param words those behind the command's name; the last one, which may be empty, is being typed */
export function questionOf(command: DescribedCommand, words: readonly string[]): Question {
  const typed = words.at(-1) ?? "";
  const { at, path, operands, open, isLiteral } = walked(command, words.slice(0, -1));
  const plainly = (wanted: Wanted): Question => ({ wanted, prefix: "", typed });
  if (open !== undefined) return plainly(valuesOf(open));
  if (isLiteral || !typed.startsWith("-")) return plainly(operandOf(at, path, operands));
  const [flag, value] = typed.split(/=(.*)/s, 2);
  if (value === undefined) return plainly({ kind: "values", values: at.flags.flatMap(flagCandidates) });
  const named = flagNamed(at, flag ?? "");
  return { wanted: named === undefined ? NOTHING : valuesOf(named), prefix: `${flag}=`, typed: value };
}

interface Walk {
  /** The command that the words lead to, and the words that led there. */
  readonly at: DescribedCommand;
  readonly path: readonly string[];
  readonly operands: readonly string[];
  /** The flag whose value comes next. */
  readonly open: DescribedFlag | undefined;
  /** Behind `--`, where nothing is a flag. */
  readonly isLiteral: boolean;
}

function walked(command: DescribedCommand, words: readonly string[]): Walk {
  let walk: Walk = {
    at: command,
    path: command.name.split(" ").slice(-1),
    operands: [],
    open: undefined,
    isLiteral: false,
  };
  for (const word of words) walk = step(walk, word);
  return walk;
}

function step(walk: Walk, word: string): Walk {
  if (walk.open !== undefined) return { ...walk, open: undefined };
  if (!walk.isLiteral && word === "--") return { ...walk, isLiteral: true };
  if (!walk.isLiteral && word.startsWith("-")) {
    const flag = word.includes("=") ? undefined : flagNamed(walk.at, word);
    return { ...walk, open: flag?.takesValue === true ? flag : undefined };
  }
  const below = walk.at.commands.find(({ name, aliases }) => name === word || aliases.includes(word));
  if (below === undefined || walk.operands.length > 0) return { ...walk, operands: [...walk.operands, word] };
  return { ...walk, at: below, path: [...walk.path, below.name] };
}

function operandOf(at: DescribedCommand, path: readonly string[], operands: readonly string[]): Wanted {
  if (at.commands.length > 0 && operands.length === 0)
    return { kind: "values", values: at.commands.map(({ name, summary }) => ({ value: name, description: summary })) };
  const argument = at.arguments[operands.length] ?? at.arguments.at(-1);
  if (argument === undefined) return NOTHING;
  if (argument.choices.length > 0) return { kind: "values", values: argument.choices.map(valueOf) };
  if (argument.name === "files" || argument.name === "file") return { kind: "files" };
  const of = path[0] === "create" ? undefined : kindOf(path.at(-1) ?? "");
  // `set image ROLLOUT CONTAINER=IMAGE`: the second is no name of an object.
  if (of === undefined || (path.at(-1) === "image" && operands.length > 0)) return NOTHING;
  return { kind: "objects", of, but: operands };
}

function kindOf(word: string): ObjectKind | undefined {
  if (/^rollouts?$/.test(word) || OF_ROLLOUTS.includes(word)) return "rollouts";
  if (/^experiments?$/.test(word)) return "experiments";
  return /^analysisruns?$/.test(word) ? "analysisruns" : undefined;
}

function valuesOf({ flags, choices }: DescribedFlag): Wanted {
  if (choices.length > 0) return { kind: "values", values: choices.map(valueOf) };
  const named = NAMED[longOf(flags)];
  if (named !== undefined) return named;
  return /<(file|files|folder|path)>$/.test(flags) ? { kind: "files" } : NOTHING;
}

export const valueOf = (value: string): Candidate => ({ value, description: "" });

/** Letters are short enough to type. */
const flagCandidates = ({ flags, description }: DescribedFlag): Candidate[] => {
  const value = longOf(flags);
  return value === "" ? [] : [{ value, description }];
};

const longOf = (flags: string): string => /--[\w-]+/.exec(flags)?.[0] ?? "";

/** A flag may stand before the word of the command below that has it. */
const flagNamed = ({ flags, commands }: DescribedCommand, word: string): DescribedFlag | undefined =>
  [...flags, ...commands.flatMap((below) => below.flags)].find(
    (flag) => flag.flags.replace(/ .*/, "").replace(",", "") === word || longOf(flag.flags) === word,
  );
