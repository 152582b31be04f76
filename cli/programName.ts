/** How the user calls this program: what to write before a subcommand. Pure. */
import { isCompiled } from "../controller/process/lean.ts";

export interface Started {
  readonly execPath: string;
  /** The first is the program, the second the script, compiled in or not. */
  readonly argv: readonly string[];
  /** The program's file as it was called, by whatever name. */
  readonly argv0?: string;
}

/** The names under which kubectl finds plugins; Krew writes "_" for the "-" in a plugin's own name. */
const plugins: Readonly<Record<string, string>> = {
  "kubectl-argo-rollouts": "kubectl argo rollouts",
  "kubectl-argo_rollouts": "kubectl argo-rollouts",
  "kubectl-sluice": "kubectl sluice",
};

/** As usage lines call it: `sluice`, or `kubectl argo rollouts` when its file (or a link to it) is named for a plugin. */
export function calledAs(argv0: string | undefined): string {
  const file = (argv0 ?? "").replace(/^.*[/\\]/s, "").replace(/\.exe$/i, "");
  return plugins[file] ?? "sluice";
}

/** Whether it is called as the kubectl plugin. */
export const isPlugin = (program: string): boolean => program !== "sluice";

/** The program's file, under the name by which it is called: `sluice`, `kubectl-argo-rollouts`. */
export const fileOf = (program: string): string => program.replaceAll(" ", "-");

/** What to write to start it again. From the sources: the script of package.json, run by npx when Bun came from it. */
export function programName({ execPath, argv, argv0 }: Started, packageManager: string): string {
  if (isCompiled(argv[1])) return calledAs(argv0);
  return execPath.includes("/_npx/") ? `npx --yes ${packageManager} run` : "bun run";
}
