/** `sluice create`: objects of files, and AnalysisRuns of templates (docs/cli/verbs.md#create). */
import { Command, Option } from "commander";
import {
  ADMITTED,
  ANALYSIS_RUNS,
  ANALYSIS_TEMPLATES,
  CLUSTER_ANALYSIS_TEMPLATES,
  isAdmitted,
} from "../../kube/client/resources.ts";
import { runOfTemplate } from "../../controller/rollout/verbs/runOfTemplate.ts";
import { collectionPath, objectPath } from "../../kube/client/path.ts";
import { textAt } from "../../controller/migration/convert/objects.ts";
import { isObject, type Json } from "../../kube/object/json.ts";
import { booleanFlag, collected } from "../flagValues.ts";
import type { Cluster } from "../../controller/acting/cluster.ts";
import { clusterOf } from "../objects/cluster.ts";
import { failureText, Refused } from "../../controller/acting/failure.ts";
import { type Format, outputFlag, printed } from "../objects/printed.ts";
import { withKubeFlags } from "../kubeFlags.ts";
import { parsedOrTold, usageTold } from "../parsed.ts";
import type { CliPorts } from "../ports.ts";
import { watchAll } from "../status/watchStatus.ts";
import { FIELD_MANAGER } from "../../controller/acting/perform.ts";
import { objectsIn } from "./manifests.ts";

const examples = `
Examples:
  A Rollout, and wait until it is Healthy:
    sluice create -f rollout.yaml -w
  An AnalysisRun of a template in the cluster:
    sluice create analysisrun --from success-rate -a service=web`;

const runExamples = `
Examples:
  Of a template in a file:
    sluice create analysisrun --from-file template.yaml
  Of one in the cluster:
    sluice create analysisrun --from success-rate -a service=web
  Of a ClusterAnalysisTemplate:
    sluice create analysisrun --global --from success-rate`;

function commandOf(): Command {
  const command = new Command("sluice create")
    .description(
      "Creates Rollouts, Experiments, AnalysisTemplates, ClusterAnalysisTemplates and AnalysisRuns of files.",
    )
    .usage("-f FILE... [flags]")
    .argument("[words...]")
    .addOption(
      new Option("-f, --filename <file>", "the file, - for standard input; may be repeated").argParser(collected),
    )
    .addOption(booleanFlag("-w, --watch", "wait until the Rollout is Healthy, as status does"))
    .addOption(new Option("--no-color", "accepted and ignored: nothing is coloured").hideHelp())
    .addOption(outputFlag())
    .addHelpText("after", examples)
    .action(() => {});
  const run = command
    .command("analysisrun")
    .alias("ar")
    .description("Creates an AnalysisRun of an AnalysisTemplate or a ClusterAnalysisTemplate.")
    .usage("--from TEMPLATE | --from-file FILE [flags]")
    .argument("[words...]")
    .addOption(new Option("--from <template>", "a template in the cluster"))
    .addOption(new Option("--from-file <file>", "a template in a file, - for standard input"))
    .addOption(booleanFlag("--global", "it is a ClusterAnalysisTemplate"))
    .addOption(
      new Option("-a, --argument <name=value>", "the value of an argument; may be repeated").argParser(collected),
    )
    .addOption(new Option("--name <name>", "the name of the run"))
    .addOption(
      new Option("--generate-name <prefix>", "what its name begins with (default: the template's and a hyphen)"),
    )
    .addOption(new Option("--instance-id <id>", "the controller that measures it"))
    .addHelpText("after", runExamples)
    .action(() => {});
  withKubeFlags(run);
  return withKubeFlags(command);
}

/** @returns the exit code: 0 all was created; 1 something was not, or the Rollout that was watched is not Healthy */
export async function run(args: readonly string[], ports: CliPorts): Promise<number> {
  const command = await parsedOrTold(commandOf, args, ports);
  if (typeof command === "number") return command;
  try {
    return await (command.name() === "analysisrun" ? createRun(command, ports) : createAll(command, ports));
  } catch (error) {
    ports.err(`Error: ${failureText(error)}`);
    return 1;
  }
}

interface Flags {
  readonly filename?: readonly string[];
  readonly watch: boolean;
  readonly output?: Format;
}

interface Creation {
  readonly kind: keyof typeof ADMITTED;
  readonly object: Json;
}

async function createAll(command: Command, ports: CliPorts): Promise<number> {
  const { filename: files = [], watch, output } = command.opts<Flags>();
  if (files.length === 0) return usageTold(command, ports);
  if (files.length > 1 && watch) throw new Refused("Cannot watch multiple resources");
  // All are read before the first is created.
  const creations: Creation[] = [];
  for (const file of files) creations.push(...(await objectsIn(file, ports.stdin)).map(creationOf));
  if (creations.length === 0) throw new Refused(`${files.join(", ")}: there is no object in it`);
  if (creations.length > 1 && watch) throw new Refused("Cannot watch multiple resources");
  const cluster = await clusterOf(command, ports);
  const created: Json[] = [];
  try {
    for (const creation of creations) {
      const object = await create(cluster, creation);
      created.push(object);
      if (output === undefined) await ports.out(`${wordOf(creation.kind)}.argoproj.io/${nameOf(object)} created\n`);
    }
  } finally {
    if (output !== undefined && created.length > 0) await ports.out(await printed(created, output));
  }
  const [first] = creations;
  if (!watch || first === undefined) return 0;
  if (first.kind !== "Rollout") throw new Refused("Can only watch resources of type Rollout");
  return watchAll({ ...cluster, namespace: namespaceOf(cluster, first.object) }, [nameOf(created[0] ?? {})], 0, ports);
}

/** ClusterAnalysisTemplates have the word of AnalysisTemplates, as in the plugin. */
const wordOf = (kind: Creation["kind"]): string => kind.toLowerCase().replace(/^cluster/, "");

const nameOf = (object: Json): string => textAt(object, "metadata", "name");

const namespaceOf = ({ namespace }: Cluster, object: Json): string =>
  textAt(object, "metadata", "namespace") || namespace;

/** @throws {Refused} for other kinds */
function creationOf(object: Json): Creation {
  const [version, group = ""] = textAt(object, "apiVersion").split("/").toReversed();
  const of = textAt(object, "kind");
  if (group === "argoproj.io" && version !== "" && isAdmitted(of)) return { kind: of, object };
  throw new Refused(`creates of ${group}/${of} unsupported`);
}

/** Fields that the kind does not have are refused by the API server. */
async function create(cluster: Cluster, { kind, object }: Creation): Promise<Json> {
  const namespace = kind === "ClusterAnalysisTemplate" ? undefined : namespaceOf(cluster, object);
  return cluster.client.request<Json>({
    method: "POST",
    path: collectionPath(ADMITTED[kind], namespace),
    query: { fieldManager: FIELD_MANAGER, fieldValidation: "Strict" },
    body: object,
    signal: cluster.signal,
  });
}

interface RunFlags {
  readonly from?: string;
  readonly fromFile?: string;
  readonly global: boolean;
  readonly argument?: readonly string[];
  readonly name?: string;
  readonly generateName?: string;
  readonly instanceId?: string;
  readonly output?: Format;
}

const given = (text: string | undefined): string | undefined => (text === "" ? undefined : text);

async function createRun(command: Command, ports: CliPorts): Promise<number> {
  const flags = command.opts<RunFlags>();
  const { output } = command.optsWithGlobals<RunFlags>();
  const [from, fromFile] = [given(flags.from), given(flags.fromFile)];
  if ((from === undefined) === (fromFile === undefined))
    throw new Refused("one of --from or --from-file must be specified");
  const args = (flags.argument ?? []).map(argumentOf);
  const cluster = await clusterOf(command, ports);
  const template =
    fromFile === undefined ? await readTemplate(cluster, from ?? "", flags.global) : await templateIn(fromFile, ports);
  const outcome = runOfTemplate(template, {
    args,
    name: given(flags.name),
    generateName: given(flags.generateName),
    namespace: cluster.namespace,
    instanceId: given(flags.instanceId),
  });
  if (outcome.kind === "impossible") throw new Refused(outcome.why);
  const path = collectionPath(ANALYSIS_RUNS, cluster.namespace);
  const query = { fieldManager: FIELD_MANAGER };
  const run = await cluster.client.request<Json>({
    method: "POST",
    path,
    query,
    body: outcome.run,
    signal: cluster.signal,
  });
  if (includes(template))
    ports.err(
      "Note: the templates that this one includes are not part of the run: a Rollout's analysis would have them",
    );
  await ports.out(
    output === undefined ? `analysisrun.argoproj.io/${nameOf(run)} created\n` : await printed([run], output),
  );
  return 0;
}

function argumentOf(text: string): { readonly name: string; readonly value: string } {
  const at = text.indexOf("=");
  if (at < 0) throw new Refused("arguments must be in the form NAME=VALUE");
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}

const readTemplate = ({ client, namespace, signal }: Cluster, name: string, isGlobal: boolean): Promise<Json> =>
  client.request<Json>({
    method: "GET",
    path: isGlobal
      ? objectPath(CLUSTER_ANALYSIS_TEMPLATES, { name })
      : objectPath(ANALYSIS_TEMPLATES, { namespace, name }),
    signal,
  });

async function templateIn(file: string, { stdin }: CliPorts): Promise<Json> {
  const [first, ...others] = await objectsIn(file, stdin);
  const kind = textAt(first, "kind");
  if (first === undefined || others.length > 0 || !/^(Cluster)?AnalysisTemplate$/.test(kind))
    throw new Refused(`${file} has to hold one AnalysisTemplate or ClusterAnalysisTemplate, and nothing else`);
  return first;
}

const includes = ({ spec }: Json): boolean =>
  isObject(spec) && Array.isArray(spec["templates"]) && spec["templates"].length > 0;
