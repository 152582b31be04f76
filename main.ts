/**
 * Sluice's entry: hands the arguments to one of the commands (cli/commands.ts), each of which loads only what it needs
 * and wires clock, client, signals and modules together.
 */
import { dispatch } from "./cli/dispatch.ts";
import { processPorts } from "./cli/processPorts.ts";
import { calledAs } from "./cli/programName.ts";
import packageJson from "./package.json" with { type: "json" };

/** All output of the command has been written by now; a timer or connection that is left must not keep the process. */
const end = (exitCode: number): void => process.exit(exitCode);

// No top-level await: a binary compiled to bytecode does not support it.
void dispatch(process.argv.slice(2), processPorts(packageJson.version, calledAs(process.argv0))).then(
  end,
  (error: unknown) => {
    console.error(error);
    end(1);
  },
);
