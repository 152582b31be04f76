/** `sluice notifications`: looks at triggers and templates, and tries them (docs/notifications.md#trying-it). */
import { Command, Option } from "commander";
import type { NotificationConfiguration } from "../../controller/notifications/configuration/configuration.ts";
import { decideTrigger } from "../../controller/notifications/decide/decide.ts";
import { destinationOf } from "../../controller/notifications/decide/subscriptions.ts";
import { compile, deliver } from "../../controller/notifications/engine.ts";
import { compose } from "../../controller/notifications/send/compose.ts";
import { variablesOf } from "../../controller/notifications/send/variables.ts";
import { SERVICES } from "../../providers/notifications/services.ts";
import { collected } from "../flagValues.ts";
import { withKubeFlags } from "../kubeFlags.ts";
import { failureText, Refused } from "../../controller/acting/failure.ts";
import { parsedOrTold } from "../parsed.ts";
import type { CliPorts } from "../ports.ts";
import { type Output, OUTPUTS, printedNotification, printedTemplates, printedTriggers, table } from "./printing.ts";
import { sendersOf } from "./sending.ts";
import { sourcesOf } from "./sources.ts";

const CONSOLE = "console";

type Act = (command: Command, ports: CliPorts) => Promise<string>;

const examples = `
Examples:
  All triggers, and what they send when:
    sluice notifications trigger get -n argo-rollouts
  Whether a trigger would send something for a Rollout:
    sluice notifications trigger run on-purple rollout.yaml --config-map configmap.yaml --secret :empty
  What a template makes of a Rollout:
    sluice notifications template notify rollout-completed shop/web -n argo-rollouts
  The same, to a channel:
    sluice notifications template notify rollout-completed shop/web -n argo-rollouts --recipient slack:my-channel`;

const outputFlag = (): Option =>
  new Option("-o, --output <format>", "as json, yaml, wide or name").choices(OUTPUTS).default("wide");

function treeOf(acts: Map<Command, Act>): Command {
  const above = new Command("sluice notifications")
    .description("Looks at triggers and templates of notifications, and tries them on a Rollout.")
    .usage("template|trigger get|notify|run [flags]");
  withSources(above).addHelpText("after", examples);
  const template = above.command("template").description("Templates of notifications.");
  const trigger = above.command("trigger").description("Triggers of notifications.");
  const add = (command: Command, act: Act): Command => {
    acts.set(command, act);
    return command.action(() => {});
  };
  add(
    template.command("get").description("Prints templates.").argument("[NAME]").addOption(outputFlag()),
    get(printedTemplates),
  );
  add(
    template
      .command("notify")
      .description("Renders a template for a Rollout, of a file or of the cluster, and sends it.")
      .argument("<NAME>")
      .argument("<ROLLOUT>")
      .addOption(
        new Option(
          "--recipient <service:recipient>",
          "who gets it; may be repeated (default: console:stdout)",
        ).argParser(collected),
      ),
    notify,
  );
  add(
    trigger
      .command("run")
      .description("Evaluates the conditions of a trigger for a Rollout, of a file or of the cluster.")
      .argument("<NAME>")
      .argument("<ROLLOUT>"),
    run,
  );
  add(
    trigger.command("get").description("Prints triggers.").argument("[NAME]").addOption(outputFlag()),
    get(printedTriggers),
  );
  for (const each of acts.keys()) withKubeFlags(each);
  return above;
}

const withSources = (command: Command): Command =>
  command
    .option("--config-map <file>", "the ConfigMap, - for standard input (default: the cluster's)")
    .option("--secret <file>", "the Secret, or :empty for none (default: the cluster's)");

export async function runNotifications(args: readonly string[], ports: CliPorts): Promise<number> {
  const acts = new Map<Command, Act>();
  const command = await parsedOrTold(() => treeOf(acts), args, ports);
  if (typeof command === "number") return command;
  try {
    const act = acts.get(command);
    await ports.out((await act?.(command, ports)) ?? "");
    return 0;
  } catch (error) {
    ports.err(`Error: ${failureText(error)}`);
    return 1;
  }
}

const get =
  (printed: (configuration: NotificationConfiguration, name: string | undefined, output: Output) => string): Act =>
  async (command, ports) => {
    const configuration = await sourcesOf(command, ports).configuration();
    return printed(configuration, command.args[0], command.opts<{ output: Output }>().output);
  };

/** There are no AnalysisRuns beside a Rollout that is looked at by itself, as in the official plugin. */
const seenAlone = (rollout: object) => ({ rollout, labels: {}, annotations: {}, analysisRuns: null });

async function run(command: Command, ports: CliPorts): Promise<string> {
  const [name = "", resource = ""] = command.args;
  const sources = sourcesOf(command, ports);
  const configuration = await sources.configuration();
  const trigger = configuration.triggers.get(name);
  if (trigger === undefined) {
    const found = [...configuration.triggers.keys()].join(", ");
    throw new Refused(`trigger with name '${name}' does not exist (found ${found})`);
  }
  const seen = seenAlone(await sources.rollout(resource));
  const { results, troubles } = decideTrigger(configuration, name, seen, ports.clock.now());
  for (const trouble of troubles) ports.err(`Warning: ${trouble}`);
  const rows = trigger.map(({ when }, index) => [when, String(results[index] ?? false)]);
  return table([["CONDITION", "RESULT"], ...rows]);
}

async function notify(command: Command, ports: CliPorts): Promise<string> {
  const [name = "", resource = ""] = command.args;
  const { recipient = [`${CONSOLE}:stdout`] } = command.opts<{ recipient?: readonly string[] }>();
  const sources = sourcesOf(command, ports);
  const configuration = await sources.configuration();
  const seen = seenAlone(await sources.rollout(resource));
  let out = "";
  for (const text of recipient) {
    const destination = destinationOf(text);
    const delivery = { configuration, templates: [name], destination, seen };
    try {
      if (destination.service === CONSOLE) {
        const variables = variablesOf(delivery, ports.clock.now());
        const shown = compose(
          { configuration, templates: [name], variables, type: undefined },
          { rows: SERVICES, compile },
        );
        out += printedNotification(shown);
      } else
        await deliver({ clock: ports.clock, notifying: { senders: () => sendersOf(ports) } }, delivery, ports.signal);
    } catch (error) {
      throw new Refused(`failed to notify '${text}': ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return out;
}
