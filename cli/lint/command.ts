/**
 * `sluice lint` (docs/cli/lint.md): what is wrong in manifests, without a cluster. What is right is decided by the rules of
 * admission and by the schema; here files are read, and findings printed.
 */
import { chmod, realpath, rename, stat, writeFile } from "node:fs/promises";
import { codeOf, messageOf } from "../../kube/object/errors.ts";
import { type Paint, paintFor } from "../paint.ts";
import { parsedOrTold, usageProblem } from "../parsed.ts";
import type { CliPorts } from "../ports.ts";
import { filesOf, textOf, Unreadable } from "../yaml/files.ts";
import type { Edit, Finding } from "./finding.ts";
import { inOrder, type Judgement, judge } from "./judge.ts";
import { githubReport, jsonReport, sarifReport } from "./machineReports.ts";
import { commandOf, type LintOptions, lintOptionsOf } from "./options.ts";
import { readSource, type Source } from "./source.ts";
import { countsOf, sentenceOf, textReport } from "./textReport.ts";

/** @returns the exit code: 0 nothing is wrong, or there are only warnings; 1 something is, or could not be read */
export async function run(args: readonly string[], ports: CliPorts): Promise<number> {
  const command = await parsedOrTold(commandOf, args, ports);
  if (typeof command === "number") return command;
  const options = lintOptionsOf(command);
  if (typeof options === "string") {
    ports.err(usageProblem(options, `${ports.program} lint`));
    return 1;
  }
  try {
    return await lint(options, ports);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    ports.err(`Error: ${error.message}`);
    return 1;
  }
}

const STDIN = "standard input";

interface File {
  readonly source: Source;
  readonly isNamed: boolean;
}

async function lint(options: LintOptions, ports: CliPorts): Promise<number> {
  const files = await readAll(options, ports);
  const given = judgedFiles(files);
  const { sources, judgement } = options.fix ? await mendAll(given, ports) : given;
  const asked = options.server === undefined ? [] : await askServer(judgement, options, ports);
  const findings = asked.length === 0 ? judgement.findings : inOrder([...judgement.findings, ...asked], sources);
  const text = report(findings, { sources, judgement, options, ports });
  if (text !== "") await ports.out(text);
  return conclude(findings, judgement, options, ports);
}

interface JudgedFiles {
  readonly files: readonly File[];
  readonly sources: readonly Source[];
  readonly judgement: Judgement;
}

function judgedFiles(files: readonly File[]): JudgedFiles {
  const sources = files.map(({ source }) => source);
  return { files, sources, judgement: judge(sources) };
}

async function readAll(options: LintOptions, ports: CliPorts): Promise<readonly File[]> {
  const files: File[] = [];
  for (const { path, isNamed } of await filesOf(options, ports.err)) {
    const text = path === "-" ? await ports.stdin() : await textOf(path);
    files.push({ source: readSource(path === "-" ? STDIN : path, text, isNamed), isNamed });
  }
  return files;
}

async function askServer(judgement: Judgement, options: LintOptions, ports: CliPorts): Promise<readonly Finding[]> {
  const { serverFindings } = await import("./server.ts");
  return serverFindings(judgement, options.server ?? {}, ports);
}

interface Printed {
  readonly sources: readonly Source[];
  readonly judgement: Judgement;
  readonly options: LintOptions;
  readonly ports: CliPorts;
}

function report(findings: readonly Finding[], { sources, judgement, options, ports }: Printed): string {
  switch (options.format) {
    case "text":
      return textReport(findings, sources, paintOf(ports));
    case "json":
      return jsonReport(findings, sources, judgement.objects.length);
    case "sarif":
      return sarifReport(findings, sources, ports.version);
    case "github":
      return githubReport(findings, sources);
    default:
      return options.format satisfies never;
  }
}

const paintOf = ({ columns, env }: CliPorts): Paint => paintFor({ isTTY: columns !== undefined, env });

/** The last line on stderr is the reference's: `Error: ` and the first error, with its path. */
function conclude(findings: readonly Finding[], judgement: Judgement, options: LintOptions, ports: CliPorts): number {
  const { errors, warnings } = countsOf(findings);
  if (errors > 0) {
    const first = judgement.first ?? findings.find(({ severity }) => severity === "error");
    if (first !== undefined) ports.err(`Error: ${sentenceOf(first)}`);
    return 1;
  }
  if (judgement.objects.length === 0 && options.format === "text")
    ports.err("Nothing to judge: no Rollout, analysis or Experiment is among what was given");
  if (!options.strict || warnings === 0) return 0;
  ports.err(`Error: ${warnings === 1 ? "a warning counts" : `${warnings} warnings count`} as errors: --strict`);
  return 1;
}

/** What is put right may show what was hidden behind it; more often than this nothing new comes up. */
const MOST_ROUNDS = 5;

async function mendAll(given: JudgedFiles, ports: CliPorts): Promise<JudgedFiles> {
  let current = given;
  const changes = new Map<string, number>();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const edits = editsByFile(current.judgement.findings);
    if (edits.size === 0) break;
    for (const [name, { length }] of edits) changes.set(name, (changes.get(name) ?? 0) + length);
    current = judgedFiles(current.files.map((file) => mended(file, edits.get(file.source.name))));
  }
  for (const { name, text } of current.sources) {
    const count = changes.get(name);
    if (count === undefined) continue;
    await write(name, text);
    ports.err(`${name}: put right in ${count === 1 ? "one place" : `${count} places`}`);
  }
  return current;
}

function editsByFile(findings: readonly Finding[]): ReadonlyMap<string, readonly Edit[]> {
  const mends = findings.flatMap(({ file, mend }) => (mend === undefined ? [] : [{ file, mend }]));
  const groups = Map.groupBy(mends, ({ file }) => file);
  return new Map([...groups].map(([file, own]) => [file, distinct(own.map(({ mend }) => mend))]));
}

const mended = ({ source, isNamed }: File, edits: readonly Edit[] = []): File => ({
  source: edits.length === 0 ? source : readSource(source.name, edited(source.text, edits), isNamed),
  isNamed,
});

/** Several findings may mean the same place. */
function distinct(edits: readonly Edit[]): readonly Edit[] {
  const byStart = new Map(edits.map((edit) => [edit.range[0], edit]));
  return [...byStart.values()];
}

function edited(text: string, edits: readonly Edit[]): string {
  let result = text;
  // From the end, so that the places before it stay right.
  for (const { range, text: next } of edits.toSorted((a, b) => b.range[0] - a.range[0]))
    result = result.slice(0, range[0]) + next + result.slice(range[1]);
  return result;
}

const BOM = [0xef, 0xbb, 0xbf];

/** Whole or not at all: somebody may press Ctrl-C. */
async function write(name: string, text: string): Promise<void> {
  const cannot = (why: string, cause?: unknown): Unreadable =>
    new Unreadable(`cannot write ${name}: ${why}`, { cause });
  try {
    // A link stays one.
    const path = await realpath(name);
    const { mode } = await stat(path);
    const head = await Bun.file(path).slice(0, BOM.length).bytes();
    if (head[0] === 0xff && head[1] === 0xfe) throw cannot("it is UTF-16: save it as UTF-8 first");
    const mark = BOM.every((byte, index) => head[index] === byte) ? "\uFEFF" : "";
    const beside = `${path}.sluice-lint`;
    await writeFile(beside, mark + text);
    await chmod(beside, mode & 0o777);
    await rename(beside, path);
  } catch (error) {
    if (error instanceof Unreadable) throw error;
    throw cannot(codeOf(error) === "EACCES" ? "permission denied" : messageOf(error), error);
  }
}
