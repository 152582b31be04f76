/** `sluice controller`: from its arguments to a process that drives Rollouts until a signal ends it. */
import { hostname } from "node:os";
import { loadCredentials } from "../providers/kube/credentials.ts";
import { createRecorder } from "../providers/kube/events.ts";
import { holdLeases, type Leases } from "../providers/kube/lease.ts";
import { createClient, type KubeClient, type ObservedRequest } from "../providers/kube/transport.ts";
import type { Admission, AdmissionPorts } from "./admission.ts";
import { createComplaints, tellLostEvent } from "./complaints.ts";
import { createController, type Controller, type ControllerObserver } from "./controller.ts";
import { notReadyReasons, serveHealth } from "./health.ts";
import { createLog, type Log } from "./log.ts";
import { systemClock } from "./loop/clock.ts";
import { createMetrics, type ApiRequest, type ControllerMetrics } from "./metrics.ts";
import { releaseMemory, whenQuiet, type Quiet } from "./quiet.ts";
import { parseControllerOptions, type ControllerOptions } from "./options.ts";

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
}

/** @returns the exit code. Errors of the command line go to stderr in words; see `parseControllerOptions`. */
export async function runController(args: readonly string[], { env, version }: Surroundings): Promise<number> {
  const parsed = parseControllerOptions(args, env);
  switch (parsed.kind) {
    case "help":
      console.log(parsed.text);
      return 0;
    case "version":
      console.log(`sluice: v${version}`);
      return 0;
    case "refused":
      for (const problem of parsed.problems) console.error(`Error: ${problem}`);
      return parsed.exitCode;
    case "run":
      break;
    default:
      return parsed satisfies never;
  }
  const log = createLog({ level: parsed.options.logLevel, format: parsed.options.logFormat });
  for (const warning of parsed.warnings) log.warn(warning);
  try {
    return await serve(parsed.options, version, log);
  } catch (error) {
    log.error("Cannot run the controller", { error });
    return 1;
  }
}

/** Rest for so long after a burst, or after the start, gives memory back. */
const QUIET_MS = 3_000;

/** What the API server last let us hear, for /readyz. */
interface Contact {
  lastAnswerAtMs: number | undefined;
  lastFailureAtMs: number | undefined;
}

async function serve(options: ControllerOptions, version: string, log: Log): Promise<number> {
  const clock = systemClock;
  const stopping = new AbortController();
  const contact: Contact = { lastAnswerAtMs: undefined, lastFailureAtMs: undefined };
  const credentials = await loadCredentials(options.kube);
  const parts: Parts = {};
  const client = createClient({
    credentials,
    version,
    clock,
    ...(Number.isFinite(options.qps) ? { limit: { qps: options.qps, burst: options.burst } } : {}),
    observe: (request) => {
      observeRequest(request, contact, parts.metrics);
      if (options.kubeLogLevel >= 6) log.info("Request", { ...request });
    },
  });
  const metrics = metricsOf(parts, version);
  parts.metrics = metrics;
  const quiet = whenQuiet(clock, QUIET_MS, releaseMemory);
  const complaints = createComplaints({ log, clock });
  const events = createRecorder({
    client,
    clock,
    onLost: (loss) => {
      metrics.eventLost(loss.why);
      tellLostEvent(complaints, loss);
    },
  });
  const controller = createController(
    {
      client,
      clock,
      log,
      events,
      observer: observerOf(metrics, quiet),
      validForMs: () => parts.leases?.validForMs() ?? 0,
    },
    {
      namespace: options.namespaced ? (options.namespace ?? credentials.namespace) : undefined,
      instanceId: options.instanceId,
      resyncMs: options.resyncMs,
      routing: options.routing,
      concurrency: options.rolloutThreads,
    },
    stopping.signal,
  );
  parts.controller = controller;
  const isLeader = (): boolean => parts.leases?.isLeader() ?? false;
  const { stores } = controller;
  const beside: AdmissionPorts = { client, clock, log, events, stores, isLeader };
  const admission = await admissionOf(options, beside, credentials.namespace, stopping.signal);
  const health = serveHealth({
    healthzPort: options.healthzPort,
    metricsPort: options.metricsPort,
    notReady: () => [
      ...notReadyReasons({ nowMs: clock.now(), unsynced: controller.unready(), ...contact }),
      ...(admission?.notReady() ?? []),
    ],
    *renderMetrics() {
      yield* metrics.render();
      if (admission !== undefined) yield* admission.render();
    },
  });
  log.info("Watching", { server: credentials.server, version, instance: options.instanceId });
  const exitCode = await lead({
    options,
    log,
    client,
    controller,
    admission,
    stopping,
    hold: (leases) => (parts.leases = leases),
  });
  quiet.stop();
  await events.stop(2_000);
  await health.stop();
  return exitCode;
}

interface Leading {
  readonly options: ControllerOptions;
  readonly log: Log;
  readonly client: KubeClient;
  readonly controller: Controller;
  readonly admission: Admission | undefined;
  /** Aborting it ends the watches. */
  readonly stopping: AbortController;
  readonly hold: (leases: Leases) => void;
}

interface Parts {
  metrics?: ControllerMetrics;
  controller?: Controller;
  leases?: Leases;
}

/** Metrics of parts that come later: they are looked at when somebody scrapes. */
const metricsOf = (parts: Parts, version: string): ControllerMetrics =>
  createMetrics({
    now: systemClock.now,
    version,
    commit: "",
    rollouts: () => parts.controller?.stores.rollouts.values() ?? [],
    isLeader: () => parts.leases?.isLeader() ?? false,
    cacheObjects: () => cacheObjects(parts.controller),
    queues: () => parts.controller?.queues ?? [],
  });

const controllerNamespace = ({ controllerNamespace: given }: ControllerOptions): string => given ?? "argo-rollouts";

/** The webhook, when one is asked for; its modules are loaded only then. */
async function admissionOf(
  options: ControllerOptions,
  ports: AdmissionPorts,
  ownNamespace: string,
  signal: AbortSignal,
): Promise<Admission | undefined> {
  const { webhook, instanceId, resyncMs } = options;
  if (webhook === undefined) return undefined;
  const { startAdmission } = await import("./admission.ts");
  const admissionOptions = {
    port: webhook.port,
    endpoint:
      webhook.url === undefined
        ? ({ kind: "service", name: webhook.service } as const)
        : ({ kind: "url", url: webhook.url } as const),
    failurePolicy: webhook.failurePolicy,
    namespace: controllerNamespace(options),
    watchedNamespace: options.namespaced ? (options.namespace ?? ownNamespace) : undefined,
    instanceId,
    resyncMs,
    pod: process.env["POD_NAME"] ?? hostname(),
  };
  return startAdmission(admissionOptions, ports, signal);
}

/** The Leases of an instance. */
export const locks = (instanceId: string): [string, string] => {
  const suffix = instanceId === "" ? "" : `-${instanceId}`;
  return [`sluice-controller-lock${suffix}`, `argo-rollouts-controller-lock${suffix}`];
};

/** Waits for the caches and the Leases, works, and hands over on a signal. @returns the exit code. */
async function lead({ options, log, client, controller, admission, stopping, hold }: Leading): Promise<number> {
  const working = new AbortController();
  let exitCode = 0;
  const signalled = new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.once(signal, () => {
        log.info(`Stopping on ${signal}`);
        resolve();
      });
    }
  });
  const leases = takeLeases(options, client, log, () => {
    exitCode = 1;
    working.abort();
  });
  hold(leases);
  const ready = Promise.all([leases.acquired, controller.hasSynced]).then(() => controller.refresh());
  await Promise.race([ready, signalled]);
  if (leases.isLeader()) {
    log.info("Leading", { rollouts: controller.stores.rollouts.size });
    void signalled.then(() => working.abort());
    void admission?.audit(working.signal);
    await controller.run(working.signal);
  }
  stopping.abort();
  await admission?.parted;
  await leases.release();
  await admission?.done;
  return exitCode;
}

/** Ours, and the reference's: the two controllers must never write at once. */
function takeLeases(options: ControllerOptions, client: KubeClient, log: Log, onLost: () => void): Leases {
  if (!options.leaderElect) {
    return {
      isLeader: () => true,
      validForMs: () => Number.POSITIVE_INFINITY,
      acquired: Promise.resolve(),
      release: async () => {},
    };
  }
  const complaints = createComplaints({ log, clock: systemClock });
  return holdLeases({
    client,
    clock: systemClock,
    namespace: controllerNamespace(options),
    names: locks(options.instanceId),
    identity: `${hostname()}_${crypto.randomUUID()}`,
    durationMs: options.leaseDurationMs,
    renewDeadlineMs: options.renewDeadlineMs,
    retryPeriodMs: options.retryPeriodMs,
    onWaiting: (name, holder) => log.info("Waiting for the Lease", { lease: name, holder }),
    onError: (error) => complaints.tell({ about: "Lease", level: "warn", message: "Cannot renew the Lease", error }),
    onLost: (error) => {
      log.error("Lost the Lease; stopping", { error });
      onLost();
    },
  });
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
  const { rollouts, replicaSets, services, optional } = controller.stores;
  return [
    ["rollouts", rollouts.size],
    ["replicasets", replicaSets.size],
    ["services", services.size],
    ...optional
      .map(({ kind, objects }): [string, number] => [kind.resource, objects.size])
      .filter(([, size]) => size > 0),
  ];
}

const observerOf = (metrics: ControllerMetrics, quiet: Quiet): ControllerObserver => ({
  reconciled(key, durationMs, failed) {
    quiet.busy();
    metrics.reconciled(key, durationMs, failed);
  },
  eventEmitted: metrics.eventEmitted,
  rolloutFinished: metrics.rolloutFinished,
  rolloutDeleted: metrics.rolloutDeleted,
  incident: (kind, what) => {
    if (what === "stall") metrics.watchStalled(kind);
    if (what === "list") metrics.relisted(kind);
  },
  queue: metrics.queue,
});
