/**
 * Writes the webhook configuration as webhook/configuration decides, and finds out the facts for that decision. The
 * leader's work.
 */
import { createComplaints } from "../../controller/process/complaints.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import type { Log } from "../../controller/process/log.ts";
import { isConflict, isNotFound } from "../../kube/client/apiError.ts";
import { objectPath } from "../../kube/client/path.ts";
import { pause } from "../../kube/clock/sleep.ts";
import {
  MUTATING_WEBHOOK_CONFIGURATIONS,
  NAMESPACES,
  VALIDATING_WEBHOOK_CONFIGURATIONS,
} from "../../kube/client/resources.ts";
import type { Resource } from "../../schema/kube.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import {
  type Configuration,
  configurationFor,
  configurationName,
  correction,
  decidePolicy,
  type DesiredConfiguration,
  type FailurePolicy,
  keepsConditions,
  leadsTo,
  type PolicyFacts,
  policyIn,
  policyWakeInMs,
  VALIDATING,
  type WebhookEndpoint,
} from "../configuration/configuration.ts";
import { mutatingFor } from "../configuration/mutating.ts";
import { probe, type ProbeOutcome } from "../http/probe.ts";
import {
  watchObject,
  type WatchedObject,
  type WatchedReplicas,
  watchReplicas,
  type WatchPorts,
} from "./keeperWatches.ts";

export interface ConfigurationOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly namespace: string;
  readonly instanceId: string;
  readonly endpoint: WebhookEndpoint;
  readonly watchedNamespace?: string | undefined;
  readonly failurePolicy?: FailurePolicy | undefined;
  /** Whether Deployments that migrate are sent to us, too. */
  readonly migrates?: boolean | undefined;
  /** Name of our own pod. */
  readonly pod?: string | undefined;
  /** How often to test whether the API server reaches us while nothing changes. */
  readonly probeEveryMs: number;
  readonly isLeader: () => boolean;
  /** See keeper.ts. */
  readonly unserve?: (() => Promise<void>) | undefined;
}

/** What the leader knows. */
export interface ConfigurationState {
  readonly failurePolicy: FailurePolicy | undefined;
  readonly reached: boolean | undefined;
  readonly readyReplicas: number;
}

export interface ConfigurationKeeper {
  /**
   * Puts the configuration in order. @returns after how many ms the next turn is due at the latest. @throws ApiError
   */
  turn(caBundle: string): Promise<number>;
  /**
   * For when we are about to end. With a Service: where that leaves fewer than two replicas, sets `Ignore`. With an
   * address of ours no replica will answer, so the configuration is deleted, too. Never throws.
   */
  part(): Promise<void>;
  state(): ConfigurationState;
}

const writeTimeoutMs = 5_000;
/** Other replicas that end at the same time are seen as ending by then. */
const lingerMs = 500;
const replicasWithinMs = 5_000;

interface Sight {
  readonly configuration: WatchedObject<Configuration>;
  /** Undefined where migration is switched off. */
  readonly mutating: WatchedObject<Configuration> | undefined;
  /** Undefined where there is no Service: we are the only replica. */
  readonly replicas: WatchedReplicas | undefined;
}

function look({ namespace, instanceId, endpoint, migrates }: ConfigurationOptions, ports: WatchPorts): Sight {
  const named = { name: configurationName(instanceId) };
  return {
    configuration: watchObject<Configuration>(ports, VALIDATING_WEBHOOK_CONFIGURATIONS, named),
    mutating: migrates ? watchObject<Configuration>(ports, MUTATING_WEBHOOK_CONFIGURATIONS, named) : undefined,
    replicas: endpoint.kind === "service" ? watchReplicas(ports, namespace, endpoint.name) : undefined,
  };
}

/** Watches until `signal` of the ports aborts. Resolves when it has seen the present state. */
export async function keepConfiguration(
  options: ConfigurationOptions,
  ports: WatchPorts,
): Promise<ConfigurationKeeper> {
  const { clock, endpoint } = options;
  const sight = look(options, ports);
  const [owner] = await Promise.all([
    ownerOf(options),
    sight.configuration.hasSynced,
    // Without permission to watch it the validating one is kept in order all the same.
    sight.mutating && Promise.race([sight.mutating.hasSynced, pause(clock, replicasWithinMs, ports.signal)]),
    // Without permission to watch them we count no replicas: then nothing is refused while we are away.
    sight.replicas && Promise.race([sight.replicas.hasSynced, pause(clock, replicasWithinMs, ports.signal)]),
  ]);
  const proof = proofKeeper(options);
  let redundantSinceMs: number | undefined;
  // Assumed until an answer shows otherwise; after an upgrade of the API server the next leader assumes it again.
  let conditions = true;

  const facts = (): PolicyFacts => {
    const readyReplicas = sight.replicas?.readyBeside() ?? 1;
    if (readyReplicas < 2) redundantSinceMs = undefined;
    else redundantSinceMs ??= clock.now();
    return {
      override: options.failurePolicy,
      stored: policyIn(sight.configuration.current()),
      conditions,
      ...proof.facts(),
      readyReplicas,
      redundantForMs: redundantSinceMs === undefined ? 0 : clock.now() - redundantSinceMs,
    };
  };
  const settle = async (caBundle: string): Promise<PolicyFacts> => {
    const now = facts();
    const failurePolicy = decidePolicy(now);
    const stored = sight.configuration.current();
    const desired = configurationFor({ ...options, caBundle, failurePolicy, conditions, owner });
    const next = correction(stored, desired);
    if (next === undefined || !options.isLeader()) return now;
    options.log.info("Writing the webhook configuration", {
      failurePolicy: failurePolicy ?? "none yet",
      ...reasonsOf(now),
    });
    const answer = await write(options.client, sight.configuration, next, stored);
    if (conditions && !keepsConditions(answer)) {
      conditions = false;
      options.log.warn(
        "The API server knows no match conditions: it asks the webhook more often, and the webhook is optional",
      );
    }
    return { ...now, conditions, stored: failurePolicy };
  };
  return {
    state: () => {
      const { stored, reached, readyReplicas } = facts();
      return { failurePolicy: stored, reached, readyReplicas };
    },
    async turn(caBundle) {
      await settle(caBundle);
      // These decide whether the API server reaches us; when one changes, that has to be proved again.
      await proof.renew(JSON.stringify([endpoint, caBundle]));
      const now = await settle(caBundle);
      await settleMutating(options, sight.mutating, { caBundle, owner }, now);
      return Math.min(policyWakeInMs(now) ?? Number.POSITIVE_INFINITY, proof.dueInMs());
    },
    part: () => (endpoint.kind === "url" ? partFromUrl(options, sight) : part(options, sight)),
  };
}

/** As soon as the API server has reached us; it is never the reason why an object is not written. */
async function settleMutating(
  options: ConfigurationOptions,
  mutating: WatchedObject<Configuration> | undefined,
  found: Pick<DesiredConfiguration, "caBundle" | "owner">,
  { stored, conditions }: PolicyFacts,
): Promise<void> {
  if (mutating === undefined || !options.isLeader()) return;
  const present = mutating.current();
  if (present === undefined && (stored === undefined || !conditions)) return;
  const next = correction(present, mutatingFor({ ...options, ...found, failurePolicy: "Ignore", conditions: true }));
  if (next === undefined) return;
  options.log.info("Writing the webhook configuration for Deployments that migrate");
  await write(options.client, mutating, next, present, MUTATING_WEBHOOK_CONFIGURATIONS);
}

const reasonsOf = ({ reached, readyReplicas }: PolicyFacts): object => ({
  reached: reached ?? "not tried",
  readyReplicas,
});

async function ownerOf({ client, namespace, log }: ConfigurationOptions) {
  try {
    const path = objectPath(NAMESPACES, { name: namespace });
    const { metadata } = await client.request<{ metadata: { uid: string } }>({ method: "GET", path });
    return { name: namespace, uid: metadata.uid };
  } catch (error) {
    log.warn("The webhook configuration will not be deleted with its namespace", { error });
    return undefined;
  }
}

/** If another writer was faster, its version is read, and the next turn continues from there. */
async function write(
  client: KubeClient,
  watched: WatchedObject<Configuration>,
  next: Configuration,
  stored: Configuration | undefined,
  resource: Resource = VALIDATING_WEBHOOK_CONFIGURATIONS,
): Promise<Configuration> {
  const path = objectPath(resource, { name: next.metadata.name });
  const common = { path, body: next, timeoutMs: writeTimeoutMs };
  try {
    const answer = await client.request<Configuration>(
      stored === undefined
        ? {
            ...common,
            // Applied instead of posted: RBAC can allow this name alone.
            method: "PATCH",
            query: { fieldManager: "sluice", force: true },
            contentType: "application/apply-patch+yaml",
          }
        : { ...common, method: "PUT", query: { fieldManager: "sluice" } },
    );
    watched.learned(answer);
    return answer;
  } catch (error) {
    if (isNotFound(error)) watched.gone();
    if (isConflict(error)) {
      watched.learned(await client.request<Configuration>({ method: "GET", path, timeoutMs: writeTimeoutMs }));
    }
    throw error;
  }
}

async function part({ client, clock, log, failurePolicy, pod, isLeader }: ConfigurationOptions, sight: Sight) {
  const lonely = (): boolean => (sight.replicas?.readyBeside(pod) ?? 0) < 2;
  try {
    const strict = (): Configuration | undefined => {
      const stored = sight.configuration.current();
      return policyIn(stored) === "Fail" && failurePolicy === undefined && isLeader() ? stored : undefined;
    };
    if (strict() === undefined) return;
    if (!lonely()) await new Promise<void>((resolve) => clock.after(lingerMs, resolve));
    const stored = strict();
    if (stored?.webhooks === undefined || !lonely()) return;
    const webhooks = stored.webhooks.map((webhook) =>
      webhook.name === VALIDATING ? { ...webhook, failurePolicy: "Ignore" as const } : webhook,
    );
    log.info("Stopping; the webhook is optional until two replicas are ready again");
    await write(client, sight.configuration, { ...stored, webhooks }, stored);
  } catch (error) {
    log.warn("Cannot make the webhook optional before stopping", { error });
  }
}

/**
 * With a configuration that leads to a machine that has ended, each write would wait until the API server gives up. So
 * it is deleted, unless it leads to another process: by another address, or by ours if that still answers without us.
 */
async function partFromUrl(options: ConfigurationOptions, sight: Sight): Promise<void> {
  const { client, log, namespace, instanceId, isLeader, unserve } = options;
  const name = configurationName(instanceId);
  const byHand = `\`kubectl delete validatingwebhookconfiguration ${name}\` takes it away`;
  try {
    const stored = sight.configuration.current();
    if (stored === undefined || !isLeader() || !leadsTo(stored, options.endpoint)) return;
    await unserve?.();
    const { kind } = await probe(client, { namespace, instanceId }, crypto.randomUUID());
    if (kind === "reached") {
      log.info(`Another process answers for the webhook: its configuration stays, and ${byHand}`);
      return;
    }
    await remove(client, VALIDATING_WEBHOOK_CONFIGURATIONS, stored.metadata);
    const mutating = sight.mutating?.current();
    if (mutating !== undefined && leadsTo(mutating, options.endpoint))
      await remove(client, MUTATING_WEBHOOK_CONFIGURATIONS, mutating.metadata);
    log.info("Stopping; the webhook configuration has been deleted");
  } catch (error) {
    log.warn(`Cannot delete the webhook configuration, which leads to this machine: ${byHand}`, { error });
  }
}

async function remove(client: KubeClient, resource: Resource, metadata: Configuration["metadata"]): Promise<void> {
  const { name, uid, resourceVersion } = metadata;
  await client.request({
    method: "DELETE",
    path: objectPath(resource, { name }),
    body: { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid, resourceVersion } },
    timeoutMs: writeTimeoutMs,
  });
}

const UNPROVED = "Cannot find out whether the API server reaches the webhook";

/** Remembers whether the API server reaches us with the configuration and certificates in force now. */
function proofKeeper({ client, clock, log, namespace, instanceId, probeEveryMs }: ConfigurationOptions) {
  const complaints = createComplaints({ log, clock });
  let proved: { readonly what: string; readonly reached: boolean | undefined } = { what: "", reached: undefined };
  let unreachedSinceMs: number | undefined;
  let nextAtMs = 0;
  let failures = 0;

  const take = (what: string, outcome: ProbeOutcome): void => {
    const before = proved.what === what ? proved.reached : undefined;
    switch (outcome.kind) {
      case "reached":
        if (before !== true) log.info("The API server reaches the webhook");
        unreachedSinceMs = undefined;
        proved = { what, reached: true };
        break;
      case "unreached":
        if (before !== false) log.warn("The API server does not reach the webhook", { why: outcome.why });
        unreachedSinceMs ??= clock.now();
        proved = { what, reached: false };
        break;
      case "unaware":
        // For a moment after a write this is normal.
        if (failures === 5)
          log.warn("The API server does not call the webhook, or something else answers in its place");
        break;
      case "unknown":
        complaints.report({ about: "probe", level: "warn", message: UNPROVED, error: outcome.error });
        break;
      default:
        outcome satisfies never;
    }
    failures = outcome.kind === "reached" ? 0 : failures + 1;
    nextAtMs = clock.now() + retryInMs(outcome, failures, probeEveryMs);
  };
  return {
    async renew(what: string): Promise<void> {
      if (proved.what !== what) proved = { what, reached: undefined };
      else if (clock.now() < nextAtMs) return;
      take(what, await probe(client, { namespace, instanceId }, crypto.randomUUID()));
    },
    facts: () => ({
      reached: proved.reached,
      unreachedForMs: unreachedSinceMs === undefined ? 0 : clock.now() - unreachedSinceMs,
    }),
    dueInMs: () => Math.max(0, nextAtMs - clock.now()),
  };
}

/** Retries in small steps while the configuration is not known yet, and in growing ones after a failure. */
function retryInMs({ kind }: ProbeOutcome, failures: number, probeEveryMs: number): number {
  if (kind === "reached") return probeEveryMs;
  if (kind === "unaware" && failures <= 25) return 200;
  return Math.min(5_000, 250 * 2 ** failures);
}
