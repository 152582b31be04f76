/** `sluice controller`: from its arguments to a process that drives Rollouts until a signal ends it. */
import { hostname } from "node:os";
import { loadCredentials } from "../../kube/client/credentials.ts";
import { checkCredentials } from "../../kube/client/credentialsCheck.ts";
import { shownServer } from "../../kube/client/errorText.ts";
import { createClient, type ObservedRequest } from "../../kube/client/transport.ts";
import type { HeldPort } from "../../webhook/http/heldPort.ts";
import type { Admission, AdmissionPorts } from "../../webhook/admission/startAdmission.ts";
import { type Complaints, createComplaints } from "../../controller/process/complaints.ts";
import type { Controller, ControllerObserver, MigrationScope } from "../../controller/controller.ts";
import { type Election, wireController, type Wired } from "../../controller/wiring.ts";
import { endings, type Ending } from "../../controller/process/ending.ts";
import { notReadyReasons, serveHealth, type HealthServers } from "../../controller/process/health.ts";
import { EDGE_HOLDER, holderName, lockOf } from "../../schema/locks.ts";
import { createLog, type Log } from "../../controller/process/log.ts";
import { systemClock } from "../../kube/clock/clock.ts";
import { createMetrics, type ApiRequest, type ControllerMetrics } from "../../controller/process/metrics.ts";
import { whenQuiet, type Quiet } from "../../controller/process/quiet.ts";
import { parseControllerOptions, type ControllerOptions } from "./options.ts";
import { roomWithin } from "../../controller/rollout/facts/room.ts";
import { createTroubles, type Troubles } from "../../controller/process/troubles.ts";
import { asCalled, usageProblem } from "../parsed.ts";
import type { CliPorts } from "../ports.ts";
import { tellWaits } from "../../controller/process/waits.ts";
import { heldTemplates } from "../../controller/rollout/facts/templateStores.ts";
import { controllerNamespace, measuringOf, notifyingOf } from "./measuring.ts";
import { restsOf } from "./rests.ts";
import { tracedObserver, tracingOf } from "./tracing.ts";
import type { Tracing } from "../../controller/tracing/tracing.ts";
import { createUndo, type Undo } from "../../controller/process/undoStack.ts";

type Surroundings = Pick<CliPorts, "env" | "version">;

/** @returns the exit code. Errors of the command line go to stderr as sentences; see `parseControllerOptions`. */
export async function runController(
  args: readonly string[],
  { env, version, program, out, err }: Pick<CliPorts, "env" | "version" | "program" | "out" | "err">,
): Promise<number> {
  const parsed = parseControllerOptions(args, env);
  switch (parsed.kind) {
    case "help":
      await out(`${asCalled(parsed.text, program)}\n`);
      return 0;
    case "version":
      await out(`sluice: v${version}\n`);
      return 0;
    case "refused":
      err(usageProblem(parsed.problems.join("\nError: "), `${program} controller`));
      return parsed.exitCode;
    case "run":
      break;
    default:
      return parsed satisfies never;
  }
  const log = createLog({ level: parsed.options.logLevel, format: parsed.options.logFormat });
  for (const warning of parsed.warnings) log.warn(warning);
  const undo = createUndo((error) => log.warn("Cannot stop cleanly", { error }));
  try {
    return await serve({ options: parsed.options, env, version, log, undo, ending: endings(log, undo) });
  } catch (error) {
    log.error("Cannot run the controller", { error });
    return 1;
  } finally {
    await undo.all();
  }
}

/** When the API server last answered, and last failed to; for /readyz. */
interface Contact {
  lastAnswerAtMs: number | undefined;
  lastFailureAtMs: number | undefined;
}

interface Serving extends Surroundings {
  readonly options: ControllerOptions;
  readonly log: Log;
  readonly undo: Undo;
  readonly ending: Ending;
}

/**
 * In this order: credentials, ports, then what other clients of the cluster can see of us. So whatever can fail has
 * already succeeded when the first watch begins.
 * @throws Error naming what is not available; what was started by then is on `undo`
 */
async function serve({ options, env, version, log, undo, ending }: Serving): Promise<number> {
  const clock = systemClock;
  const credentials = await loadCredentials(options.kube);
  checkCredentials(credentials, options.kube);
  const contact: Contact = { lastAnswerAtMs: undefined, lastFailureAtMs: undefined };
  const parts: Parts = {};
  const metrics = (parts.metrics = metricsOf(parts, version));
  const complaints = createComplaints({ log, clock });
  const health = await openPorts({ options, parts, contact, undo, complaints });
  const quiet = whenQuiet(clock, restsOf(parts));
  undo.push(() => quiet.stop());
  const client = createClient({
    credentials,
    version,
    clock,
    ...(Number.isFinite(options.qps) ? { limit: { qps: options.qps, burst: options.burst } } : {}),
    observe: (request) => {
      observeRequest(request, contact, metrics);
      // Events and the requests that reviews cause go on long after the last decision. Renewals of a Lease never
      // end, so they do not count.
      if (request.resource !== "leases") quiet.busy();
      if (options.kubeLogLevel >= 6) log.info("Request", { ...request });
    },
  });
  const troubles = (parts.troubles = createTroubles({ clock, log, source: credentials.source }));
  const measuring = measuringOf({ options, env, version }, credentials, tellWaits(metrics, complaints));
  const fed = await feedOf(options);
  const tracing = (parts.tracing = await tracingOf({ options, env, version, complaints }));
  undo.push(() => tracing?.stop(2_000));
  const wired = wireController(
    {
      client,
      clock,
      log,
      complaints,
      observer: tracedObserver(observerOf(metrics, quiet), tracing),
      eventLost: metrics.eventLost,
      trouble: troubles.met,
      measuring,
      notifying: notifyingOf({ options, env, version }, credentials),
    },
    {
      namespace: options.namespaced ? (options.namespace ?? credentials.namespace) : undefined,
      instanceId: options.instanceId,
      resyncMs: options.resyncMs,
      routing: options.routing,
      room: roomWithin(process.constrainedMemory()),
      concurrency: options.rolloutThreads,
      kstatusForAll: options.kstatus,
      ownNamespace: controllerNamespace(options),
      migration: migrationOf(options, fed),
    },
  );
  parts.wired = wired;
  const { controller, events, isLeader } = wired;
  undo.push(() => events.stop(2_000));
  undo.push(() => troubles.stop());
  undo.push(() => wired.stop());
  const { stores, profiles } = controller;
  tracing?.follow(stores, isLeader);
  const { namespace } = credentials;
  const common = { client, clock, log, events, stores, profiles, isLeader, troubles, http: measuring.http };
  const beside: AdmissionPorts = { ...common, busy: quiet.busy, deployments: fed?.index };
  const admission = await admissionOf(options, beside, health.webhook, namespace, wired.stopping);
  parts.admission = admission;
  log.info("Watching", { server: shownServer(credentials.server), version, instance: options.instanceId });
  await lead({ options, log, wired, admission, troubles, ending, tracing });
  return ending.exitCode();
}

/** What the webhook needs before it starts, and what may be missing. */
interface WebhookStart extends HeldPort {
  /** PEM; see `readClientCa`. */
  readonly clientCa: string | undefined;
}

interface Opening extends Pick<Serving, "options" | "undo"> {
  readonly parts: Parts;
  readonly contact: Contact;
  readonly complaints: Complaints;
}

/** Takes all ports. They answer from the start, but the webhook's is only held until there is a certificate. */
async function openPorts({
  options,
  parts,
  contact,
  undo,
  complaints,
}: Opening): Promise<HealthServers & { readonly webhook: WebhookStart | undefined }> {
  const { healthzPort, metricsPort, healthAddress, metricsAddress } = options;
  const health = serveHealth({
    healthzPort,
    metricsPort,
    healthAddress,
    metricsAddress,
    notReady: () => notReady(parts, contact),
    onError: (error) =>
      complaints.report({ about: "health", level: "error", message: "Cannot answer a request", error }),
    *renderMetrics() {
      yield* parts.metrics?.render() ?? [];
      yield* parts.admission?.render() ?? [];
      yield* parts.tracing?.render() ?? [];
    },
  });
  undo.push(() => health.stop());
  if (options.webhook === undefined) return { ...health, webhook: undefined };
  const { holdPort } = await import("../../webhook/http/heldPort.ts");
  const { readClientCa } = await import("../../webhook/admission/startAdmission.ts");
  const clientCa = await readClientCa(options.webhook.clientCa);
  const port = await holdPort(options.webhook.port, options.webhook.address);
  undo.push(() => port.release());
  return { ...health, webhook: { ...port, clientCa } };
}

function notReady({ wired, troubles, admission }: Parts, contact: Contact): string[] {
  if (wired === undefined) return ["starting"];
  return [
    ...notReadyReasons({ nowMs: systemClock.now(), unsynced: wired.controller.unready(), ...contact }),
    ...(troubles?.sentences() ?? []),
    ...(admission?.notReady() ?? []),
  ];
}

interface Leading {
  readonly options: ControllerOptions;
  readonly log: Log;
  readonly wired: Wired;
  readonly admission: Admission | undefined;
  readonly troubles: Troubles;
  readonly ending: Ending;
  readonly tracing: Tracing | undefined;
}

/** They are created one after the other, and read each other only when they are called. */
interface Parts {
  metrics?: ControllerMetrics;
  troubles?: Troubles;
  wired?: Wired;
  admission?: Admission | undefined;
  tracing?: Tracing | undefined;
}

/** Metrics of parts that are created later: these are read at each scrape. */
const metricsOf = (parts: Parts, version: string): ControllerMetrics =>
  createMetrics({
    now: systemClock.now,
    version,
    commit: "",
    rollouts: () => parts.wired?.controller.stores.rollouts.values() ?? [],
    analysisRuns: () => parts.wired?.controller.stores.analysisRuns.values() ?? [],
    analysisTemplates: () => heldTemplates(parts.wired?.controller.stores.templates),
    experiments: () => parts.wired?.controller.stores.experiments.values() ?? [],
    isLeader: () => parts.wired?.isLeader() ?? false,
    cacheObjects: () => cacheObjects(parts.wired?.controller),
    queues: () => parts.wired?.controller.queues ?? [],
  });

/** Its own namespace is that of the webhook, not of the kubeconfig: what one of them holds, the other has to act on. */
export const migrationOf = (
  options: ControllerOptions,
  fed: Awaited<ReturnType<typeof feedOf>>,
): MigrationScope | undefined =>
  options.migrateDeployments || options.restoreDeployments
    ? { ownNamespace: controllerNamespace(options), restoring: options.restoreDeployments, deployments: fed?.sink }
    : undefined;

/** The webhook's index of Deployments, where the loop watches them anyway. */
async function feedOf({ webhook, migrateDeployments, restoreDeployments, instanceId }: ControllerOptions) {
  if (webhook === undefined || !(migrateDeployments || restoreDeployments)) return undefined;
  const { fedDeployments } = await import("../../webhook/admission/deploymentIndex.ts");
  return fedDeployments(instanceId);
}

/** The webhook, when it is switched on; its modules are loaded only then. */
async function admissionOf(
  options: ControllerOptions,
  ports: AdmissionPorts,
  held: WebhookStart | undefined,
  ownNamespace: string,
  signal: AbortSignal,
): Promise<Admission | undefined> {
  const { webhook, instanceId, resyncMs } = options;
  if (webhook === undefined || held === undefined) return undefined;
  const { startAdmission } = await import("../../webhook/admission/startAdmission.ts");
  const admissionOptions = {
    port: held.port,
    address: webhook.address,
    listening: held.release,
    endpoint:
      webhook.url === undefined
        ? ({ kind: "service", name: webhook.service } as const)
        : ({ kind: "url", url: webhook.url } as const),
    clientCa: held.clientCa,
    failurePolicy: webhook.failurePolicy,
    migrates: webhook.migrates,
    namespace: controllerNamespace(options),
    watchedNamespace: options.namespaced ? (options.namespace ?? ownNamespace) : undefined,
    instanceId,
    resyncMs,
    restMs: options.profile === "edge" ? resyncMs : undefined,
    routing: options.routing,
    pod: process.env["POD_NAME"] ?? hostname(),
  };
  return startAdmission(admissionOptions, ports, signal);
}

/** Works until it is asked to end, or has lost the Lease. */
async function lead(leading: Leading): Promise<void> {
  const { log, wired, admission, ending, tracing } = leading;
  const working = new AbortController();
  void ending.asked.then(() => working.abort());
  try {
    await wired.lead({
      election: electionOf(leading),
      until: working.signal,
      begins() {
        log.info("Leading", { rollouts: wired.controller.stores.rollouts.size });
        tracing?.begin();
        void admission?.audit(working.signal);
      },
      parting: () => admission?.parted,
    });
  } finally {
    await admission?.done;
  }
}

/** By the Lease that Argo Rollouts takes, too: the two controllers must never write at the same time. */
function electionOf({ options, log, troubles, ending }: Leading): Election | undefined {
  const isAlone = options.profile === "edge";
  if (!options.leaderElect && !isAlone) return undefined;
  const complaints = createComplaints({ log, clock: systemClock });
  return {
    namespace: controllerNamespace(options),
    name: lockOf(options.instanceId),
    identity: isAlone ? EDGE_HOLDER : holderName(hostname(), crypto.randomUUID()),
    isAlone,
    durationMs: options.leaseDurationMs,
    renewDeadlineMs: options.renewDeadlineMs,
    retryPeriodMs: options.retryPeriodMs,
    onWaiting: (name, holder) => log.info("Waiting for the Lease", { lease: name, holder }),
    onError: (error, still) => {
      if (troubles.met("the Lease", error, still)) return;
      complaints.report({ about: "Lease", level: "warn", message: "Cannot renew the Lease", error });
    },
    onAnswered: () => troubles.over("the Lease"),
    onLost: (error) => {
      log.error("Lost the Lease; stopping", { error });
      ending.fail();
    },
  };
}

const verbs = {
  get: "Get",
  list: "List",
  watch: "Watch",
  create: "Create",
  update: "Update",
  patch: "Patch",
  delete: "Delete",
} as const satisfies Record<ObservedRequest["verb"], ApiRequest["verb"]>;

function observeRequest(request: ObservedRequest, contact: Contact, metrics: ControllerMetrics | undefined): void {
  if (request.status === 0) contact.lastFailureAtMs = Date.now();
  else contact.lastAnswerAtMs = Date.now();
  metrics?.apiRequest({
    verb: verbs[request.verb],
    kind: request.resource,
    namespace: request.namespace ?? "",
    name: request.name ?? "",
    status: request.status,
  });
}

function cacheObjects(controller: Controller | undefined): [string, number][] {
  if (controller === undefined) return [];
  const { rollouts, replicaSets, services, analysisRuns, experiments, optional } = controller.stores;
  return [
    ["rollouts", rollouts.size],
    ["replicasets", replicaSets.size],
    ["services", services.size],
    ["analysisruns", analysisRuns.size],
    ["experiments", experiments.size],
    ...optional
      .map(({ kind, objects }): [string, number] => [kind.resource, objects.size])
      .filter(([, size]) => size > 0),
  ];
}

const observerOf = (metrics: ControllerMetrics, quiet: Quiet): ControllerObserver => ({
  ...metrics,
  reconciled(key, durationMs, failed) {
    quiet.busy();
    metrics.reconciled(key, durationMs, failed);
  },
  incident: (kind, what) => {
    if (what === "stall") metrics.watchStalled(kind);
    if (what === "list") metrics.relisted(kind);
  },
});
