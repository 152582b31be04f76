/**
 * Keeps the webhook in order, from the cluster's state alone: every replica keeps the Secret of the certificates in
 * order and serves what it holds; the leader keeps the configuration in order. What is edited or deleted, or has
 * expired, is repaired by the next turn, which a watch or a timer starts.
 */
import { createComplaints, logWatchError, type Complaints } from "../../controller/process/complaints.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import type { Log } from "../../controller/process/log.ts";
import { SECRETS } from "../../kube/client/resources.ts";
import type { Troubles } from "../../controller/process/troubles.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { aborted, pause } from "../../kube/clock/sleep.ts";
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
import { createCertificates, type CertificateTurn, type KeptCertificate } from "./certificateKeeper.ts";
import { type ConfigurationKeeper, keepConfiguration } from "./configurationKeeper.ts";
import { watchObject, type WatchPorts } from "./keeperWatches.ts";

export interface KeeperOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  /** The controller's namespace: Secret, Service and Leases are in it. */
  readonly namespace: string;
  readonly endpoint: WebhookEndpoint;
  /** "" for the instance that drives objects without an instance label. */
  readonly instanceId: string;
  /** Only the leader writes the configuration. Called at intervals (`restMs`) and before each write. */
  readonly isLeader: () => boolean;
  /** Serves this from now on (`swapCertificate`). An error that it throws is logged, and the call is tried again. */
  readonly onCertificate: (certificate: KeptCertificate) => void | Promise<void>;
  /** Undefined: `Fail` while two replicas are ready. */
  readonly failurePolicy?: FailurePolicy | undefined;
  /** Whether Deployments that migrate are sent to us, too. */
  readonly migrates?: boolean | undefined;
  /** The only namespace that the controller watches; undefined: all. */
  readonly watchedNamespace?: string | undefined;
  /** Name of our own pod (POD_NAME, or the host's name): when we end, we do not count ourselves. */
  readonly pod?: string | undefined;
  /** Gets what keeps the keeper from its work; what `troubles` logs is not logged here again. */
  readonly troubles?: Pick<Troubles, "met" | "over"> | undefined;
  /** Stops serving, for good: only then it shows whether another process answers at our address. */
  readonly unserve?: (() => Promise<void>) | undefined;
  /**
   * How long it may rest between two looks at what no watch shows: whether we lead, and whether the API server reaches
   * us. Undefined: 2 s and a minute. For a process that leads for ever, and is told so (`lead`).
   */
  readonly restMs?: number | undefined;
  /** For tests. */
  readonly lifetimes?: Lifetimes;
  readonly probeEveryMs?: number;
}

/** For metrics and /readyz. Times in milliseconds since the epoch. */
export interface KeeperState {
  readonly servingNotAfterMs: number | undefined;
  readonly authorityNotAfterMs: number | undefined;
  /** Only the leader knows the rest. `failurePolicy` undefined: no object is validated. */
  readonly failurePolicy: FailurePolicy | undefined;
  /** Whether the API server reached us at the last probe. */
  readonly reached: boolean | undefined;
  readonly readyReplicas: number | undefined;
}

export interface Keeper {
  /** Resolves when a certificate is served for the first time. */
  readonly ready: Promise<void>;
  /** To be called when we have become the leader: its work begins at once. */
  lead(): void;
  /** Works until `signal` aborts and a little longer: await it before the Leases are released. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  state(): KeeperState;
}

/** The rules that the keeper needs, by name wherever RBAC can restrict by name. For manifests. */
export const keeperRules = (instanceId: string) => ({
  /** In the controller's namespace. `create` goes with server-side apply, which has the name in its path. */
  role: [
    rule("", "secrets", ["get", "list", "watch", "create", "patch", "update"], [secretName(instanceId)]),
    rule("coordination.k8s.io", "leases", ["create", "patch"], [PROBE_NAME]),
    // The names of EndpointSlices are generated.
    rule("discovery.k8s.io", "endpointslices", ["list", "watch"]),
  ],
  /** `namespaces`: restricted to the controller's. */
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
/** How often to check whether we have become the leader. */
const leaderPollMs = 2_000;
/** Faults are repaired within 10 s, so waiting must not take longer than this. */
const longestBackoffMs = 5_000;
const defaultProbeEveryMs = 60_000;

export function createKeeper(options: KeeperOptions): Keeper {
  const ready = Promise.withResolvers<void>();
  const shown: Shown = {};
  return {
    ready: ready.promise,
    lead: () => shown.bell?.ring(),
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

interface Shown {
  certificates?: CertificateTurn;
  leading?: Leading;
  bell?: Bell;
}

interface Leading {
  keeper: ConfigurationKeeper | undefined;
  /** Ends its watches. */
  end(): void;
}

async function run(options: KeeperOptions, signal: AbortSignal, shown: Shown, ready: () => void): Promise<void> {
  const { client, clock, namespace, instanceId, endpoint, restMs = leaderPollMs } = options;
  const complaints = createComplaints(options);
  // The watches outlive `signal`: when we end, the leader checks which replicas are left.
  const watching = new AbortController();
  const bell = (shown.bell = createBell(clock, signal));
  const ports: WatchPorts = {
    client,
    clock,
    signal: watching.signal,
    onChange: bell.ring,
    onError: (what, error, failures) => logWatchError(complaints, what, error, failures),
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
    // Before anything is served the API server cannot reach us; later both go on in parallel.
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
    return Math.min(wakeAtMs - clock.now(), againMs ?? Number.POSITIVE_INFINITY, restMs);
  };
  await Promise.race([secret.hasSynced, aborted(signal)]);
  await loop(turn, bell, options, complaints, signal);
  await shown.leading?.keeper?.part();
  shown.leading?.end();
  watching.abort();
}

/** Turn after turn; an error is logged, and the turn is tried again. */
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
      const message = "Cannot maintain the webhook; trying again";
      if (troubles?.met(WEBHOOK, error) !== true)
        complaints.report({ about: "webhook", level: "warn", message, error, fields: { failures } });
      await bell.wait(Math.min(longestBackoffMs, 250 * 2 ** failures), "deaf");
    }
  }
}

/** Starts the watches that only the leader needs, and rings when they have synced. */
function lead(options: KeeperOptions, ports: WatchPorts, ring: () => void): Leading {
  const ending = new AbortController();
  const leading: Leading = { keeper: undefined, end: () => ending.abort() };
  ports.signal.addEventListener("abort", leading.end, { once: true });
  const { probeEveryMs = options.restMs ?? defaultProbeEveryMs } = options;
  void keepConfiguration({ ...options, probeEveryMs }, { ...ports, signal: ending.signal }).then((keeper) => {
    leading.keeper = keeper;
    ring();
  });
  return leading;
}

interface Bell {
  ring(): void;
  /** Resolves when rung since the last wait, after `ms`, or when the signal aborts. "deaf": rings do not end it. */
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
