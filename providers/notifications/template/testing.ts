/** Variables for tests, as Argo Rollouts hands them to templates: JSON, a Secret's bytes, and functions of time. */
import { templateTime } from "./template.ts";
import { utf8 } from "./values.ts";

export interface Named {
  readonly name: string;
  readonly value: { readonly secrets?: Readonly<Record<string, string>> };
}

export interface Case {
  readonly data?: string;
  readonly template: string;
  readonly out?: string;
  readonly error?: string;
}

/** What templates find, for the data of a line of cases.jsonl. */
export const variablesOf = ({ secrets, ...rest }: Named["value"]): unknown => ({
  ...rest,
  ...(secrets && { secrets: Object.fromEntries(Object.entries(secrets).map(([key, text]) => [key, utf8(text)])) }),
  time: templateTime(Date.now),
});

const ATOMS = (
  ".s .e .u .n .t .f .i .z .neg .fl .big .huge .l .el .nums .mixed .m .em .maps .ts .missing .m.c.d .m.a.x .secrets . $ " +
  '$x nil true false 0 1 -3 2.5 1e9 "" "a" "b%d" "%v|%5.2f|%q" "2h" "2006-01-02" "a,b" "(" "\\xff" "1.2.3" \'x\' 99999999999'
).split(" ");

/** A template of random parts, most of which are right. */
export function randomTemplate(random: () => number, names: readonly string[]): string {
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const atom = (): string => (random() < 0.3 ? `(${pipeline(1)})` : one(ATOMS));
  const command = (): string =>
    random() < 0.3 ? atom() : [one(names), ...Array.from({ length: Math.floor(random() * 4) }, atom)].join(" ");
  function pipeline(deep: number): string {
    if (deep > 3 || random() < 0.2) return one(ATOMS);
    return Array.from({ length: random() < 0.7 ? 1 : 2 }, command).join(" | ");
  }
  function block(deep: number): string {
    const kind = Math.floor(random() * 12);
    const inside = (): string => (deep > 3 ? "x" : blocks(deep + 1));
    const otherwise = random() < 0.4 ? `{{else}}${inside()}` : "";
    if (kind === 0) return `{{if ${pipeline(0)}}}${inside()}${otherwise}{{end}}`;
    if (kind === 1)
      return `{{range ${one(["", "$i, $x := ", "$x := ", "$x = "])}${pipeline(0)}}}${inside()}${otherwise}{{end}}`;
    if (kind === 2) return `{{with ${one(["", "$x := "])}${pipeline(0)}}}${inside()}${otherwise}{{end}}`;
    if (kind === 3) return `{{$x = ${pipeline(0)}}}`;
    if (kind === 4)
      return one([
        "{{break}}",
        "{{continue}}",
        '{{template "x" .}}',
        "{{/* c */}}",
        "{{",
        "}}",
        "{{end}}",
        "{{- 1 -}}",
      ]);
    return random() < 0.2 ? " text\n" : `{{${one(["", "- "])}${pipeline(0)}${one(["", " -"])}}}`;
  }
  function blocks(deep: number): string {
    return Array.from({ length: 1 + Math.floor(random() * 3) }, () => block(deep)).join("");
  }
  return `{{$x := 1}}${blocks(0)}{{define "x"}}${random() < 0.5 ? "{{.}}" : ""}{{end}}`;
}
