/**
 * Keeps the webhook in place, from what the cluster holds and no memory that matters: every replica keeps the Secret of
 * the certificates in order and serves what it holds; the leader keeps the configuration in order. Whatever is edited,
 * deleted or expired is put right by the next turn, which a watch or a time brings about.
 */
import { createComplaints, tellWatchError, type Complaints } from "../../controller/process/complaints.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import type { Log } from "../../controller/process/log.ts";
import { SECRETS } from "../../kube/client/resources.ts";
import type { Troubles } from "../../controller/process/troubles.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { aborted, pause } from "../../kube/clock/pause.ts";
import { type Lifetimes, lifetimes, trustedBy } from "../certificates/certificates.ts";
import type { Secret } from "../certificates/secret.ts";
import {
  configurationName,
  type FailurePolicy,
  secretName,
  servingNames,
  type WebhookEndpoint,
} from "../configuration/configuration.ts";
import { PROBE_NAME } from "../http/probe.ts";
import { createCertificates, type CertificateTurn, type KeptCertificate } from "./certificates.ts";
import { type ConfigurationKeeper, keepConfiguration } from "./configuration.ts";
import { watchObject, type WatchPorts } from "./watch.ts";

export interface KeeperOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  /** The controller's: Secret, Service and Leases are here. */
  readonly namespace: string;
  readonly endpoint: WebhookEndpoint;
  /** "" for the instance that drives what has no instance label. */
  readonly instanceId: string;
  /** Only the leader writes the configuration. Asked every 2 s and before each write. */
  readonly isLeader: () => boolean;
  /** Serves this from now on (`swapCertificate`). What it throws is logged, and tried again. */
  readonly onCertificate: (certificate: KeptCertificate) => void | Promise<void>;
  /** Undefined: `Fail` while two replicas are ready. */
  readonly failurePolicy?: FailurePolicy | undefined;
  /** The only namespace that the controller looks at; undefined: all. */
  readonly watchedNamespace?: string | undefined;
  /** Name of our own pod (POD_NAME, or the host's name): going away, we do not count ourselves. */
  readonly pod?: string | undefined;
  /** Told of what keeps it from its work; what it says itself is not logged here. */
  readonly troubles?: Pick<Troubles, "met" | "over"> | undefined;
  /** Stops to serve, for good: whether somebody else answers at our address shows only then. */
  readonly unserve?: (() => Promise<void>) | undefined;
  /** For tests. */
  readonly lifetimes?: Lifetimes;
  readonly probeEveryMs?: number;
}

/** For metrics and /readyz. Times in milliseconds since the epoch. */
export interface KeeperState {
  readonly servingNotAfterMs: number | undefined;
  readonly authorityNotAfterMs: number | undefined;
  /** The rest is known to the leader only. `failurePolicy` undefined: nobody is validated. */
  readonly failurePolicy: FailurePolicy | undefined;
  /** Whether the API server reached us last time. */
  readonly reached: boolean | undefined;
  readonly readyReplicas: number | undefined;
}

export interface Keeper {
  /** Resolves when a certificate is served for the first time. */
  readonly ready: Promise<void>;
  /** Works until `signal` aborts and a little longer: await it before the Leases are released. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  state(): KeeperState;
}

/** The rules that the keeper needs, by name wherever RBAC can name. For manifests. */
export const keeperRules = (instanceId: string) => ({
  /** In the controller's namespace. `create` goes with server-side apply, which has the name in its path. */
  role: [
    rule("", "secrets", ["get", "list", "watch", "create", "patch", "update"], [secretName(instanceId)]),
    rule("coordination.k8s.io", "leases", ["create", "patch"], [PROBE_NAME]),
    // Their names are generated.
    rule("discovery.k8s.io", "endpointslices", ["list", "watch"]),
  ],
  /** `namespaces`: put in the controller's. */
  clusterRole: (namespace: string) => [
    rule(
      "admissionregistration.k8s.io",
      "validatingwebhookconfigurations",
      ["get", "list", "watch", "create", "patch", "update"],
      [configurationName(instanceId)],
    ),
    rule("", "namespaces", ["get"], [namespace]),
  ],
});

const rule = (apiGroup: string, resource: string, verbs: readonly string[], resourceNames?: readonly string[]) => ({
  apiGroups: [apiGroup],
  resources: [resource],
  verbs,
  ...(resourceNames === undefined ? {} : { resourceNames }),
});

/** Its name among the troubles. */
const WEBHOOK = "the webhook";
/** How often we look whether we have become the leader. */
const leaderPollMs = 2_000;
/** Faults are put right within 10 s, so waiting may not be longer than this. */
const longestBackoffMs = 5_000;
const defaultProbeEveryMs = 60_000;

export function createKeeper(options: KeeperOptions): Keeper {
  const ready = Promise.withResolvers<void>();
  const shown: { certificates?: CertificateTurn; leading?: Leading } = {};
  return {
    ready: ready.promise,
    run: (signal) => run(options, signal, shown, ready.resolve),
    state: () => ({
      servingNotAfterMs: shown.certificates?.stored.serving?.notAfterMs,
      authorityNotAfterMs: shown.certificates?.stored.authority?.notAfterMs,
      failurePolicy: undefined,
      reached: undefined,
      readyReplicas: undefined,
      ...shown.leading?.keeper?.state(),
    }),
  };
}

interface Leading {
  keeper: ConfigurationKeeper | undefined;
  /** Ends its watches. */
  end(): void;
}

async function run(
  options: KeeperOptions,
  signal: AbortSignal,
  shown: { certificates?: CertificateTurn; leading?: Leading },
  ready: () => void,
): Promise<void> {
  const { client, clock, namespace, instanceId, endpoint } = options;
  const complaints = createComplaints(options);
  // Watches outlive the signal: going away, the leader looks who is left.
  const watching = new AbortController();
  const bell = createBell(clock, signal);
  const ports: WatchPorts = {
    client,
    clock,
    signal: watching.signal,
    onChange: bell.ring,
    onError: (what, error, failures) => tellWatchError(complaints, what, error, failures),
  };
  const name = secretName(instanceId);
  const secret = watchObject<Secret>(ports, SECRETS, { namespace, name });
  const certificates = createCertificates({
    ...options,
    name,
    servingNames: servingNames(endpoint, namespace),
    lifetimes: options.lifetimes ?? lifetimes,
    secret,
    serve: options.onCertificate,
  });
  let serving = false;
  const turn = async (): Promise<number> => {
    const { stored, wakeAtMs, served } = (shown.certificates = await certificates());
    // Before anything is served there is nothing to reach; later both go on side by side.
    if (!serving) await served;
    serving = true;
    ready();
    if (options.isLeader()) shown.leading ??= lead(options, ports, bell.ring);
    else if (shown.leading !== undefined) {
      shown.leading.end();
      delete shown.leading;
    }
    const bundle = trustedBy(stored)
      .map(({ pem }) => pem)
      .join("");
    const [againMs] = await Promise.all([shown.leading?.keeper?.turn(bundle), served]);
    return Math.min(wakeAtMs - clock.now(), againMs ?? Number.POSITIVE_INFINITY, leaderPollMs);
  };
  await Promise.race([secret.hasSynced, aborted(signal)]);
  await loop(turn, bell, options, complaints, signal);
  await shown.leading?.keeper?.part();
  shown.leading?.end();
  watching.abort();
}

/** Turn after turn; what goes wrong is told, and tried again. */
async function loop(
  turn: () => Promise<number>,
  bell: Bell,
  { troubles }: KeeperOptions,
  complaints: Complaints,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      const waitMs = await turn();
      failures = 0;
      troubles?.over(WEBHOOK);
      await bell.wait(waitMs);
    } catch (error) {
      failures += 1;
      const message = "Cannot keep the webhook in order; trying again";
      if (troubles?.met(WEBHOOK, error) !== true)
        complaints.tell({ about: "webhook", level: "warn", message, error, fields: { failures } });
      await bell.wait(Math.min(longestBackoffMs, 250 * 2 ** failures), "deaf");
    }
  }
}

/** Starts to look at what only the leader needs, and rings when it sees. */
function lead(options: KeeperOptions, ports: WatchPorts, ring: () => void): Leading {
  const ending = new AbortController();
  const leading: Leading = { keeper: undefined, end: () => ending.abort() };
  ports.signal.addEventListener("abort", leading.end, { once: true });
  const { probeEveryMs = defaultProbeEveryMs } = options;
  void keepConfiguration({ ...options, probeEveryMs }, { ...ports, signal: ending.signal }).then((keeper) => {
    leading.keeper = keeper;
    ring();
  });
  return leading;
}

interface Bell {
  ring(): void;
  /** Resolves when rung since the last time, after `ms`, or when the signal aborts. "deaf": not when rung. */
  wait(ms: number, deaf?: "deaf"): Promise<void>;
}

function createBell(clock: Clock, signal: AbortSignal): Bell {
  let rung = false;
  let wake = (): void => {};
  return {
    ring: () => {
      rung = true;
      wake();
    },
    async wait(ms, deaf) {
      const enough = new AbortController();
      const stop = (): void => enough.abort();
      signal.addEventListener("abort", stop, { once: true });
      if (signal.aborted || (rung && deaf === undefined)) stop();
      if (deaf === undefined) wake = stop;
      await pause(clock, Math.max(0, ms), enough.signal);
      wake = () => {};
      rung = false;
      signal.removeEventListener("abort", stop);
    },
  };
}
