/** Findings for people: a line that editors and scripts understand, the place in the file, and what to do. */
import { counted } from "../../kube/object/counted.ts";
import { type Paint, wrap } from "../paint.ts";
import { asSentence, type Finding } from "./finding.ts";
import type { Source } from "./source.ts";

/** How much of a line is shown. */
const MOST_COLUMNS = 100;
const MOST_MESSAGE = 2_000;

export interface Counts {
  readonly errors: number;
  readonly warnings: number;
}

export const countsOf = (findings: readonly Finding[]): Counts => ({
  errors: findings.filter(({ severity }) => severity === "error").length,
  warnings: findings.filter(({ severity }) => severity === "warning").length,
});

export const byName = (sources: readonly Source[]): ReadonlyMap<string, Source> =>
  new Map(sources.map((source) => [source.name, source]));

/** `rollout.yaml:12:22: error: spec…: Invalid value: … [rule]`, the line itself with a mark below, and the help. */
export function textReport(findings: readonly Finding[], sources: readonly Source[], paint: Paint): string {
  if (findings.length === 0) return "";
  const named = byName(sources);
  const blocks = findings.map((finding) => {
    const source = named.get(finding.file);
    return [
      headline(finding, source, paint),
      ...moreLines(finding),
      ...excerpt(finding, source, paint),
      ...helpLines(finding, paint),
    ].join("\n");
  });
  return `${blocks.join("\n\n")}\n\n${summary(findings)}\n`;
}

/** The message on one line: `spec.replicas: Invalid value: -1: must be …`. */
export function sentenceOf({ path, message }: Pick<Finding, "path" | "message">): string {
  const text = path === "" ? message : `${path}: ${message}`;
  return shown(text.length > MOST_MESSAGE ? `${text.slice(0, MOST_MESSAGE)}…` : text);
}

/** A condition is shown with a mark below the place that is meant. */
function moreLines({ message }: Finding): readonly string[] {
  const [, ...more] = message.slice(0, MOST_MESSAGE).split("\n");
  return more.map((line) => `      ${shown(line)}`);
}

/** A finding in words, of an object that is named. */
export const whose = ({ object }: Finding): string =>
  object === undefined
    ? ""
    : `${object.kind} ${[object.namespace, object.name].filter((one) => one !== "").join("/")}`.trim();

/** Control characters could move the cursor, or end the line. */
const shown = (text: string): string => text.replaceAll(/\p{Cc}+/gu, " ").toWellFormed();

function headline(finding: Finding, source: Source | undefined, paint: Paint): string {
  const { line, column } = source?.positionOf(finding.range[0]) ?? { line: 1, column: 1 };
  const [colour, word] = finding.severity === "error" ? (["red", "error"] as const) : (["yellow", "warning"] as const);
  const place = paint("bold", `${finding.file}:${line}:${column}:`);
  return `${place} ${paint(colour, `${word}:`)} ${sentenceOf({ ...finding, message: finding.message.split("\n", 1)[0] ?? "" })} ${paint("dim", `[${finding.rule}]`)}`;
}

function excerpt({ range: [start, end] }: Finding, source: Source | undefined, paint: Paint): readonly string[] {
  if (source === undefined || source.text === "") return [];
  const from = source.text.lastIndexOf("\n", start - 1) + 1;
  const newline = source.text.indexOf("\n", start);
  const whole = source.text.slice(from, newline === -1 ? undefined : newline).replace(/\r$/, "");
  const column = start - from;
  // Of a long line the part around the place.
  const cut = column > MOST_COLUMNS - 20 ? column - 20 : 0;
  const part = whole.slice(cut, cut + MOST_COLUMNS).replaceAll("\t", " ");
  const width = Math.max(1, Math.min(end - start, part.length - (column - cut)));
  const gutter = String(source.positionOf(start).line).padStart(5);
  const bar = paint("dim", "|");
  return [
    `${paint("dim", gutter)} ${bar} ${shown(part)}`,
    `${" ".repeat(gutter.length)} ${bar} ${" ".repeat(column - cut)}${paint("red", "^".repeat(width))}`,
  ];
}

/** Room for the help beside a gutter. */
const HELP_COLUMNS = 100;

function helpLines(finding: Finding, paint: Paint): readonly string[] {
  const of = whose(finding);
  const help = finding.help === undefined ? "" : asSentence(shown(finding.help));
  const lines = [of === "" ? "" : `in ${of}`, ...(help === "" ? [] : wrap(`help: ${help}`, HELP_COLUMNS, "      "))];
  return lines.filter((line) => line !== "").map((line) => `      ${paint("dim", line)}`);
}

export function summary(findings: readonly Finding[]): string {
  const { errors, warnings } = countsOf(findings);
  const files = new Set(findings.map(({ file }) => file)).size;
  const parts = [
    ...(errors > 0 ? [counted(errors, "error")] : []),
    ...(warnings > 0 ? [counted(warnings, "warning")] : []),
  ];
  return `${parts.join(" and ")} in ${counted(files, "file")}`;
}
