/** `sluice eval`: tries conditions of metrics by hand (docs/behaviour/metric-conditions.md#trying-one). */
import { answerToLine, type Evaluated, evaluated, LONGEST_LINE, SPECIAL } from "./answer.ts";
import { runOf } from "../parsed.ts";
import type { CliPorts } from "../ports.ts";
import { commandOf, type One, optionsOf } from "./options.ts";

interface EvalPorts extends Pick<CliPorts, "program" | "out" | "err"> {
  readonly stdin: () => AsyncIterable<Uint8Array>;
  readonly now: () => number;
}

/** @returns the exit code: 0 the condition is true or false, or all lines are answered; 1 it is neither */
export const runEval = runOf(commandOf, optionsOf, (options, ports: EvalPorts) =>
  options.kind === "lines" ? answerLines(ports) : tryOne(options, ports),
);

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
  if (SPECIAL.has(text.trim())) return { value: text.trim() };
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
