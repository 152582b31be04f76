/**
 * The flags of `sluice controller`: names, defaults and meanings of the reference controller's, so that the arguments
 * of an existing Deployment carry over. options.ts parses by this table. Those of a traffic router are in its row.
 */
import { ROUTERS, settingsOf } from "../../providers/traffic/routers.ts";
import type { RouterSetting } from "../../providers/traffic/settings.ts";

export type FlagKind = "bool" | "int" | "number" | "duration" | "text" | "list";

export interface Flag {
  readonly name: string;
  readonly kind: FlagKind;
  /** Absent: undefined for text, false for bool, an empty list. A list that is given replaces the one element here. */
  readonly value?: string | number;
  readonly help: string;
  /** The heading under which help lists it. */
  readonly group: string;
  /** With its dash. */
  readonly short?: `-${string}`;
  /** A sentence for the log when the flag is given. */
  readonly deprecated?: string;
}

export const routerFlags = (settings: readonly RouterSetting[]): readonly Flag[] =>
  settings.map(({ flag, kind, value, help }) => ({ name: flag, kind, value, help, group: "Traffic routers:" }));

/** The last heading of the help. */
export const OTHER = "Other:";

const under = (group: string, ...rows: readonly Omit<Flag, "group">[]): readonly Flag[] =>
  rows.map((row) => ({ ...row, group }));

export const flags: readonly Flag[] = [
  ...under(
    "API server:",
    { name: "kubeconfig", kind: "text", help: "path to the kubeconfig; in a pod, the service account" },
    { name: "context", kind: "text", help: "context of the kubeconfig" },
    { name: "cluster", kind: "text", help: "cluster of the kubeconfig" },
    { name: "user", kind: "text", help: "user of the kubeconfig" },
    { name: "server", kind: "text", short: "-s", help: "address of the API server" },
    { name: "token", kind: "text", help: "bearer token for the API server" },
    { name: "certificate-authority", kind: "text", help: "file with the CA of the API server" },
    { name: "client-certificate", kind: "text", help: "file with the client certificate" },
    { name: "client-key", kind: "text", help: "file with the client key" },
    { name: "tls-server-name", kind: "text", help: "name expected in the API server's certificate" },
    { name: "insecure-skip-tls-verify", kind: "bool", help: "do not check the API server's certificate" },
    { name: "as", kind: "text", help: "user to impersonate" },
    { name: "as-group", kind: "list", help: "group to impersonate (repeatable)" },
  ),
  ...under(
    "Which Rollouts:",
    { name: "namespace", kind: "text", short: "-n", help: "the namespace to watch with --namespaced" },
    { name: "namespaced", kind: "bool", help: "watch one namespace only" },
    { name: "instance-id", kind: "text", value: "", help: "drive only the Rollouts labelled with this instance" },
    {
      name: "self-service-notification-enabled",
      kind: "bool",
      help: "let ConfigMap and Secret of a Rollout's own namespace say who is notified, too",
    },
    { name: "kstatus", kind: "bool", help: "add the conditions that Flux and Helm 4 wait for to every Rollout" },
    { name: "migrate-deployments", kind: "bool", help: "make Rollouts of Deployments that ask for it" },
    {
      name: "restore-deployments",
      kind: "bool",
      help: "give Deployments that have become Rollouts their pods back, and make no others Rollouts",
    },
  ),
  ...under(
    "Pace:",
    { name: "rollout-resync", kind: "int", value: 900, help: "seconds after which every Rollout is reconciled again" },
    { name: "rollout-threads", kind: "int", value: 20, help: "how many Rollouts are reconciled at once" },
    { name: "qps", kind: "number", value: -1, help: "requests a second to the API server; negative: no limit" },
    { name: "burst", kind: "int", value: 80, help: "requests that may exceed --qps at once" },
  ),
  ...under(
    "Log:",
    { name: "loglevel", kind: "text", value: "info", help: "how much is logged: debug, info, warn or error" },
    { name: "logformat", kind: "text", value: "", help: "how it is logged: text or json" },
    { name: "kloglevel", kind: "int", value: 0, help: "verbosity of the API client; from 6 on it logs each request" },
  ),
  ...under(
    "Ports:",
    { name: "metricsPort", kind: "int", value: 8090, help: "port of /metrics" },
    {
      name: "metricsport",
      kind: "int",
      help: "deprecated",
      deprecated: "--metricsport is deprecated: use --metricsPort",
    },
    { name: "healthzPort", kind: "int", value: 8080, help: "port of /healthz and /readyz" },
    { name: "metrics-bind-address", kind: "text", help: "IP address on which /metrics listens; by default all" },
    {
      name: "health-bind-address",
      kind: "text",
      help: "IP address on which /healthz and /readyz listen; by default all",
    },
  ),
  ...under("Traces:", {
    name: "otlp-endpoint",
    kind: "text",
    help: "send a trace of each release to this OpenTelemetry collector, as http://host:4318",
  }),
  ...under(
    "Leader election:",
    {
      name: "profile",
      kind: "text",
      value: "default",
      help: "edge: for one replica, replaced by Recreate: it takes no Lease, and rests while nothing changes",
    },
    { name: "leader-elect", kind: "bool", value: "true", help: "reconcile only while holding the Lease" },
    {
      name: "leader-election-lease-duration",
      kind: "duration",
      value: "15s",
      help: "how long the Lease is valid; it is renewed after a third of that",
    },
    {
      name: "leader-election-renew-deadline",
      kind: "duration",
      value: "10s",
      help: "stop when the Lease could not be renewed for this long",
    },
    {
      name: "leader-election-retry-period",
      kind: "duration",
      value: "2s",
      help: "time from an attempt that failed to the next; who waits looks twice as often",
    },
  ),
  ...routerFlags(settingsOf(ROUTERS)),
  ...under(
    "Analysis:",
    {
      name: "analysis-allow-address",
      kind: "list",
      help: "address or range that metrics may reach, though it is refused by default (repeatable)",
    },
    {
      name: "analysis-deny-address",
      kind: "list",
      help: "address or range that metrics may not reach (repeatable)",
    },
  ),
  ...under(
    "Admission webhook:",
    {
      name: "webhook-port",
      kind: "int",
      help: "serve the admission webhook on this port; not served without the flag",
    },
    { name: "webhook-bind-address", kind: "text", help: "IP address on which the webhook listens; by default all" },
    { name: "webhook-service", kind: "text", value: "sluice-webhook", help: "Service that leads to the webhook" },
    {
      name: "webhook-url",
      kind: "text",
      help: "https address of the webhook for the API server, instead of a Service",
    },
    {
      name: "webhook-client-ca",
      kind: "text",
      help: "file of CAs: callers of the webhook need a certificate that one of them signed",
    },
    {
      name: "webhook-failure-policy",
      kind: "text",
      help: "Fail or Ignore; by default it depends on the number of ready replicas",
    },
    {
      name: "webhook-migration",
      kind: "bool",
      help: "rewrite Deployments that migrate as they are written",
    },
  ),
  ...under(OTHER, { name: "version", kind: "bool", help: "print the version" }),
];

/** The reference's flags that have no effect here; one that is also a flag of ours is left out. */
const foreignFlags: Readonly<Record<string, FlagKind>> = {
  "experiment-threads": "int",
  "analysis-threads": "int",
  "service-threads": "int",
  "ingress-threads": "int",
  "ephemeral-metadata-threads": "int",
  "ephemeral-metadata-update-pod-retries": "int",
  "ambassador-api-version": "text",
  "traefik-api-group": "text",
  "traefik-api-version": "text",
  "ingress-api-version": "text",
  "appmesh-crd-version": "text",
  "enable-pprof-address": "text",
  "as-uid": "text",
  "as-user-extra": "list",
  "disable-compression": "bool",
  password: "text",
  "proxy-url": "text",
  "request-timeout": "text",
  username: "text",
};

/** Accepted with a warning, so that a Deployment's arguments carry over; without those that a router's row has. */
export const ignoredBeside = (known: readonly Flag[]): Readonly<Record<string, FlagKind>> =>
  Object.fromEntries(Object.entries(foreignFlags).filter(([name]) => known.every((flag) => flag.name !== name)));

export const ignoredFlags = ignoredBeside(flags);

/** Refused and not ignored, since other parts would run than asked for. */
export const unsupportedFlags: Readonly<Record<string, string>> = {
  controllers: "--controllers is not supported: Sluice runs every part; leave the flag out",
};

export const allFlags: readonly Flag[] = [
  ...flags,
  ...Object.entries(ignoredFlags).map(([name, kind]): Flag => ({
    name,
    kind,
    help: "accepted and ignored",
    group: OTHER,
  })),
  ...Object.keys(unsupportedFlags).map((name): Flag => ({ name, kind: "list", help: "not supported", group: OTHER })),
];
