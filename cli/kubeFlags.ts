/** kubectl's flags that name a cluster and a user, for every command that reads one (docs/cli.md#flags-of-the-cluster). */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { booleanFlag, collected, spelledOut } from "./flagValues.ts";
import { goDurationMs } from "../kube/object/goDuration.ts";
import type { ConnectOptions } from "./ports.ts";

/** Their heading in the help. */
export const CLUSTER_FLAGS = "Cluster:";

interface KubeFlag {
  /** As commander takes it. */
  readonly flags: string;
  readonly help: string;
  /** Kept for scripts that give it; it does nothing here and is not listed. */
  readonly isIgnored?: boolean;
  readonly isBoolean?: boolean;
}

const ignored = (flags: string): KubeFlag => ({ flags, help: "accepted and ignored", isIgnored: true });

const kubeFlags: readonly KubeFlag[] = [
  { flags: "-n, --namespace <name>", help: "the namespace (default: the context's)" },
  { flags: "--kubeconfig <file>", help: "the kubeconfig (default: as kubectl finds it)" },
  { flags: "--context <name>", help: "context of the kubeconfig" },
  { flags: "--cluster <name>", help: "cluster of the kubeconfig" },
  { flags: "--user <name>", help: "user of the kubeconfig" },
  { flags: "-s, --server <url>", help: "address of the API server" },
  { flags: "--token <token>", help: "bearer token for the API server" },
  { flags: "--certificate-authority <file>", help: "CA of the API server" },
  { flags: "--client-certificate <file>", help: "client certificate" },
  { flags: "--client-key <file>", help: "key of the client certificate" },
  { flags: "--tls-server-name <name>", help: "name expected in the server's certificate" },
  { flags: "--insecure-skip-tls-verify", help: "do not check the server's certificate", isBoolean: true },
  { flags: "--as <user>", help: "user to impersonate" },
  { flags: "--as-group <group>", help: "group to impersonate, with --as; only one" },
  { flags: "--as-uid <uid>", help: "UID to impersonate, with --as" },
  {
    flags: "--request-timeout <duration>",
    help: "how long a request may take, such as 30s (default: 10s, a list 60s)",
  },
  ignored("--cache-dir <folder>"),
  { ...ignored("--disable-compression"), isBoolean: true },
  ignored("-v, --kloglevel <int>"),
  ignored("--loglevel <level>"),
];

function timeout(text: string): string {
  if (timeoutMsOf(text) !== undefined) return text;
  throw new InvalidArgumentError("It must be a number of seconds, or a duration such as 30s or 2m.");
}

function optionOf({ flags, help, isIgnored = false, isBoolean = false }: KubeFlag): Option {
  const option = isBoolean ? booleanFlag(flags, help) : new Option(flags, help);
  if (option.long === "--as-group") option.argParser(collected);
  if (option.long === "--request-timeout") option.argParser(timeout);
  return option.helpGroup(CLUSTER_FLAGS).hideHelp(isIgnored);
}

/**
 * Adds kubectl's flags, but for those whose name or letter the command has already.
 * @param use "accepted": they are for scripts that give them to every command; this one asks no cluster
 */
export function withKubeFlags(command: Command, use: "used" | "accepted" = "used"): Command {
  for (const flag of kubeFlags) {
    const shown = use === "used" ? flag : { ...flag, isIgnored: true };
    const option = optionOf(shown);
    const { long, short } = option;
    if (command.options.some((has) => has.long === long)) continue;
    const isLetterTaken = short !== undefined && command.options.some((has) => has.short === short);
    command.addOption(isLetterTaken ? optionOf({ ...shown, flags: flag.flags.replace(/^-\w, /, "") }) : option);
  }
  return command;
}

/** What the person gave of them, on this command or one above it. An empty text counts as left out, as in kubectl. */
export function connectOptionsOf(command: Command): ConnectOptions {
  const given = command.optsWithGlobals<{ [K in keyof ConnectOptions]: ConnectOptions[K] } & { asGroup?: string[] }>();
  const text = (value: string | undefined): string | undefined => (value === "" ? undefined : value);
  return {
    kubeconfig: text(given.kubeconfig),
    context: text(given.context),
    cluster: text(given.cluster),
    user: text(given.user),
    namespace: text(given.namespace),
    server: text(given.server),
    token: text(given.token),
    certificateAuthority: text(given.certificateAuthority),
    clientCertificate: text(given.clientCertificate),
    clientKey: text(given.clientKey),
    tlsServerName: text(given.tlsServerName),
    insecureSkipTlsVerify: given.insecureSkipTlsVerify,
    as: text(given.as),
    asUid: text(given.asUid),
    asGroups: given.asGroup,
    requestTimeout: text(given.requestTimeout),
  };
}

/** Those among the words of a line that may be unfinished or wrong; nothing else is looked at. */
export function givenKubeFlags(words: readonly string[]): ConnectOptions {
  const command = withKubeFlags(new Command())
    .allowUnknownOption()
    .exitOverride()
    .helpOption(false)
    .configureOutput({ writeErr: () => undefined });
  try {
    // A value that is missing is being typed.
    command.parseOptions(words.map((word) => spelledOut(word, command.options)));
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
  }
  return connectOptionsOf(command);
}

/** kubectl's: seconds, or a duration of Go. 0: the default. Undefined: neither, or less than 0. */
export function timeoutMsOf(text: string): number | undefined {
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : goDurationMs(text);
  return ms === undefined || ms < 0 ? undefined : ms;
}

/** How many of the arguments are kubectl's flags, with their values, before anything else. */
export function leadingFlags(args: readonly string[]): number {
  const flags = kubeFlags.map(optionOf);
  let at = 0;
  for (let arg = args[at]; arg?.startsWith("-") === true; arg = args[at]) {
    const flag = flags.find(({ long, short }) => isFlag(arg, long, short));
    if (flag === undefined) break;
    const hasValue = arg.includes("=") || flag.optional || (!arg.startsWith("--") && arg.length > 2);
    at += hasValue ? 1 : 2;
  }
  return at;
}

/**
 * Moves kubectl's flags that stand before the command behind it: `-n shop get rollout web`. What is behind `--` stays.
 * @returns undefined when there are none, or no command
 */
export function leadingFlagsLast(args: readonly string[]): readonly string[] | undefined {
  const at = leadingFlags(args);
  if (at === 0 || args[at] === undefined) return undefined;
  const rest = args.slice(at);
  const end = rest.indexOf("--");
  return end < 0 ? [...rest, ...args.slice(0, at)] : [...rest.slice(0, end), ...args.slice(0, at), ...rest.slice(end)];
}

const isFlag = (arg: string, long: string | undefined, short: string | undefined): boolean =>
  arg.startsWith("--") ? arg.replace(/=.*/s, "") === long : short !== undefined && arg.startsWith(short);
