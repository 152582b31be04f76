/** Spreads work over processes: worlds are played one after the other in each. */
import { eachLine } from "../../eachLine.ts";

/** A worker lives for a minute: the last tier of the JIT compiler costs more than it gains. */
const env = { ...process.env, BUN_JSC_useFTLJIT: "0" };

/**
 * Runs a script `jobs` times with `--share i/jobs` behind its arguments. @returns what all of them printed, a line of
 * JSON each; `onLine` is called with each line as it arrives. @throws when one ends with an error
 */
export async function spread<Line>(
  script: string,
  args: readonly string[],
  jobs: number,
  onLine: (line: Line) => void,
): Promise<Line[]> {
  const command = [process.execPath, script, ...args];
  const children = Array.from({ length: jobs }, (_, job) =>
    Bun.spawn([...command, "--share", `${job}/${jobs}`], { env, stdin: "ignore", stdout: "pipe", stderr: "inherit" }),
  );
  const received: Line[] = [];
  const receive = (text: string): void => {
    const line = JSON.parse(text) as Line;
    received.push(line);
    onLine(line);
  };
  await Promise.all(
    children.map(async (child) => {
      await eachLine(child.stdout, receive);
      if ((await child.exited) !== 0) throw new Error(`A worker of ${script} ended with an error`);
    }),
  );
  return received;
}
