/**
 * Sluice's entry: subcommands, each loading only what it needs. The one place that wires clock, client, signals and
 * modules together.
 */
import { programName } from "./cli/programName.ts";
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
      return runDev(args, { version: packageJson.version, program: programName(process, packageJson.packageManager) });
    }
    case "demo": {
      const { runDemo } = await import("./cli/demo.ts");
      const program = programName(process, packageJson.packageManager);
      return runDemo(args, { env: process.env, version: packageJson.version, program });
    }
    case "convert": {
      const { runConvert } = await import("./cli/convert/command.ts");
      return runConvert(args, undefined, packageJson.version);
    }
    case "eval": {
      const { runEval } = await import("./cli/eval/command.ts");
      return runEval(args);
    }
    case "version":
      if (args.some(isHelp)) return help(command);
      console.log(`sluice: v${packageJson.version}`);
      return 0;
    case "--version":
    case "-v":
      console.log(`sluice: v${packageJson.version}`);
      return 0;
    case undefined:
      return help(undefined);
    case "help":
    case "--help":
    case "-h":
      return help(args.find((argument) => !isHelp(argument)));
    default: {
      const { unknown } = await import("./cli/usage.ts");
      console.error(unknown(command));
      return 1;
    }
  }
}

const isHelp = (argument: string): boolean => argument === "--help" || argument === "-h";

/** Explains a command, or all of them. */
async function help(topic: string | undefined): Promise<number> {
  const { helpOn } = await import("./cli/usage.ts");
  const answer = helpOn(topic);
  switch (answer.kind) {
    case "text":
      console.log(answer.text);
      return 0;
    case "ask":
      return main([answer.command, "--help"]);
    case "refused":
      console.error(answer.problem);
      return 1;
    default:
      return answer satisfies never;
  }
}

/** All output of the command has been written by now; a timer or connection that is left must not keep the process. */
const end = (exitCode: number): void => process.exit(exitCode);

// No top-level await: a binary compiled to bytecode does not support it.
void main(process.argv.slice(2)).then(end, (error: unknown) => {
  console.error(error);
  end(1);
});
