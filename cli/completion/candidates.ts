/** `sluice __complete`: what a shell asks on Tab, in the form that kubectl asks its plugins in, too. */
import { Command } from "commander";
import { type Places, kubeconfigPaths } from "../../kube/client/credentials.ts";
import { readKubeconfig } from "../../kube/client/kubeconfig.ts";
import { collectionPath } from "../../kube/client/path.ts";
import { ANALYSIS_RUNS, EXPERIMENTS, NAMESPACES, ROLLOUTS } from "../../kube/client/resources.ts";
import type { Resource } from "../../schema/kube.ts";
import { type CommandRow, rowOf } from "../commands.ts";
import { describe, describedBy } from "../describe.ts";
import { givenKubeFlags, leadingFlags, withKubeFlags } from "../kubeFlags.ts";
import type { CliPorts, ConnectOptions } from "../ports.ts";
import {
  type Candidate,
  NOTHING,
  type ObjectKind,
  type Question,
  questionOf,
  valueOf,
  type Wanted,
} from "./question.ts";

/** A person waits for the answer with the finger on Tab. */
const PATIENCE_MS = 2_000;

/** More are no help to anybody who has to choose. */
const MOST = 500;

/** The last line: shells complete names of files, or nothing more. Cobra's numbers, which kubectl reads. */
const FILES = ":0";
const NO_FILES = ":4";

const RESOURCES: Readonly<Record<ObjectKind, Resource>> = {
  rollouts: ROLLOUTS,
  experiments: EXPERIMENTS,
  analysisruns: ANALYSIS_RUNS,
};

/**
 * Prints a candidate a line, a tab and what it is behind it, and a last line that says whether files may follow.
 * Whatever cannot be found out is left out: a shell has no place for an error.
 * @param words all words behind the program's name; the last one is being typed
 * @returns 0
 */
export async function runComplete(
  words: readonly string[],
  ports: CliPorts,
  commands: readonly CommandRow[],
): Promise<number> {
  // PowerShell before 7.3 cannot hand over an empty word, and is told to quote it.
  const typed = words.map((word) => (word === '""' ? "" : word));
  const { wanted, prefix, typed: start } = await question(typed, commands);
  const all = await candidatesFor(wanted, typed, ports);
  const lines = all
    .filter(({ value }) => value.startsWith(start))
    .map(({ value, description }) => `${prefix}${value}${description === "" ? "" : `\t${oneLine(description)}`}`);
  await ports.out(`${[...lines, wanted.kind === "files" ? FILES : NO_FILES].join("\n")}\n`);
  return 0;
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ");

/** What is asked: a flag before the command, the command's name, or something of the command. */
async function question(words: readonly string[], commands: readonly CommandRow[]): Promise<Question> {
  const at = leadingFlags(words.slice(0, -1));
  const flags = words.slice(0, at);
  const typed = words.at(-1) ?? "";
  const last = words.length - 1;
  const atCommand: Question = { wanted: topLevel(commands), prefix: "", typed };
  if (at > last || (at === last && typed.startsWith("-"))) return questionOf(describe(beforeCommands()), words);
  if (at === last) return atCommand;
  const [name = "", ...rest] = words.slice(at);
  if (name === "help" && rest.length === 1) return atCommand;
  const [asked = "", ...others] = name === "help" ? rest : [name, ...rest];
  const row = rowOf(asked, commands);
  const described = row === undefined ? undefined : await describedBy(row);
  if (described === undefined) return { wanted: NOTHING, prefix: "", typed };
  return questionOf(described, [...flags, ...others]);
}

const beforeCommands = (): Command => withKubeFlags(new Command("sluice")).option("--version", "print the version");

const topLevel = (commands: readonly CommandRow[]): Wanted => {
  const values = commands
    .filter(({ isHidden = false }) => !isHidden)
    .map(({ name, summary }) => ({ value: name, description: summary }));
  return {
    kind: "values",
    values: [...values, { value: "help", description: "show the flags and examples of a command" }],
  };
};

async function candidatesFor(wanted: Wanted, words: readonly string[], ports: CliPorts): Promise<readonly Candidate[]> {
  const options = givenKubeFlags(words.slice(0, -1));
  switch (wanted.kind) {
    case "values":
      return wanted.values;
    case "files":
      return [];
    case "namespaces":
      return (await namesIn(ports, { ...options, namespace: undefined }, NAMESPACES)).map(valueOf);
    case "objects": {
      const names = await namesIn(ports, options, RESOURCES[wanted.of]);
      return names.filter((name) => !wanted.but.includes(name)).map(valueOf);
    }
    case "contexts":
    case "clusters":
    case "users":
      return namesOfKubeconfig(wanted.kind, options, ports).map(valueOf);
    default:
      return wanted satisfies never;
  }
}

function namesOfKubeconfig(
  kind: "contexts" | "clusters" | "users",
  options: ConnectOptions,
  { env }: CliPorts,
): readonly string[] {
  const places: Pick<Places, "env" | "home"> = { env, home: env["HOME"] ?? env["USERPROFILE"] ?? "" };
  try {
    return [...readKubeconfig(kubeconfigPaths(options, places))[kind].keys()];
  } catch {
    return [];
  }
}

/** Names alone, not the objects. None where the cluster does not answer in time, or refuses. */
async function namesIn(ports: CliPorts, options: ConnectOptions, resource: Resource): Promise<readonly string[]> {
  const list = async (): Promise<readonly string[]> => {
    const { client, namespace } = await ports.connect(options);
    const { items } = await client.request<{ items: readonly { metadata: { name: string } }[] }>({
      method: "GET",
      path: collectionPath(resource, resource === NAMESPACES ? undefined : namespace),
      query: { limit: MOST },
      accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json",
      timeoutMs: PATIENCE_MS,
      retry: false,
    });
    return items.map(({ metadata }) => metadata.name);
  };
  const late = Promise.withResolvers<readonly string[]>();
  // A credential plugin may wait for a browser.
  const cancel = ports.clock.after(PATIENCE_MS, () => late.resolve([]));
  try {
    return await Promise.race([list(), late.promise]);
  } catch {
    return [];
  } finally {
    cancel();
  }
}
