/**
 * `sluice convert`: Deployments as Rollouts and back, in files (docs/convert.md); planCommand.ts has the plan for a
 * cluster. It only reads, prints and reports; what becomes of an object is decided in controller/migration/convert.
 */
import { basename } from "node:path";
import type { Note } from "../../controller/migration/convert/note.ts";
import { CANARY, type Profile, profilesOf } from "../../controller/migration/convert/profile.ts";
import { convertAll, type Outcome } from "../../controller/migration/convert/stream.ts";
import { type ConvertOptions, parseConvertOptions } from "./options.ts";
import { asCalled, usageProblem } from "../parsed.ts";
import type { CliPorts } from "../ports.ts";
import { type Held, readStream, type Stream } from "./yaml.ts";
import { decoded, filesOf, textOf, Unreadable } from "../yaml/files.ts";

export interface ConvertPorts {
  /** Of the process by default. */
  readonly stdin?: () => Promise<string>;
  readonly out: (text: string) => void | Promise<void>;
  readonly err: (line: string) => void;
}

const standardInput = async (): Promise<string> => decoded(await Bun.stdin.bytes(), "standard input");

/**
 * @param told of the process: how it was called, and for a plan its version and how to connect
 * @returns the exit code: 0 all converted; 1 something was refused, or could not be read
 */
export async function runConvert(
  args: readonly string[],
  ports: ConvertPorts,
  { program = "sluice", version, connect }: Partial<Pick<CliPorts, "program" | "version" | "connect">> = {},
): Promise<number> {
  const parsed = parseConvertOptions(args);
  switch (parsed.kind) {
    case "help":
      await ports.out(`${asCalled(parsed.text, program).trimEnd()}\n`);
      return 0;
    case "refused":
      ports.err(usageProblem(parsed.problem, `${program} convert`));
      return 1;
    case "plan": {
      const { runPlan } = await import("./planCommand.ts");
      return runPlan(parsed.options, { ...ports, ...(version && { version }), ...(connect && { connect }) });
    }
    case "run":
      try {
        return await convert(parsed.options, ports);
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        ports.err(`Error: ${error.message}`);
        return 1;
      }
    default:
      return parsed satisfies never;
  }
}

interface Source {
  /** As the user named it. */
  readonly name: string;
  readonly stream: Stream;
}

async function convert(options: ConvertOptions, ports: ConvertPorts): Promise<number> {
  const profiles = await profilesFrom(options.profiles);
  const sources: Source[] = [];
  for (const { path: file } of await filesOf(options, ports.err)) {
    const name = file === "-" ? "standard input" : file;
    sources.push({
      name,
      stream: streamOf(name, file === "-" ? await (ports.stdin ?? standardInput)() : await textOf(file)),
    });
  }
  const held = sources.flatMap(({ name, stream }) => stream.objects.map((one) => ({ ...one, name })));
  const objects = held.map(({ object }) => object);
  const outcomes = convertAll(objects, { ...options, profiles });
  let at = 0;
  const texts = sources.map(({ name, stream }) => {
    const mine = outcomes.slice(at, (at += stream.objects.length));
    const { text, plain } = stream.print(mine.map(({ becomes }) => becomes));
    for (const document of plain)
      ports.err(`${name}: document ${document} lost its comments: what went had an anchor that the rest names`);
    return text;
  });
  // A file may begin without the marker of a document.
  await ports.out(texts.filter((text) => text !== "").reduce((all, text) => joinedFiles(all, text), ""));
  for (const [n, outcome] of outcomes.entries()) report(outcome, held[n], ports);
  return conclude(outcomes, options, ports);
}

function joinedFiles(all: string, text: string): string {
  if (all === "") return text;
  const before = all.endsWith("\n") ? all : `${all}\n`;
  return text.startsWith("---") ? `${before}${text}` : `${before}---\n${text}`;
}

const WORDS: { readonly [K in Note["kind"]]: string } = {
  refused: "refused",
  lost: "not carried over",
  changed: "changed",
  todo: "to do",
};

function report(
  { headline, notes }: Outcome,
  from: (Held & { readonly name: string }) | undefined,
  { err }: ConvertPorts,
): void {
  if (headline === undefined) return;
  const where = from === undefined ? "" : `${from.name}${from.document > 1 ? `, document ${from.document}` : ""}: `;
  err(`${where}${headline}`);
  for (const { kind, text } of notes) err(`  ${WORDS[kind]}: ${text}`);
}

function conclude(outcomes: readonly Outcome[], { to }: ConvertOptions, { err }: ConvertPorts): number {
  if (outcomes.some(({ notes }) => notes.some(({ kind }) => kind === "refused"))) return 1;
  if (outcomes.some(({ headline }) => headline !== undefined)) return 0;
  err(`Nothing to convert: no ${to === "rollout" ? "Deployment" : "Rollout"} is among what was given`);
  return 0;
}

function streamOf(name: string, text: string): Stream {
  const read = readStream(text);
  if (read.kind === "refused") throw new Unreadable(`cannot read ${name}: ${read.problem}`);
  return read.stream;
}

/** The first is what a Deployment gets that names none: the one of the file where it has only one. */
async function profilesFrom(file: string | undefined): Promise<readonly [Profile, ...Profile[]]> {
  if (file === undefined) return [CANARY];
  const objects = onlyObjects(await textOf(file), file);
  if (objects.length !== 1) throw new Unreadable(`cannot take profiles from ${file}: it has to have one document`);
  const alone = basename(file).replace(/\.[^.]*$/, "");
  const read = profilesOf(objects[0], alone, onlyStrategy);
  if (read.kind === "refused")
    throw new Unreadable(`cannot take profiles from ${file}:\n${read.problems.map((one) => `  ${one}`).join("\n")}`);
  const { profiles } = read;
  const others = profiles.some(({ name }) => name === CANARY.name) ? [] : [CANARY];
  const [first = CANARY, ...rest] = profiles;
  return profiles.length === 1
    ? [first, ...others]
    : ([...others, first, ...rest].toSorted(canaryFirst) as [Profile, ...Profile[]]);
}

const canaryFirst = (a: Profile, b: Profile): number => Number(b.name === CANARY.name) - Number(a.name === CANARY.name);

/** A value of a ConfigMap. @throws {Error} with the reason */
function onlyStrategy(text: string): unknown {
  const read = readStream(text);
  if (read.kind === "refused") throw new Unreadable(read.problem);
  const [first, ...others] = read.stream.objects;
  if (others.length > 0) throw new Unreadable("it has to be one document");
  return first?.object;
}

const onlyObjects = (text: string, file: string): readonly unknown[] =>
  streamOf(file, text).objects.map(({ object }) => object);
