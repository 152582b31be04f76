/** What is printed of the objects that were asked for, in the form that was asked for. */
import { paintFor, plain } from "../paint.ts";
import type { CliPorts } from "../ports.ts";
import type { Look } from "./block.ts";
import type { GetOptions } from "./options.ts";
import { blocksOf, documentOf, missingOf, namesOf, type Subject } from "./subjects.ts";

export const lookOf = ({ color, output }: GetOptions, { env, columns }: CliPorts): Look => ({
  paint: color ? paintFor({ isTTY: columns !== undefined, env }) : plain,
  columns,
  wide: output === "wide",
});

/** All of it as text, ends of lines included. */
export async function textOf(
  subjects: readonly Subject[],
  options: GetOptions,
  ports: CliPorts,
  nowMs: number,
): Promise<string> {
  switch (options.output) {
    case "json":
    case "yaml": {
      const { printedJson, printedYaml } = await import("./printed.ts");
      return (options.output === "json" ? printedJson : printedYaml)(documentOf(subjects, options));
    }
    case "name":
      return lines(namesOf(subjects));
    case "wide":
    case undefined:
      return lines(blocksOf(subjects, nowMs, lookOf(options, ports)));
    default:
      return options.output satisfies never;
  }
}

const lines = (of: readonly string[]): string => of.map((line) => `${line}\n`).join("");

export function toldMissing(subjects: readonly Subject[], options: GetOptions, { err }: CliPorts): boolean {
  const missing = missingOf(subjects, options);
  for (const name of missing) err(`Error: ${options.kind}.argoproj.io "${name}" not found`);
  return missing.length > 0;
}
