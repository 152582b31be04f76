/** Parses the arguments of `sluice lint`. */
import { Command, Option } from "commander";
import { collected } from "../flagValues.ts";
import { connectOptionsOf, withKubeFlags } from "../kubeFlags.ts";
import type { ConnectOptions } from "../ports.ts";

export const FORMATS = ["text", "json", "sarif", "github"] as const;
export type Format = (typeof FORMATS)[number];

export interface LintOptions {
  /** Paths of files and folders; `-` is standard input. At least one. */
  readonly files: readonly string[];
  readonly recursive: boolean;
  readonly format: Format;
  readonly fix: boolean;
  /** Warnings count as errors. */
  readonly strict: boolean;
  /** Whether the API server is asked, too, and how it is reached. */
  readonly server: ConnectOptions | undefined;
}

const examples = `
Examples:
  A file:
    sluice lint -f rollout.yaml
  What is applied, with the Services and templates that Rollouts name:
    kustomize build overlays/prod | sluice lint -f -
    helm template shop ./chart | sluice lint -f -
  All manifests of a folder, for code scanning:
    sluice lint -R -f deploy/ -o sarif > lint.sarif
  Put right what has one right answer:
    sluice lint -f rollout.yaml --fix
  Ask the API server's dry run, too:
    sluice lint -f rollout.yaml --server --context staging

Exit codes: 0 nothing is wrong, or there are only warnings; 1 something is wrong,
or could not be read.`;

export const commandOf = (): Command =>
  withKubeFlags(
    new Command("sluice lint")
      .description(
        "Says what is wrong in manifests of Rollouts, AnalysisTemplates, ClusterAnalysisTemplates, AnalysisRuns and " +
          "Experiments, with file, line and column: what their schema refuses, and all that admission refuses or warns " +
          "of. It needs no cluster; what they name is looked up among what is given.",
      )
      .usage("-f FILE [flags]")
      .argument("[files...]", "more files and folders, as pre-commit gives them")
      .addOption(
        new Option("-f, --filename <file>", "file or folder, - for standard input; may be repeated").argParser(
          collected,
        ),
      )
      .addOption(new Option("-R, --recursive", "read the folders in a folder, too").default(false))
      .addOption(new Option("-o, --output <format>", "how to print it").default("text").choices([...FORMATS]))
      .addOption(new Option("--fix", "put right, in the files, what has exactly one right answer").default(false))
      .addOption(new Option("--strict", "end with exit code 1 for warnings, too").default(false))
      .addOption(new Option("--server", "ask the API server's dry run, too").default(false))
      .addHelpText("after", examples)
      .action(() => {}),
  );

interface Given {
  readonly filename?: readonly string[];
  readonly recursive: boolean;
  readonly output: Format;
  readonly fix: boolean;
  readonly strict: boolean;
  readonly server: boolean;
}

/** @returns a sentence for stderr where what was given means nothing */
export function lintOptionsOf(command: Command): LintOptions | string {
  const { filename = [], recursive, output, fix, strict, server } = command.opts<Given>();
  const files = [...new Set([...filename, ...command.args])];
  if (files.length === 0) return "nothing to read: give -f FILE, or -f - for standard input";
  if (fix && files.includes("-")) return "--fix changes files: give them by name instead of standard input";
  // kubectl's flag of that name, an address, is the kubeconfig's here.
  const reached = server ? { ...connectOptionsOf(command), server: undefined } : undefined;
  return { files, recursive, format: output, fix, strict, server: reached };
}
