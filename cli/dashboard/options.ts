/** Parses the arguments of `sluice dashboard`. */
import { Command, InvalidArgumentError, Option } from "commander";
import { goDurationMs } from "../../kube/object/goDuration.ts";
import { booleanFlag, collected } from "../flagValues.ts";
import { unfit } from "../get/options.ts";
import { connectOptionsOf, withKubeFlags } from "../kubeFlags.ts";
import type { ConnectOptions } from "../ports.ts";

export type AuthKind = "kubeconfig" | "token" | "oidc" | "both";

export interface DashboardFlags {
  readonly port: number;
  readonly address: string;
  /** `/rollouts`, or "". */
  readonly root: string;
  readonly isReadOnly: boolean;
  readonly auth: AuthKind;
  /** Undefined: the names of this machine with kubeconfig, any otherwise. */
  readonly hosts: readonly string[] | undefined;
  /** Scheme, name and port. */
  readonly origin: string | undefined;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly oidc:
    | {
        readonly issuer: string;
        readonly clientId: string;
        readonly secretFile: string | undefined;
        readonly scopes: readonly string[];
      }
    | undefined;
  readonly idleMs: number;
  readonly mostMs: number;
  readonly reviewMs: number;
  readonly connect: ConnectOptions;
}

interface Given {
  readonly port: number;
  readonly address?: string;
  readonly rootPath: string;
  readonly readOnly: boolean;
  readonly inCluster: boolean;
  readonly auth?: AuthKind;
  readonly host?: readonly string[];
  readonly url?: string;
  readonly tlsCertFile?: string;
  readonly tlsKeyFile?: string;
  readonly oidcIssuer?: string;
  readonly oidcClientId?: string;
  readonly oidcClientSecretFile?: string;
  readonly oidcScope?: readonly string[];
  readonly sessionIdle: number;
  readonly sessionMax: number;
  readonly reviewEvery: number;
}

function portFlag(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("It must be a port: a number up to 65535.");
}

const between =
  (leastMs: number, mostMs: number, words: string) =>
  (text: string): number => {
    const ms = goDurationMs(text);
    if (ms !== undefined && ms >= leastMs && ms <= mostMs) return ms;
    throw new InvalidArgumentError(`It must be a duration such as 30m, ${words}.`);
  };

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const AUTH_FLAGS = "Who may do what:";

const authFlags: readonly Option[] = [
  booleanFlag("--in-cluster", "serve many people from a pod: on all addresses, with --auth token by default"),
  new Option(
    "--auth <how>",
    "whose rights are used: kubeconfig (yours, for whoever reaches the port), or each person's own: token, oidc, both",
  ).choices(["kubeconfig", "token", "oidc", "both"]),
  booleanFlag("--read-only", "refuse everything that would change something"),
  new Option("--url <url>", "where people reach it: https://rollouts.example.com; needed for OIDC"),
  new Option("--host <name>", "another name under which it may be asked for; may be repeated").argParser(collected),
  new Option("--oidc-issuer <url>", "the identity provider, which the API server has to know, too"),
  new Option("--oidc-client-id <id>", "the client id there"),
  new Option("--oidc-client-secret-file <file>", "its secret, if it has one"),
  new Option(
    "--oidc-scope <scope>",
    "a scope beside openid, such as groups or offline_access; may be repeated",
  ).argParser(collected),
  new Option("--session-idle <duration>", "without a request for so long, a session ends")
    .default(3_600_000, "1h")
    .argParser(between(MINUTE_MS, DAY_MS, "from 1m to 24h")),
  new Option("--session-max <duration>", "so long after its login a session ends")
    .default(43_200_000, "12h")
    .argParser(between(MINUTE_MS, 7 * DAY_MS, "from 1m to 168h")),
  new Option("--review-every <duration>", "how often tokens and rights in use are looked at again")
    .default(30_000, "30s")
    .argParser(between(1_000, MINUTE_MS, "from 1s to 1m")),
];

export function commandOf(): Command {
  const command = new Command("sluice dashboard")
    .description(
      "Serves a page that shows Rollouts live, and can promote, abort and undo them: to yourself by your kubeconfig, or in a cluster to many, each with their own rights.",
    )
    .usage("[flags]")
    .addOption(new Option("-p, --port <port>", "the port").default(3_100).argParser(portFlag))
    .addOption(new Option("--address <address>", "where to listen (default: 127.0.0.1, with --in-cluster 0.0.0.0)"))
    .addOption(new Option("--root-path <path>", "the path of the page").default("rollouts"))
    .addOption(new Option("--tls-cert-file <file>", "certificate to serve with, in PEM"))
    .addOption(new Option("--tls-key-file <file>", "its key"))
    .allowExcessArguments(false)
    .addHelpText(
      "after",
      `
Examples:
  For yourself, at http://localhost:3100/rollouts:
    sluice dashboard
  The same, without a button:
    sluice dashboard --read-only
  In a pod, where people log in by tokens:
    sluice dashboard --in-cluster
  In a pod, where they log in at an identity provider:
    sluice dashboard --in-cluster --url https://rollouts.example.com --oidc-issuer https://login.example.com --oidc-client-id rollouts
`,
    )
    .action(() => {});
  for (const option of authFlags) command.addOption(option.helpGroup(AUTH_FLAGS));
  return withKubeFlags(command);
}

/** Names of this machine alone. */
export const isLoopback = (address: string): boolean => /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/.test(address);

/** @returns a text: what is wrong with them */
export function optionsOf(ran: Command): DashboardFlags | string {
  const given = ran.opts<Given>();
  const connect = connectOptionsOf(ran);
  const auth = given.auth ?? authBy(given);
  const address = given.address ?? (given.inCluster ? "0.0.0.0" : "127.0.0.1");
  const url = given.url === undefined ? undefined : URL.parse(given.url);
  const root = given.rootPath.replaceAll(/^\/+|\/+$/g, "");
  const wrong =
    unfit([connect.namespace]) ??
    contradiction(given, auth, address) ??
    unusable(root, url) ??
    oidcProblem(given, auth, url);
  if (wrong !== undefined) return wrong;
  return {
    port: given.port,
    address,
    root: root === "" ? "" : `/${root}`,
    isReadOnly: given.readOnly,
    auth,
    hosts: given.host,
    origin: url?.origin,
    tls:
      given.tlsCertFile === undefined || given.tlsKeyFile === undefined
        ? undefined
        : { certFile: given.tlsCertFile, keyFile: given.tlsKeyFile },
    oidc: auth === "oidc" || auth === "both" ? oidcOf(given) : undefined,
    idleMs: given.sessionIdle,
    mostMs: given.sessionMax,
    reviewMs: given.reviewEvery,
    connect,
  };
}

function authBy({ inCluster, oidcIssuer }: Given): AuthKind {
  if (oidcIssuer !== undefined) return "both";
  return inCluster ? "token" : "kubeconfig";
}

const oidcOf = (given: Given): DashboardFlags["oidc"] => ({
  issuer: given.oidcIssuer ?? "",
  clientId: given.oidcClientId ?? "",
  secretFile: given.oidcClientSecretFile,
  scopes: [...new Set(["openid", ...(given.oidcScope ?? [])])],
});

function contradiction(given: Given, auth: AuthKind, address: string): string | undefined {
  if ((given.tlsCertFile === undefined) !== (given.tlsKeyFile === undefined))
    return "--tls-cert-file and --tls-key-file go together: give both";
  if (auth !== "kubeconfig") return undefined;
  if (given.inCluster)
    return "--in-cluster serves many people, so --auth is token, oidc or both: kubeconfig would be the pod's own";
  return isLoopback(address)
    ? undefined
    : `on ${address} everybody who reaches the port would act as you: add --auth token, so that each uses a token of their own, or leave out --address`;
}

function unusable(root: string, url: URL | null | undefined): string | undefined {
  if (!/^[\w\-./~]*$/.test(root) || root.split("/").some((part) => part === ".." || part === "."))
    return "--root-path is to be a path such as rollouts";
  if (url === null || (url !== undefined && url.protocol !== "https:" && url.protocol !== "http:"))
    return "--url is to be an address such as https://rollouts.example.com";
  return undefined;
}

function oidcProblem(given: Given, auth: AuthKind, url: URL | null | undefined): string | undefined {
  if (auth !== "oidc" && auth !== "both") return undefined;
  if (given.oidcIssuer === undefined || given.oidcClientId === undefined)
    return "login at an identity provider needs --oidc-issuer and --oidc-client-id";
  if (!/^https:\/\/|^http:\/\/(localhost|127\.0\.0\.1)\b/.test(given.oidcIssuer))
    return "--oidc-issuer is to be an https address";
  return url === undefined ? "login at an identity provider needs --url: it sends people back there" : undefined;
}
