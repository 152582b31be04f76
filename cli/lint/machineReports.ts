/** Findings for other programs: JSON, SARIF for code scanning, annotations of a GitHub workflow. */
import { asSentence, type Finding } from "./finding.ts";
import type { Source } from "./source.ts";
import { byName, countsOf, sentenceOf, whose } from "./textReport.ts";

interface Span {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  /** Behind the last character. */
  readonly endColumn: number;
}

function spanOf({ file, range: [start, end] }: Finding, sources: ReadonlyMap<string, Source>): Span {
  const source = sources.get(file);
  const from = source?.positionOf(start) ?? { line: 1, column: 1 };
  const to = source?.positionOf(end) ?? from;
  return { ...from, endLine: to.line, endColumn: to.column };
}

/** `{findings: [{file, line, column, severity, rule, path, message, …}], errors, warnings, judged}` */
export function jsonReport(findings: readonly Finding[], sources: readonly Source[], judged: number): string {
  const named = byName(sources);
  const rows = findings.map((finding) => ({
    file: finding.file,
    ...spanOf(finding, named),
    severity: finding.severity,
    rule: finding.rule,
    ...(finding.object === undefined ? {} : { object: finding.object }),
    path: finding.path,
    message: finding.message,
    ...(finding.help === undefined ? {} : { help: finding.help }),
    fixable: finding.mend !== undefined,
  }));
  return `${JSON.stringify({ findings: rows, ...countsOf(findings), judged }, undefined, 2)}\n`;
}

/** SARIF 2.1.0 (OASIS), as GitHub's code scanning takes it. */
export function sarifReport(findings: readonly Finding[], sources: readonly Source[], version: string): string {
  const named = byName(sources);
  const rules = [...new Set(findings.map(({ rule }) => rule))].toSorted();
  const results = findings.map((finding) => {
    const { line, column, endLine, endColumn } = spanOf(finding, named);
    const region = { startLine: line, startColumn: column, endLine, endColumn: Math.max(endColumn, column + 1) };
    return {
      ruleId: finding.rule,
      ruleIndex: rules.indexOf(finding.rule),
      level: finding.severity,
      message: { text: messageOf(finding) },
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: uriOf(finding.file) }, region },
          logicalLocations: [{ fullyQualifiedName: `${whose(finding)} ${finding.path}`.trim() }],
        },
      ],
      ...fixesOf(finding, named),
    };
  });
  const driver = {
    name: "sluice lint",
    version,
    rules: rules.map((id) => ({ id, shortDescription: { text: inWords(id) } })),
  };
  const run = { tool: { driver }, columnKind: "utf16CodeUnits", results };
  const schema = "https://json.schemastore.org/sarif-2.1.0.json";
  return `${JSON.stringify({ $schema: schema, version: "2.1.0", runs: [run] }, undefined, 2)}\n`;
}

function fixesOf(finding: Finding, sources: ReadonlyMap<string, Source>): object {
  const { mend, file } = finding;
  if (mend === undefined) return {};
  const { line, column, endLine, endColumn } = spanOf({ ...finding, range: mend.range }, sources);
  const deletedRegion = { startLine: line, startColumn: column, endLine, endColumn };
  const replacements = [{ deletedRegion, insertedContent: { text: mend.text } }];
  return { fixes: [{ artifactChanges: [{ artifactLocation: { uri: uriOf(file) }, replacements }] }] };
}

const uriOf = (file: string): string =>
  file
    .split(/[\\/]/)
    .map((part) => encodeURIComponent(part))
    .join("/")
    .replace(/^\.\//, "");

const inWords = (rule: string): string => rule.replaceAll("-", " ");

function messageOf(finding: Finding): string {
  const help = finding.help === undefined ? "" : `\n${asSentence(finding.help)}`;
  return `${sentenceOf(finding)}${help}`;
}

/** Workflow commands: GitHub shows them at the lines of a pull request. */
export function githubReport(findings: readonly Finding[], sources: readonly Source[]): string {
  const named = byName(sources);
  return findings
    .map((finding) => {
      const { line, column, endLine, endColumn } = spanOf(finding, named);
      const columns = line === endLine && endColumn > column ? `,endColumn=${endColumn}` : "";
      const place = `file=${property(finding.file)},line=${line},col=${column},endLine=${endLine}${columns}`;
      return `::${finding.severity} ${place},title=${property(`sluice lint: ${finding.rule}`)}::${data(messageOf(finding))}\n`;
    })
    .join("");
}

const data = (text: string): string => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const property = (text: string): string => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
