/**
 * Sluice's entry: subcommands, each loading only what it needs. The one place that wires clock, client, signals and
 * modules together.
 */
import { programName } from "./cli/programName.ts";
import { unknownCommand, usage } from "./cli/usage.ts";
import { becomeLean } from "./controller/process/lean.ts";
import packageJson from "./package.json" with { type: "json" };

async function main([command, ...args]: readonly string[]): Promise<number> {
  switch (command) {
    case "controller": {
      becomeLean();
      const { runController } = await import("./cli/controller/command.ts");
      return runController(args, { env: process.env, version: packageJson.version });
    }
    case "dev": {
      const { runDev } = await import("./cli/dev.ts");
      return runDev(args, packageJson.version);
    }
    case "demo": {
      const { runDemo } = await import("./cli/demo.ts");
      const program = programName(process, packageJson.packageManager);
      return runDemo(args, { env: process.env, version: packageJson.version, program });
    }
    case "convert": {
      const { runConvert } = await import("./cli/convert/command.ts");
      return runConvert(args);
    }
    case "version":
    case "--version":
      console.log(`sluice: v${packageJson.version}`);
      return 0;
    case undefined:
    case "help":
    case "--help":
    case "-h":
      console.log(usage);
      return command === undefined ? 1 : 0;
    default:
      console.error(unknownCommand(command));
      return 1;
  }
}

/** All output of the command has been written by now; a timer or connection that is left must not keep the process. */
const end = (exitCode: number): void => process.exit(exitCode);

// No top-level await: a binary compiled to bytecode does not support it.
void main(process.argv.slice(2)).then(end, (error: unknown) => {
  console.error(error);
  end(1);
});
