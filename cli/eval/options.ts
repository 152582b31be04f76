/** Parses the arguments of `sluice eval`. */
import { Command, Option } from "commander";
import { parsed } from "../parsed.ts";
import { type ResultType, TYPES } from "./answer.ts";

export type EvalOptions =
  | {
      readonly kind: "one";
      readonly condition: string;
      /** JSON, or one of the numbers that JSON cannot write. */
      readonly result: string;
      readonly type: ResultType | undefined;
    }
  | { readonly kind: "lines" };

export type ParsedEvalOptions =
  | { readonly kind: "run"; readonly options: EvalOptions }
  | { readonly kind: "help"; readonly text: string }
  /** A sentence for stderr. */
  | { readonly kind: "refused"; readonly problem: string };

const examples = `
Examples:
  A condition on what Prometheus gives:
    sluice eval 'all(result, # >= 0.95)' --result '[0.97, 0.99]'
  On what a jsonPath of a web metric finds:
    sluice eval 'result.errors < 5' --result '{"errors": 3}'
  Many, each a line such as {"type":"scalar","result":1,"condition":"result > 0"}:
    sluice eval --jsonl < conditions.jsonl`;

function commandOf(): Command {
  return new Command("sluice eval")
    .description(
      "Tries a condition of a metric (successCondition, failureCondition) on a result, as an analysis does.\n" +
        "Prints true or false; an error says where it is and what a condition looks like.",
    )
    .argument("[condition]", "the condition")
    .option("--result <json>", "what was measured; NaN, +Inf and -Inf are numbers, too")
    .addOption(
      new Option(
        "--type <type>",
        "how the provider gives it: a vector is a list of numbers, a scalar a number (default: as it looks)",
      ).choices(TYPES),
    )
    .option("--jsonl", "read conditions from standard input, one a line, and answer each with a line", false)
    .allowExcessArguments(false)
    .addHelpText("after", examples)
    .action(() => {});
}

export function parseEvalOptions(args: readonly string[]): ParsedEvalOptions {
  const found = parsed(commandOf, args);
  if (found.kind !== "parsed") return found;
  const [condition] = found.command.args;
  const { result, type, jsonl } = found.command.opts<{ result?: string; type?: ResultType; jsonl: boolean }>();
  const refused = (problem: string): ParsedEvalOptions => ({ kind: "refused", problem });
  if (jsonl) {
    const isAlone = condition === undefined && result === undefined && type === undefined;
    return isAlone
      ? { kind: "run", options: { kind: "lines" } }
      : refused("--jsonl takes all from standard input: give nothing else");
  }
  if (condition === undefined) return refused("nothing to try: give a condition, such as 'result[0] >= 0.95'");
  if (result === undefined) return refused("nothing to try it on: give --result JSON, such as --result '[0.97]'");
  return { kind: "run", options: { kind: "one", condition, result, type } };
}
