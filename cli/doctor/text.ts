/** How findings are printed. */
import { counted } from "../../kube/object/counted.ts";
import type { Told } from "../../controller/doctor/checks.ts";
import { SEVERITIES, type Severity } from "../../controller/doctor/facts/finding.ts";
import type { Colour, Paint } from "../paint.ts";

const WORDS: { readonly [S in Severity]: readonly [word: string, colour: Colour] } = {
  error: ["error", "red"],
  warning: ["warning", "yellow"],
  info: ["ok", "green"],
  unknown: ["unknown", "cyan"],
};

const INDENT = " ".repeat(9);

/** The worst last, where a terminal shows it. */
const ORDER: readonly Severity[] = ["info", "unknown", "warning", "error"];

export function findingsText(findings: readonly Told[], paint: Paint): string {
  const sorted = ORDER.flatMap((severity) => findings.filter((each) => each.severity === severity));
  return sorted.map((each) => `${lines(each, paint).join("\n")}\n`).join("");
}

function lines({ severity, about, what, why, mend }: Told, paint: Paint): readonly string[] {
  const [word, colour] = WORDS[severity];
  return [
    `${paint(colour, word.padEnd(INDENT.length))}${paint("bold", plainText(about))}: ${plainText(what)}`,
    `${INDENT}${plainText(why)}`,
    ...(mend === undefined ? [] : [`${INDENT}${paint("dim", "$")} ${plainText(mend)}`]),
  ];
}

/** Objects are written by others: no escape sequence of theirs reaches the terminal, and a finding keeps its lines. */
const plainText = (text: string): string => text.replaceAll(/\p{Cc}+/gu, " ");

export type Summary = { readonly [S in Severity]: number };

export const summaryOf = (findings: readonly Told[]): Summary =>
  Object.fromEntries(
    SEVERITIES.map((severity) => [severity, findings.filter((each) => each.severity === severity).length]),
  ) as unknown as Summary;

/** `2 errors, 1 warning, 1 thing not known: 12 Rollouts at https://…` */
export function closingLine(
  { error, warning, unknown }: Summary,
  rollouts: number | undefined,
  server: string,
): string {
  const parts = [
    error === 0 ? "no errors" : counted(error, "error"),
    ...(warning === 0 ? [] : [counted(warning, "warning")]),
    ...(unknown === 0 ? [] : [`${counted(unknown, "thing")} not known`]),
  ];
  return `${parts.join(", ")}: ${rollouts === undefined ? "Rollouts not read" : counted(rollouts, "Rollout")} at ${server}`;
}
