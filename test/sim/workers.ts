/** Spreads work over processes: worlds are played one after the other in each. */

/** A worker lives for a minute: the last tier of the compiler costs it more than it gives. */
const env = { ...process.env, BUN_JSC_useFTLJIT: "0" };

/**
 * Runs a script `jobs` times with `--share i/jobs` behind its arguments. @returns what all of them printed, a line of JSON
 * each. @throws when one ends with an error
 */
export async function spread<Line>(script: string, args: readonly string[], jobs: number): Promise<Line[]> {
  const command = [process.execPath, script, ...args];
  const children = Array.from({ length: jobs }, (_, job) =>
    Bun.spawn([...command, "--share", `${job}/${jobs}`], { env, stdin: "ignore", stdout: "pipe", stderr: "inherit" }),
  );
  const told = await Promise.all(
    children.map(async (child) => {
      const text = await child.stdout.text();
      if ((await child.exited) !== 0) throw new Error(`A worker of ${script} ended with an error`);
      return text.split("\n").filter((line) => line !== "");
    }),
  );
  return told.flat().map((line) => JSON.parse(line) as Line);
}
