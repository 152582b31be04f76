/** Inputs judged in processes of their own, which are killed when one of the inputs blocks them. */
import type { Verdict } from "./judge.ts";

/** What a worker prints, a line of JSON each: the name before an input is judged, the verdict after it. */
export type Message = { readonly begins: string } | Judged;

export interface Judged {
  readonly name: string;
  /** Undefined: too large for the API server. */
  readonly verdict?: Verdict | undefined;
}

/**
 * Plays one share: a new process after each that hangs or dies. `command` gets `--skip` and how many inputs of the
 * share have been judged. `patienceMs`: how long an input may block a process.
 */
export async function playShare(command: readonly string[], patienceMs: number): Promise<Judged[]> {
  const judged: Judged[] = [];
  for (;;) {
    const before = judged.length;
    const end = await playUntilHeld([...command, "--skip", String(before)], patienceMs, judged);
    if (end === undefined) return judged;
    if (end.name === "" && judged.length === before)
      throw new Error(`The worker ${end.problem} before its first input`);
    judged.push({ name: end.name, verdict: { problems: [end.problem], spent: [] } });
  }
}

/** @returns the input that blocked or crashed the process, undefined when all are done. */
async function playUntilHeld(
  command: readonly string[],
  patienceMs: number,
  judged: Judged[],
): Promise<{ readonly name: string; readonly problem: string } | undefined> {
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  let name = "";
  let held = false;
  const patience = (): Timer =>
    setTimeout(() => {
      held = true;
      child.kill("SIGKILL");
    }, patienceMs);
  let watch = patience();
  let rest = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const message of lines.map((line) => JSON.parse(line) as Message)) {
      if ("begins" in message) name = message.begins;
      else judged.push(message);
    }
    clearTimeout(watch);
    watch = patience();
  }
  clearTimeout(watch);
  const code = await child.exited;
  if (held) return { name, problem: `holds the process for more than ${patienceMs / 1_000} s` };
  return code === 0 ? undefined : { name, problem: `ends the process with ${child.signalCode ?? code}` };
}
