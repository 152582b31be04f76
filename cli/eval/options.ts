/** Parses the arguments of `sluice eval`. */
import { Command, Option } from "commander";
import { type ResultType, TYPES } from "./answer.ts";

export interface One {
  readonly kind: "one";
  readonly condition: string;
  /** JSON, or one of the numbers that JSON cannot write. */
  readonly result: string;
  readonly type: ResultType | undefined;
}

type EvalOptions = One | { readonly kind: "lines" };

const examples = `
Examples:
  A condition on what Prometheus gives:
    sluice eval 'all(result, # >= 0.95)' --result '[0.97, 0.99]'
  On what a jsonPath of a web metric finds:
    sluice eval 'result.errors < 5' --result '{"errors": 3}'
  Many, each a line such as {"type":"scalar","result":1,"condition":"result > 0"}:
    sluice eval --jsonl < conditions.jsonl`;

export function commandOf(): Command {
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

/** @returns a text: what is wrong with them */
export function optionsOf(ran: Command): EvalOptions | string {
  const [condition] = ran.args;
  const { result, type, jsonl } = ran.opts<{ result?: string; type?: ResultType; jsonl: boolean }>();
  if (jsonl) {
    const isAlone = condition === undefined && result === undefined && type === undefined;
    return isAlone ? { kind: "lines" } : "--jsonl takes all from standard input: give nothing else";
  }
  if (condition === undefined) return "nothing to try: give a condition, such as 'result[0] >= 0.95'";
  if (result === undefined) return "nothing to try it on: give --result JSON, such as --result '[0.97]'";
  return { kind: "one", condition, result, type };
}
