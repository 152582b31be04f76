/** Turns the arguments of `sluice controller` and its environment into its options. The flags are in flags.ts. */
import {
  addressProblem,
  endpointProblem,
  instanceProblem,
  labelProblem,
  portProblems,
  rangeProblems,
  webhookUrlProblem,
} from "./addresses.ts";
import { attributeOf, commandOf } from "./parser.ts";
import { allFlags, type Flag, ignoredFlags, unsupportedFlags } from "./flags.ts";
import { parsed } from "../parsed.ts";
import { LONGEST_WRITE_MS } from "../../kube/runtime/lease.ts";
import type { LogFormat, LogLevel } from "../../controller/process/log.ts";
import type { AddressRules } from "../../providers/metrics/measuring/wire/addresses.ts";
import { ROUTERS, settingsOf } from "../../providers/traffic/routers.ts";
import { isTaken, type RouterSetting, type RouterSettings, settingsBy } from "../../providers/traffic/settings.ts";

/** Overrides of the kubeconfig, as kubectl has them. Undefined: as in the kubeconfig. */
export interface KubeOverrides {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly cluster: string | undefined;
  readonly user: string | undefined;
  readonly server: string | undefined;
  readonly token: string | undefined;
  readonly certificateAuthority: string | undefined;
  readonly clientCertificate: string | undefined;
  readonly clientKey: string | undefined;
  readonly tlsServerName: string | undefined;
  readonly insecureSkipTlsVerify: boolean;
  /** Impersonation: user and groups. */
  readonly as: string | undefined;
  readonly asGroups: readonly string[];
}

export type Profile = "default" | "edge";

export interface ControllerOptions {
  readonly kube: KubeOverrides;
  /** Watch one namespace only: `namespace`, or where that is undefined the kubeconfig context's or the pod's own. */
  readonly namespaced: boolean;
  readonly namespace: string | undefined;
  /** Sluice's own, where the Lease lives: POD_NAMESPACE. Undefined: `argo-rollouts`, whatever a kubeconfig says. */
  readonly controllerNamespace: string | undefined;
  /** Only Rollouts with this `argo-rollouts.argoproj.io/controller-instance-id` label; "" means only those without. */
  readonly instanceId: string;
  readonly resyncMs: number;
  readonly rolloutThreads: number;
  readonly kstatus: boolean;
  readonly selfServiceNotifications: boolean;
  readonly migrateDeployments: boolean;
  /** Those that have migrated by reference become Deployments again; it wins over `migrateDeployments`. */
  readonly restoreDeployments: boolean;
  /** Client-side request limit: a token bucket of `burst`, refilled at `qps` a second; Infinity is no limit. */
  readonly qps: number;
  readonly burst: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** Verbosity of the API client, as klog's -v: from 6 on a debug line for each request. */
  readonly kubeLogLevel: number;
  /** TCP ports; 0 takes a free one. */
  readonly metricsPort: number;
  readonly healthzPort: number;
  /** IP addresses to listen on; undefined: all. */
  readonly metricsAddress: string | undefined;
  readonly healthAddress: string | undefined;
  /** Where traces of releases go: an http(s) address, or "" where variables say it; undefined: none are made. */
  readonly otlpEndpoint: string | undefined;
  /** "edge": one replica alone, which takes no Lease and does nothing while nothing changes. */
  readonly profile: Profile;
  /** Never with the profile edge. */
  readonly leaderElect: boolean;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  readonly routing: RouterSettings;
  /** Addresses and ranges of addresses that metrics may reach, and those that they may not. */
  readonly analysisAddresses: AddressRules;
  /** Undefined: no webhook is served. */
  readonly webhook: WebhookOptions | undefined;
}

export interface WebhookOptions {
  readonly port: number;
  /** IP address to listen on; undefined: all. */
  readonly address: string | undefined;
  readonly service: string;
  /** Used instead of the Service. */
  readonly url: string | undefined;
  readonly failurePolicy: "Fail" | "Ignore" | undefined;
  /** Whether Deployments that migrate are rewritten as they are written. */
  readonly migrates: boolean;
  /** File of the CAs whose clients may send requests; undefined: everybody may. */
  readonly clientCa: string | undefined;
}

export type ParsedControllerOptions =
  /** Run with these; `warnings` are sentences for the log. */
  | { readonly kind: "run"; readonly options: ControllerOptions; readonly warnings: readonly string[] }
  /** `--help`: print `text` on stdout and exit with 0. */
  | { readonly kind: "help"; readonly text: string }
  /** `--version`: print the version on stdout and exit with 0. */
  | { readonly kind: "version" }
  /** Print `problems`, a sentence each, on stderr and exit with `exitCode`. */
  | { readonly kind: "refused"; readonly problems: readonly string[]; readonly exitCode: number };

/**
 * Parses the arguments behind `controller` in Go's flag syntax: `--flag=value`, `--flag value`, and for a boolean
 * `--flag` or `--flag=false`, never `--flag false`. The last of several wins, except for lists.
 */
export function parseControllerOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ParsedControllerOptions {
  const found = parsed(commandOf, argv);
  if (found.kind === "help") return { kind: "help", text: found.text.trimEnd() };
  if (found.kind === "refused") return refused([found.problem]);
  const { command } = found;
  const given = allFlags.filter((flag) => command.getOptionValueSource(attributeOf(flag)) === "cli");
  const raw = command.opts<RawFlags>();
  if (raw.version) return { kind: "version" };

  const options = optionsOf(raw, env);
  const problems = [
    ...given.flatMap((flag) => unsupportedFlags[flag.name] ?? []),
    ...problemsOf(raw, options),
    ...profileProblems(raw, given),
    ...placeProblems(raw, options),
    ...webhookProblems(raw, given),
  ];
  if (problems.length > 0) return refused(problems);
  return { kind: "run", options, warnings: warningsOf(raw, given) };
}

/** What commander makes of the table: camel-cased names, parsed values. */
interface RawFlags extends Partial<Record<string, unknown>> {
  kubeconfig?: string;
  context?: string;
  cluster?: string;
  user?: string;
  server?: string;
  token?: string;
  certificateAuthority?: string;
  clientCertificate?: string;
  clientKey?: string;
  tlsServerName?: string;
  insecureSkipTlsVerify: boolean;
  as?: string;
  asGroup: string[];
  namespace?: string;
  namespaced: boolean;
  instanceId: string;
  rolloutResync: number;
  rolloutThreads: number;
  kstatus: boolean;
  selfServiceNotificationEnabled: boolean;
  migrateDeployments: boolean;
  restoreDeployments: boolean;
  qps: number;
  burst: number;
  loglevel: string;
  logformat: string;
  kloglevel: number;
  metricsPort: number;
  metricsport?: number;
  healthzPort: number;
  metricsBindAddress?: string;
  healthBindAddress?: string;
  otlpEndpoint?: string;
  profile: string;
  leaderElect: boolean;
  leaderElectionLeaseDuration: number;
  leaderElectionRenewDeadline: number;
  leaderElectionRetryPeriod: number;
  analysisAllowAddress: string[];
  analysisDenyAddress: string[];
  webhookPort?: number;
  webhookBindAddress?: string;
  webhookService: string;
  webhookUrl?: string;
  webhookFailurePolicy?: string;
  webhookClientCa?: string;
  webhookMigration: boolean;
  version: boolean;
}

/** logrus' names; a level that we do not have is mapped to the nearest. */
const logLevels: Readonly<Record<string, LogLevel>> = {
  trace: "debug",
  debug: "debug",
  info: "info",
  warn: "warn",
  warning: "warn",
  error: "error",
  fatal: "error",
  panic: "error",
};

function optionsOf(raw: RawFlags, env: Readonly<Record<string, string | undefined>>): ControllerOptions {
  const { kubeconfig, context, cluster, user, server, token, as } = raw;
  const { certificateAuthority, clientCertificate, clientKey, tlsServerName, insecureSkipTlsVerify } = raw;
  const tls = { certificateAuthority, clientCertificate, clientKey, tlsServerName, insecureSkipTlsVerify };
  return {
    kube: { kubeconfig, context, cluster, user, server, token, ...tls, as, asGroups: raw.asGroup },
    namespaced: raw.namespaced,
    namespace: raw.namespace || undefined,
    controllerNamespace: env.POD_NAMESPACE || undefined,
    instanceId: raw.instanceId,
    resyncMs: raw.rolloutResync * 1_000,
    rolloutThreads: raw.rolloutThreads,
    kstatus: raw.kstatus,
    selfServiceNotifications: raw.selfServiceNotificationEnabled,
    migrateDeployments: raw.migrateDeployments,
    restoreDeployments: raw.restoreDeployments,
    qps: raw.qps < 0 ? Number.POSITIVE_INFINITY : raw.qps,
    burst: raw.burst,
    logLevel: logLevels[raw.loglevel.toLowerCase()] ?? "info",
    logFormat: raw.logformat.toLowerCase() === "json" ? "json" : "text",
    kubeLogLevel: raw.kloglevel,
    metricsPort: raw.metricsport ?? raw.metricsPort,
    healthzPort: raw.healthzPort,
    metricsAddress: raw.metricsBindAddress || undefined,
    healthAddress: raw.healthBindAddress || undefined,
    otlpEndpoint: otlpEndpoint(raw.otlpEndpoint, env),
    profile: raw.profile === "edge" ? "edge" : "default",
    leaderElect: raw.leaderElect && raw.profile !== "edge",
    leaseDurationMs: raw.leaderElectionLeaseDuration,
    renewDeadlineMs: raw.leaderElectionRenewDeadline,
    retryPeriodMs: raw.leaderElectionRetryPeriod,
    routing: settingsBy(routerSettings, (setting) => givenFor(setting, raw)),
    analysisAddresses: { allow: raw.analysisAllowAddress, deny: raw.analysisDenyAddress },
    webhook: webhookOf(raw),
  };
}

/** The variables that OpenTelemetry defines switch traces on, too, and off again. */
function otlpEndpoint(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (given) return given;
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === "true" || env.OTEL_TRACES_EXPORTER === "none") return undefined;
  return env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT ? "" : undefined;
}

const routerSettings = settingsOf(ROUTERS);

/** The settings that commander has parsed, by their kinds. */
const givenFor = ({ flag }: RouterSetting, raw: RawFlags): RouterSettings[string] =>
  raw[attributeOf({ name: flag })] as RouterSettings[string];

function routerProblems(raw: RawFlags): string[] {
  return routerSettings.flatMap((setting) => {
    const given = givenFor(setting, raw);
    if (isTaken(setting, given)) return [];
    return [`--${setting.flag} is "${[given].flat().join(", ")}": use ${(setting.oneOf ?? []).join(", ")}`];
  });
}

function webhookOf(raw: RawFlags): WebhookOptions | undefined {
  const { webhookPort: port, webhookService: service, webhookUrl, webhookFailurePolicy: policy } = raw;
  if (port === undefined) return undefined;
  return {
    port,
    address: raw.webhookBindAddress || undefined,
    service,
    url: webhookUrl || undefined,
    clientCa: raw.webhookClientCa || undefined,
    migrates: raw.webhookMigration || raw.migrateDeployments || raw.restoreDeployments,
    failurePolicy: policy === "Fail" || policy === "Ignore" ? policy : undefined,
  };
}

function problemsOf(raw: RawFlags, options: ControllerOptions): string[] {
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = options;
  const rules: readonly [boolean, string][] = [
    [!(raw.loglevel.toLowerCase() in logLevels), `--loglevel is "${raw.loglevel}": use debug, info, warn or error`],
    [options.resyncMs <= 0, "--rollout-resync must be at least 1 second"],
    [options.rolloutThreads < 1, "--rollout-threads must be at least 1"],
    [options.qps === 0, "--qps must not be 0: give requests a second, or a negative number for no limit"],
    [options.burst < 1, "--burst must be at least 1"],
    ...routerProblems(raw).map((problem): [boolean, string] => [true, problem]),
    [retryPeriodMs <= 0, "--leader-election-retry-period must be more than 0"],
    // The same bounds as client-go's: a holder must have given up before another may take over.
    [
      renewDeadlineMs <= retryPeriodMs * 1.2,
      "--leader-election-renew-deadline must be more than 1.2 × --leader-election-retry-period",
    ],
    [
      leaseDurationMs <= renewDeadlineMs,
      "--leader-election-lease-duration must be more than --leader-election-renew-deadline",
    ],
    [
      leaseDurationMs < SHORTEST_LEASE_MS,
      `--leader-election-lease-duration must be at least ${SHORTEST_LEASE_MS / 1_000}s: a write may take ` +
        `${LONGEST_WRITE_MS / 1_000} s, and is only sent while the Lease is valid for longer`,
    ],
  ];
  return rules.flatMap(([broken, sentence]) => (broken ? [sentence] : []));
}

/** With less than a second to renew it in, a Lease would run out under what is being written. */
const SHORTEST_LEASE_MS = LONGEST_WRITE_MS + 2_000;

function profileProblems({ profile, leaderElect }: RawFlags, given: readonly Flag[]): string[] {
  if (!["default", "edge"].includes(profile)) return [`--profile is "${profile}": use default or edge`];
  const elects = leaderElect && given.some(({ name }) => name === "leader-elect");
  return profile === "edge" && elects ? ["--leader-elect with --profile=edge: that takes no Lease; leave one out"] : [];
}

/** Problems with where it works and listens. */
function placeProblems(raw: RawFlags, options: ControllerOptions): string[] {
  const { metricsPort, healthzPort, metricsAddress, healthAddress, webhook } = options;
  return [
    ...labelProblem("--namespace", options.namespace),
    ...labelProblem("The environment's POD_NAMESPACE", options.controllerNamespace),
    ...instanceProblem(options.instanceId),
    ...addressProblem("--metrics-bind-address", metricsAddress),
    ...addressProblem("--health-bind-address", healthAddress),
    ...endpointProblem("--otlp-endpoint", options.otlpEndpoint),
    ...addressProblem("--webhook-bind-address", raw.webhookBindAddress || undefined),
    ...rangeProblems("--analysis-allow-address", options.analysisAddresses.allow),
    ...rangeProblems("--analysis-deny-address", options.analysisAddresses.deny),
    ...portProblems([
      { flag: "--metricsPort", port: metricsPort, address: metricsAddress },
      { flag: "--healthzPort", port: healthzPort, address: healthAddress },
      ...(webhook === undefined ? [] : [{ flag: "--webhook-port", ...webhook }]),
    ]),
  ];
}

/** Flags of the webhook have no effect without it: giving one shows that it is wanted. */
function webhookProblems(raw: RawFlags, given: readonly Flag[]): string[] {
  const { webhookUrl = "", webhookFailurePolicy: policy = "" } = raw;
  const names = given
    .filter((flag) => flag.name.startsWith("webhook-") && raw[attributeOf(flag)] !== "")
    .map(({ name }) => `--${name}`);
  const urlProblem = webhookUrl === "" ? undefined : webhookUrlProblem(webhookUrl);
  const rules: readonly [boolean, string][] = [
    [!["", "Fail", "Ignore"].includes(policy), `--webhook-failure-policy is "${policy}": use Fail or Ignore`],
    [
      raw.webhookPort === undefined && names.length > 0,
      `${names.join(", ")} without --webhook-port: no webhook is served`,
    ],
    [urlProblem !== undefined, urlProblem ?? ""],
    [
      webhookUrl !== "" && names.includes("--webhook-service"),
      "--webhook-url and --webhook-service are both given: the API server takes one of the two ways",
    ],
  ];
  return [
    ...labelProblem("--webhook-service", raw.webhookService),
    ...rules.flatMap(([broken, sentence]) => (broken ? [sentence] : [])),
  ];
}

const failByUrl =
  "--webhook-failure-policy=Fail with --webhook-url: if this process is killed, nobody can create Rollouts or change " +
  "their specs until it is back, or until `kubectl delete validatingwebhookconfiguration` ends that";

function warningsOf(raw: RawFlags, given: readonly Flag[]): string[] {
  const ignored = given.filter((flag) => flag.name in ignoredFlags).map((flag) => `--${flag.name}`);
  const format = raw.logformat.toLowerCase();
  return [
    ...given.flatMap((flag) => flag.deprecated ?? []),
    ...(ignored.length > 0 ? [`These flags have no effect in this version: ${ignored.join(", ")}`] : []),
    ...(raw.namespace && !raw.namespaced ? ["--namespace has no effect without --namespaced: all are watched"] : []),
    ...(raw.webhookUrl && raw.webhookFailurePolicy === "Fail" ? [failByUrl] : []),
    ...(["", "text", "json"].includes(format) ? [] : [`--logformat is "${raw.logformat}": using text`]),
  ];
}

function refused(problems: readonly string[]): ParsedControllerOptions {
  return { kind: "refused", problems, exitCode: 1 };
}
