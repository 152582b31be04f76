/** `sluice eval`: tries conditions of metrics by hand (docs/behaviour/metric-conditions.md#trying-one). */
import { answerToLine, type Evaluated, evaluated, LONGEST_LINE, type ResultType } from "./answer.ts";
import { asCalled, usageProblem } from "../parsed.ts";
import { parseEvalOptions } from "./options.ts";

export interface EvalPorts {
  readonly stdin: () => AsyncIterable<Uint8Array>;
  readonly out: (text: string) => void | Promise<void>;
  readonly err: (line: string) => void;
  readonly now: () => number;
}

/** @returns the exit code: 0 the condition is true or false, or all lines are answered; 1 it is neither */
export async function runEval(args: readonly string[], ports: EvalPorts, program = "sluice"): Promise<number> {
  const parsed = parseEvalOptions(args);
  switch (parsed.kind) {
    case "help":
      await ports.out(`${asCalled(parsed.text, program).trimEnd()}\n`);
      return 0;
    case "refused":
      ports.err(usageProblem(parsed.problem, `${program} eval`));
      return 1;
    case "run":
      return parsed.options.kind === "lines" ? answerLines(ports) : tryOne(parsed.options, ports);
    default:
      return parsed satisfies never;
  }
}

interface One {
  readonly condition: string;
  readonly result: string;
  readonly type: ResultType | undefined;
}

async function tryOne({ condition, result, type }: One, ports: EvalPorts): Promise<number> {
  const json = read(result);
  if (json === undefined) {
    ports.err(`Error: --result is not JSON: ${result.slice(0, 80)}; a text is written '"like this"'`);
    return 1;
  }
  const answer: Evaluated = evaluated(condition, json.value, type, ports.now());
  if (answer.value !== null) {
    await ports.out(`${answer.value}\n`);
    return 0;
  }
  ports.err(`Error: ${answer.error}\n${answer.hint}.`);
  return 1;
}

function read(text: string): { readonly value: unknown } | undefined {
  if (["NaN", "+Inf", "-Inf", "Inf"].includes(text.trim())) return { value: text.trim() };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** One after the other, so that no more than a line is held. Of one that is too long only the beginning is. */
async function answerLines(ports: EvalPorts): Promise<number> {
  const decoder = new TextDecoder();
  let line = "";
  const answer = async (whole: string): Promise<void> => {
    if (whole.trim() !== "") await ports.out(`${answerToLine(whole, ports.now())}\n`);
  };
  const take = (part: string): void => {
    if (line.length <= LONGEST_LINE) line += part;
  };
  for await (const chunk of ports.stdin()) {
    const [first = "", ...rest] = decoder.decode(chunk, { stream: true }).split("\n");
    take(first);
    for (const part of rest) {
      await answer(line);
      line = part;
    }
  }
  take(decoder.decode());
  await answer(line);
  return 0;
}
