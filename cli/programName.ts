/** How the user calls this program: what to write before a subcommand when one is recommended. Pure. */

export interface Started {
  readonly execPath: string;
  /** The first is the program, the second the script, compiled in or not. */
  readonly argv: readonly string[];
}

/** Where Bun keeps the files of a compiled program. */
const compiled = "/$bunfs/";

/** "sluice" for the binary. From the sources: the script of package.json, run by npx when Bun came from it. */
export function programName({ execPath, argv }: Started, packageManager: string): string {
  if (argv[1]?.startsWith(compiled) === true) return "sluice";
  return execPath.includes("/_npx/") ? `npx --yes ${packageManager} run` : "bun run";
}
