/**
 * Sluice's entry: subcommands, each loading only what it needs. The one place that wires clock, client, signals and
 * modules together.
 */
import { unknownCommand, usage } from "./cli/usage.ts";
import { becomeLean } from "./controller/lean.ts";
import packageJson from "./package.json" with { type: "json" };

async function main([command, ...args]: readonly string[]): Promise<number> {
  switch (command) {
    case "controller": {
      becomeLean();
      const { runController } = await import("./controller/main.ts");
      return runController(args, { env: process.env, version: packageJson.version });
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

// No top-level await: a binary compiled to bytecode has none.
void main(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
});
