/**
 * The webhook in the controller's process: the same rules, on the same caches. Import it lazily, so that a controller
 * without a webhook does not load it.
 */
import { aborted } from "../../kube/clock/sleep.ts";
import type { EventRecorder } from "../../kube/runtime/recorder.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { createAudit, type Audit } from "../audit/audit.ts";
import { createKnock } from "../audit/risks/knock.ts";
import { createRisks, type Risks } from "../audit/risks/risks.ts";
import type { FailurePolicy, WebhookEndpoint } from "../configuration/configuration.ts";
import { createKeeper } from "../keeper/keeper.ts";
import { createWebhookMetrics, type Reviewed } from "../http/webhookMetrics.ts";
import type { Rules } from "../review/validate.ts";
import { createWebhook, type Webhook } from "../http/webhook.ts";
import { cachedRules, type CachedRules } from "./cachedRules.ts";
import { type DeploymentIndex, deploymentIndex } from "./deploymentIndex.ts";
import { migrating } from "./migrating.ts";
import { ownUser } from "./ownUser.ts";
import type { RouterSettings } from "../../providers/traffic/settings.ts";
import type { Log } from "../../controller/process/log.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { recordOverrides } from "./overrides.ts";
import { textWithHelp, type Violation } from "../../kube/validation/violation.ts";
import type { Profiles } from "../../controller/migration/facts/profiles.ts";
import type { Stores } from "../../controller/rollout/facts/stores.ts";
import { workloadKindOf, workloadRefOf } from "../../controller/rules/rollout/workloadRef.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { SendHttp } from "../../providers/metrics/measuring/http.ts";
import type { Troubles } from "../../controller/process/troubles.ts";

export interface AdmissionOptions {
  readonly port: number;
  /** IP address to listen on; undefined: all. */
  readonly address?: string | undefined;
  /** Called when the webhook listens: its port need not be held any longer. */
  readonly listening?: () => Promise<void>;
  readonly endpoint: WebhookEndpoint;
  /** PEM: only clients with a certificate of these CAs are answered; see `readClientCa`. Undefined: all clients. */
  readonly clientCa: string | undefined;
  /** Undefined: `Fail` while two replicas are ready, else `Ignore`. */
  readonly failurePolicy: FailurePolicy | undefined;
  /** Whether Deployments that migrate are rewritten as they are written. */
  readonly migrates: boolean;
  /** The controller's own namespace. */
  readonly namespace: string;
  /** The only namespace that is watched; undefined: all. */
  readonly watchedNamespace: string | undefined;
  readonly instanceId: string;
  readonly resyncMs: number;
  /** See `KeeperOptions.restMs`. */
  readonly restMs: number | undefined;
  /** Settings for the objects of routers. */
  readonly routing: RouterSettings;
  /** Name of our own pod. */
  readonly pod: string;
}

export interface AdmissionPorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventRecorder;
  readonly stores: Stores;
  readonly profiles: Profiles;
  readonly isLeader: () => boolean;
  /** Called when a review has been answered: the process is not at rest. */
  readonly busy: () => void;
  readonly troubles: Troubles;
  /** Sends to addresses that metrics name, as the analyses do. */
  readonly http: SendHttp;
  /** Where the loop fills it; by default it watches Deployments itself. */
  readonly deployments?: DeploymentIndex | undefined;
}

export interface Admission {
  /** Metrics of reviews, certificates and the audit. */
  render(): Generator<string>;
  /** What keeps the webhook from serving, for /readyz. Empty when it serves. */
  notReady(): string[];
  /** The leader's part: checks again what was admitted without us. */
  audit(signal: AbortSignal): Promise<void>;
  /** Resolves after `signal`, when the configuration is right for the time without us: the Leases may be released. */
  readonly parted: Promise<void>;
  /** Resolves after that, when the last review has been answered. */
  readonly done: Promise<void>;
}

/**
 * How long reviews are answered after `signal`. Until every node knows that we go, a Service still leads new
 * connections to us; and the API server keeps connections open, of which we must end none, since a review may be on its
 * way on it. So our answers ask the API server to close them.
 */
const farewellMs = 5_000;

/**
 * The certificates in the file of `--webhook-client-ca`.
 * @throws Error when the file has no certificate
 */
export async function readClientCa(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const doing = `Cannot authenticate the API server by --webhook-client-ca=${file}`;
  const pem = await Bun.file(file)
    .text()
    .catch((error: unknown) => {
      throw new Error(doing, { cause: error });
    });
  if (!pem.includes("-----BEGIN CERTIFICATE-----")) throw new Error(`${doing}: the file has no certificate in PEM`);
  return pem;
}

/** Starts to serve as soon as there is a certificate; `signal` ends it. */
export function startAdmission(options: AdmissionOptions, ports: AdmissionPorts, signal: AbortSignal): Admission {
  const { client, clock, log, troubles } = ports;
  const deployments = ports.deployments ?? deploymentIndex({ ...ports, ...watchedOf(options), signal });
  const { routing, watchedNamespace } = options;
  const rules = cachedRules({ ...ports, deployments, routing, trouble: troubles.met }, watchedNamespace, signal);
  const migrate = options.migrates ? migratingOf(options, { ...ports, deployments }, signal) : undefined;
  let webhook: Webhook | undefined;
  const metrics = createWebhookMetrics(() => webhook?.expiresAtMs());
  const keeper = createKeeper({
    client,
    clock,
    log,
    namespace: options.namespace,
    endpoint: options.endpoint,
    instanceId: options.instanceId,
    isLeader: ports.isLeader,
    failurePolicy: options.failurePolicy,
    migrates: options.migrates,
    watchedNamespace: options.watchedNamespace,
    pod: options.pod,
    restMs: options.restMs,
    troubles,
    unserve: async () => webhook?.stop(),
    onCertificate: async (certificate) => {
      if (webhook !== undefined) return webhook.swapCertificate(certificate);
      const { port, address, clientCa } = options;
      const overridden = recordOverrides({ ...ports, authenticated: clientCa !== undefined });
      const reviewed: Reviewed = (...review) => {
        ports.busy();
        metrics.reviewed(...review);
      };
      const where = { port, ...(address === undefined ? {} : { hostname: address }) };
      const parts = { rules, client, certificate, clientCa, reviewed, log, clock, overridden, migrate };
      webhook = createWebhook({ ...parts, ...where });
      await options.listening?.();
      log.info("Serving the webhook", { port: webhook.port });
    },
  });
  const audit = auditOf(options, ports, rules);
  const risks = risksOf(options, ports, rules);
  const parted = keeper.run(signal);
  const farewell = aborted(signal).then(() => {
    webhook?.drain();
    // Only a Service leads to another replica; an address leads only to us.
    const isAwaited = webhook !== undefined && options.endpoint.kind === "service";
    return new Promise<void>((resolve) => clock.after(isAwaited ? farewellMs : 0, resolve));
  });
  return {
    *render() {
      yield* metrics.render();
      yield* audit.render();
      yield* risks.render();
    },
    notReady: () => (webhook === undefined ? ["the webhook has no certificate yet"] : []),
    async audit(running) {
      keeper.lead();
      await Promise.all([audit.run(running), risks.run(running)]);
    },
    parted,
    done: Promise.all([parted, farewell]).then(() => webhook?.stop()),
  };
}

const watchedOf = ({ instanceId, watchedNamespace }: AdmissionOptions) => ({ instanceId, watched: watchedNamespace });

const migratingOf = (
  { namespace, instanceId }: AdmissionOptions,
  ports: AdmissionPorts & { readonly deployments: DeploymentIndex },
  signal: AbortSignal,
) => migrating({ ...ports, namespace, instanceId, user: ownUser(ports, signal), signal });

/** More than fits into an event. */
const textsInFull = 20;

/**
 * Later violations of an object are given by their paths only: the event has no room for their texts, but counts them,
 * and the audit notices when they change.
 */
const auditText = (violation: Violation, index: number): string =>
  index < textsInFull ? textWithHelp(violation) : violation.path;

function auditOf(options: AdmissionOptions, ports: AdmissionPorts, rules: Rules): Audit {
  return createAudit({
    client: ports.client,
    clock: ports.clock,
    log: ports.log,
    findings: (kind, object) => rules.findings(object, kind, object.metadata.namespace ?? "").refuse.map(auditText),
    cached: { Rollout: () => ports.stores.rollouts.values() },
    record: (event) => ports.events.record(event),
    namespace: options.watchedNamespace,
    instanceId: options.instanceId,
    resyncMs: options.resyncMs,
  });
}

function risksOf({ watchedNamespace, resyncMs }: AdmissionOptions, ports: AdmissionPorts, rules: CachedRules): Risks {
  const { client, clock, log, events, stores } = ports;
  return createRisks({
    client,
    clock,
    log,
    rollouts: () => stores.rollouts.values(),
    podSpecOf: (rollout) => podSpecIn(stores, rollout),
    templatesIn: rules.templatesIn,
    knock: createKnock(ports.http),
    record: (event) => events.record(event),
    namespace: watchedNamespace,
    resyncMs,
  });
}

function podSpecIn({ workloads }: Stores, rollout: Rollout): unknown {
  const ref = workloadRefOf(rollout);
  if (ref === undefined) return rollout.spec.template?.spec;
  const kind = workloadKindOf(ref);
  const known = kind === undefined ? undefined : workloads[kind].find(`${rollout.metadata.namespace}/${ref.name}`);
  return known?.kind === "found" ? known.object.facts.template.spec : undefined;
}
