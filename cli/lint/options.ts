/** Parses the arguments of `sluice lint`. */
import { Command, Option } from "commander";
import { HELP_WIDTH, helpLayout } from "../../controller/process/helpLayout.ts";
import { parsed } from "../parsed.ts";
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

export type ParsedLintOptions =
  | { readonly kind: "run"; readonly options: LintOptions }
  | { readonly kind: "help"; readonly text: string }
  /** A sentence for stderr. */
  | { readonly kind: "refused"; readonly problem: string };

const examples = (program: string): string => `
Examples:
  A file:
    ${program} lint -f rollout.yaml
  What is applied, with the Services and templates that Rollouts name:
    kustomize build overlays/prod | ${program} lint -f -
    helm template shop ./chart | ${program} lint -f -
  All manifests of a folder, for code scanning:
    ${program} lint -R -f deploy/ -o sarif > lint.sarif
  Put right what has one right answer:
    ${program} lint -f rollout.yaml --fix
  Ask the API server's dry run, too:
    ${program} lint -f rollout.yaml --server --context staging

Exit codes: 0 nothing is wrong, or there are only warnings; 1 something is wrong,
or could not be read.`;

const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

const commandOf =
  (program: string) =>
  (write: (text: string) => void): Command =>
    new Command(`${program} lint`)
      .description(
        "Says what is wrong in manifests of Rollouts, AnalysisTemplates, ClusterAnalysisTemplates, AnalysisRuns and " +
          "Experiments, with file, line and column: what their schema refuses, and all that admission refuses or warns " +
          "of. It needs no cluster; what they name is looked up among what is given.",
      )
      .usage("-f FILE [flags]")
      .argument("[files...]", "more files and folders, as pre-commit gives them")
      .configureHelp(helpLayout)
      .addOption(
        new Option("-f, --filename <file>", "file or folder, - for standard input; may be repeated").argParser(collect),
      )
      .addOption(new Option("-R, --recursive", "read the folders in a folder, too").default(false))
      .addOption(new Option("-o, --output <format>", "how to print it").default("text").choices([...FORMATS]))
      .addOption(new Option("--fix", "put right, in the files, what has exactly one right answer").default(false))
      .addOption(new Option("--strict", "end with exit code 1 for warnings, too").default(false))
      .addOption(new Option("--server", "ask the API server's dry run, too").default(false))
      .addOption(new Option("-n, --namespace <name>", "for --server: of manifests that name none"))
      .addOption(new Option("--kubeconfig <file>", "for --server: path to a kubeconfig (default: as kubectl finds it)"))
      .addOption(new Option("--context <name>", "for --server: context of the kubeconfig"))
      .addHelpOption(new Option("-h, --help", "show this help"))
      .addHelpText("after", examples(program))
      .exitOverride()
      .configureOutput({ writeOut: write, writeErr: () => undefined, getOutHelpWidth: () => HELP_WIDTH })
      .action(() => {});

interface Given {
  readonly filename?: readonly string[];
  readonly recursive: boolean;
  readonly output: Format;
  readonly fix: boolean;
  readonly strict: boolean;
  readonly server: boolean;
  readonly namespace?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** @param program as it was called: `sluice`, `kubectl argo rollouts` */
export function parseLintOptions(args: readonly string[], program: string): ParsedLintOptions {
  const found = parsed(commandOf(program), args);
  if (found.kind === "help") return { ...found, text: `${found.text.trim()}\n` };
  if (found.kind !== "parsed") return found;
  const { filename = [], recursive, output, fix, strict, server, ...reached } = found.command.opts<Given>();
  const files = [...new Set([...filename, ...found.command.args])];
  const refused = (problem: string): ParsedLintOptions => ({ kind: "refused", problem });
  if (files.length === 0) return refused("nothing to read: give -f FILE, or -f - for standard input");
  if (fix && files.includes("-")) return refused("--fix changes files: give them by name instead of standard input");
  const stray = Object.keys(reached)[0];
  if (!server && stray !== undefined) return refused(`--${stray} is for --server: without it no cluster is asked`);
  return {
    kind: "run",
    options: { files, recursive, format: output, fix, strict, server: server ? reached : undefined },
  };
}
