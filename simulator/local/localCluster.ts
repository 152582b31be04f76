/**
 * A whole cluster in this process: the in-memory API server, the controllers of Kubernetes with a fake kubelet, and the
 * production loop and webhook code of Sluice on top, wired as for a real one (controller/wiring.ts).
 */
import { cachedRules } from "../../webhook/admission/cachedRules.ts";
import { createComplaints } from "../../controller/process/complaints.ts";
import { recordOverrides } from "../../webhook/admission/overrides.ts";
import { unobserved } from "../../controller/controller.ts";
import { wireController } from "../../controller/wiring.ts";
import type { Notifying } from "../../controller/notifications/notificationsRow.ts";
import type { Log } from "../../controller/process/log.ts";
import type { SendHttp } from "../../providers/metrics/measuring/http.ts";
import type { MetricProviderRow } from "../../providers/metrics/provider.ts";
import type { RouterSettings } from "../../providers/traffic/settings.ts";
import type { KubeletSettings } from "../kubelet/pod.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { crds } from "../../schema/crd.ts";
import { VALIDATING } from "../../webhook/configuration/configuration.ts";
import { answerReview, parseReview } from "../../webhook/review/review.ts";
import { createSecondOpinion } from "../../webhook/review/secondOpinion.ts";
import { createValidator } from "../../webhook/review/validate.ts";
import type { Admission, AdmissionRequest, AdmissionResponse } from "../server/objects/admissionPort.ts";
import { inProcessClient } from "../server/http/client.ts";
import type { ApiCore, ApiServer, Draft } from "../model/model.ts";
import type { SavedState } from "../server/objects/saved.ts";
import { createApiServer } from "../server/requests/inMemoryServer.ts";
import { startControllers } from "../controllers/controllers.ts";
import { expireEvents } from "../controllers/eventLifetime.ts";

export interface LocalClusterOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Of the program, without a "v". */
  readonly version: string;
  /** [0, 1), for uids, generated names and jitter; Math.random by default. */
  readonly random?: () => number;
  /** Fake nodes; 1 by default. */
  readonly nodes?: number;
  /** Deployments that ask for it become Rollouts (docs/migration.md). */
  readonly migrates?: boolean;
  /** What analyses measure; absent: no source answers. */
  readonly source?: (core: ApiCore) => SendHttp;
  /** How notifications leave the process; absent: nobody is told anything. */
  readonly notifying?: Notifying;
  /** The environment of the process that measures; empty by default. */
  readonly environment?: (name: string) => string | undefined;
  /** The controller's flags for routers; their defaults by default. */
  readonly routing?: RouterSettings;
  /** By what metrics are measured; the providers of this version by default. */
  readonly providers?: readonly MetricProviderRow[];
  /** How long the pods of the fake nodes take. */
  readonly kubelet?: Partial<KubeletSettings>;
  /** With a sentence for each field, for `kubectl explain`; without them by default. */
  readonly explains?: boolean;
  /** What an earlier cluster left; a new one begins empty. */
  readonly saved?: SavedState | undefined;
}

export interface LocalCluster {
  readonly server: ApiServer;
  readonly core: ApiCore;
  /** A client with another user agent than the controller's: "kubectl-argo-rollouts". */
  clientFor(userAgent: string): KubeClient;
  /** Stops the loop and everything else that would write. */
  stop(): Promise<void>;
}

const group = "argoproj.io";

/** Resolves when Rollouts are reconciled and validated. @throws {StatusError} when `saved` does not fit */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const {
    clock,
    log,
    version,
    random = Math.random,
    nodes = 1,
    migrates = false,
    saved,
    source,
    kubelet,
    providers,
    environment = () => undefined,
    routing,
    explains = false,
    notifying,
  } = options;
  const webhook: { review?: Admission["review"] } = {};
  const admit: Admission = {
    webhook: VALIDATING,
    applies: (resource) => resource.group === group,
    review: (request) => webhook.review?.(request),
  };
  const server = createApiServer({ clock, random, admit, ...(saved === undefined ? {} : { saved }) });
  const { core } = server;
  installDefinitions(core, explains ? (await import("../../schema/fieldSentences.ts")).explainedCrds() : crds);
  const controllers = startControllers(core, { nodes, ...(kubelet && { kubelet }) });
  const events = expireEvents(core);
  const clientFor = (userAgent: string): KubeClient => inProcessClient({ server, clock, userAgent });
  const client = clientFor(`sluice/${version}`);
  const loop = startLoop({
    client,
    clock,
    log,
    random,
    migrates,
    http: source?.(core),
    providers,
    environment,
    routing,
    notifying,
  });
  webhook.review = reviewerOf(loop.ports, loop.signal);
  await loop.hasSynced;
  return {
    server,
    core,
    clientFor,
    async stop() {
      await loop.stop();
      events.stop();
      controllers.stop();
    },
  };
}

/** Installs the definitions of this version in place of those that an earlier version left. */
function installDefinitions(core: ApiCore, definitions: readonly object[]): void {
  const resource = "customresourcedefinitions.apiextensions.k8s.io";
  for (const definition of definitions as readonly Draft[]) {
    const ref = { resource, name: definition.metadata?.name ?? "" };
    if (core.get(ref) === undefined) core.create(resource, definition);
    else core.modify(ref, (stored) => ({ ...stored, spec: definition["spec"] }));
  }
}

interface LoopPorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly migrates: boolean;
  readonly http: SendHttp | undefined;
  readonly environment: (name: string) => string | undefined;
  readonly routing: RouterSettings | undefined;
  readonly providers: readonly MetricProviderRow[] | undefined;
  readonly notifying: Notifying | undefined;
}

function startLoop(ports: LoopPorts) {
  const { client, clock, log, random, migrates, http, providers, environment, routing, notifying } = ports;
  const measuring = http && {
    http,
    environment,
    ownNamespace: "sluice",
    ...(providers && { providers }),
  };
  const migration = migrates ? { ownNamespace: "sluice" } : undefined;
  const { controller, events, stopping, lead } = wireController(
    { client, clock, log, observer: unobserved, random, notifying, ...(measuring && { measuring }) },
    { namespace: undefined, instanceId: "", resyncMs: 900_000, concurrency: 20, migration, routing },
  );
  const working = new AbortController();
  const running = lead({ election: undefined, until: working.signal });
  return {
    ports: { client, clock, log, events, stores: controller.stores, profiles: controller.profiles },
    signal: stopping,
    hasSynced: controller.hasSynced,
    async stop(): Promise<void> {
      working.abort();
      await running;
      await events.stop(2_000);
    },
  };
}

type ReviewPorts = ReturnType<typeof startLoop>["ports"];

/** The webhook without the HTTP between it and an API server: the same reviews in, the same answers out. */
function reviewerOf(ports: ReviewPorts, signal: AbortSignal): Admission["review"] {
  const { client, clock, log } = ports;
  const validate = createValidator({
    // The settings of routers are the defaults.
    rules: cachedRules({ ...ports, routing: {} }, undefined, signal),
    secondOpinion: createSecondOpinion({ client, clock, log }),
    clock,
    complaints: createComplaints(ports),
    // Reviews are made in this process.
    overridden: recordOverrides({ ...ports, authenticated: true }),
    authenticated: true,
  });
  const others = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return async (request: AdmissionRequest): Promise<AdmissionResponse> => {
    const parsed = parseReview({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request });
    if (parsed.kind === "malformed") throw new Error(parsed.reason);
    const answer = await validate(parsed.review, others);
    return (answerReview(parsed.review, answer) as { readonly response: AdmissionResponse }).response;
  };
}
