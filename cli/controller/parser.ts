/** The flags of `sluice controller` as commander parses and shows them. */
import { Command, InvalidArgumentError, Option } from "commander";
import { allFlags, type Flag, type FlagKind, ignoredFlags, OTHER, unsupportedFlags } from "./flags.ts";
import { booleanOf } from "../flagValues.ts";
import { goDurationMs } from "../../kube/object/goDuration.ts";

const examples = `
Flags are written as in Go: --flag=value or --flag value, and for a boolean
--flag or --flag=false. Those of an Argo Rollouts Deployment can be kept.

Examples:
  In a pod, with its service account:
    sluice controller
  On your own machine, against the cluster of a kubeconfig:
    sluice controller --kubeconfig ~/.kube/config
  One namespace only:
    sluice controller --namespaced --namespace shop
  With the admission webhook:
    sluice controller --webhook-port 9443
`;

/** A command that parses the flags, without running anything. */
export function commandOf(): Command {
  const command = new Command("sluice controller")
    .description("Drives the Rollouts of a cluster; with --webhook-port, also serves the webhook.")
    .usage("[flags]")
    .addHelpOption(new Option("-h, --help", "show this help").helpGroup(OTHER))
    .addHelpText("after", examples)
    .allowExcessArguments(true)
    .action(() => {
      const [stray] = command.args;
      if (stray === undefined) return;
      command.error(
        `unexpected argument "${stray}"; a boolean flag takes its value with "=", as in --leader-elect=false`,
      );
    });
  for (const flag of allFlags) command.addOption(optionOf(flag));
  return command;
}

function optionOf(flag: Flag): Option {
  const short = flag.short === undefined ? "" : `${flag.short}, `;
  const option = new Option(`${short}--${flag.name} ${flag.kind === "bool" ? "[bool]" : `<${flag.kind}>`}`, flag.help);
  option.helpGroup(flag.group);
  if (flag.name in ignoredFlags || flag.name in unsupportedFlags || flag.deprecated !== undefined) option.hideHelp();
  const initial = initialValue(flag);
  if (initial !== undefined) option.default(initial, String(flag.value ?? initial));
  return option.argParser((text: string, previous: unknown) => {
    if (flag.kind !== "list") return parseValue(flag.kind, text);
    return previous === initial ? [text] : [...(previous as readonly string[]), text];
  });
}

function initialValue({ kind, value }: Flag): string | number | boolean | readonly string[] | undefined {
  if (value === undefined) return emptyValue[kind];
  return kind === "list" ? [String(value)] : parseValue(kind, String(value));
}

const emptyValue = { bool: false, list: [], int: undefined, number: undefined, duration: undefined, text: undefined };

function parseValue(kind: FlagKind, text: string): string | number | boolean {
  switch (kind) {
    case "text":
    case "list":
      return text;
    case "bool":
      return booleanOf(text);
    case "int":
      if (!/^[+-]?\d+$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
      return Number(text);
    case "number":
      if (text.trim() === "" || !Number.isFinite(Number(text))) throw new InvalidArgumentError("It must be a number.");
      return Number(text);
    case "duration": {
      const ms = goDurationMs(text);
      if (ms === undefined)
        throw new InvalidArgumentError('It must be a duration with a unit, such as "15s" or "1m30s".');
      return ms;
    }
    default:
      return kind satisfies never;
  }
}

/** The name under which commander keeps a flag. */
export function attributeOf({ name }: Pick<Flag, "name">): string {
  return new Option(`--${name}`).attributeName();
}
