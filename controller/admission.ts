/**
 * The webhook beside the loop: the same rules, on the same caches, in the same process. Import it lazily: a controller
 * that serves no webhook needs none of it.
 */
import type { EventRecorder } from "../providers/kube/events.ts";
import type { KubeClient } from "../providers/kube/transport.ts";
import { runReflector, type KubeObject, type Reflector } from "../providers/kube/watch.ts";
import type { Rollout } from "../schema/rollout.ts";
import { createAudit, type Audit } from "../webhook/audit.ts";
import type { FailurePolicy, WebhookEndpoint } from "../webhook/configuration.ts";
import { createKeeper } from "../webhook/keeper.ts";
import { createWebhookMetrics } from "../webhook/metrics.ts";
import type { Override } from "../webhook/validate.ts";
import { createWebhook, type Webhook } from "../webhook/webhook.ts";
import type { Log } from "./log.ts";
import { createStore, type Store, type Stored } from "./loop/cache.ts";
import type { Clock } from "./loop/clock.ts";
import { admissionFindings, newViolations, type AdmittedKind, type References } from "./rules/admission.ts";
import type { Templates } from "./rules/templateCollection.ts";
import { violationText } from "./rules/violation.ts";
import type { Stores } from "./snapshot/stores.ts";

export interface AdmissionOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly endpoint: WebhookEndpoint;
  /** Undefined: `Fail` while two replicas are ready, else `Ignore`. */
  readonly failurePolicy: FailurePolicy | undefined;
  /** The controller's own namespace. */
  readonly namespace: string;
  /** The only namespace that is watched; undefined: all. */
  readonly watchedNamespace: string | undefined;
  readonly instanceId: string;
  readonly resyncMs: number;
  /** Name of our own pod. */
  readonly pod: string;
}

export interface AdmissionPorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventRecorder;
  readonly stores: Stores;
  readonly isLeader: () => boolean;
}

export interface Admission {
  /** Metrics of reviews, certificates and the audit. */
  render(): Generator<string>;
  /** What keeps the webhook from serving, for /readyz. */
  notReady(): string[];
  /** The leader's part: looks again at what was admitted without us. */
  audit(signal: AbortSignal): Promise<void>;
  /** Resolves after `signal`, when the last review has been answered. */
  readonly done: Promise<void>;
}

/** A template, of which only the spec is kept. */
interface Template extends Stored {
  readonly metadata: Stored["metadata"];
  readonly spec: unknown;
}

type TemplateStore = Store<Template, never, Template>;

/** Starts to serve as soon as there is a certificate; `signal` ends it. */
export function startAdmission(options: AdmissionOptions, ports: AdmissionPorts, signal: AbortSignal): Admission {
  const { client, clock, log } = ports;
  const templates = watchTemplates(options, ports, signal);
  const rules = rulesOn(ports.stores, templates);
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
    watchedNamespace: options.watchedNamespace,
    pod: options.pod,
    onCertificate: async (certificate) => {
      if (webhook !== undefined) return webhook.swapCertificate(certificate);
      const overridden = (override: Override): void => tellOverride(ports, override);
      const { reviewed } = metrics;
      webhook = createWebhook({ rules, client, certificate, reviewed, log, clock, port: options.port, overridden });
      log.info("Serving the webhook", { port: webhook.port });
    },
  });
  const audit = auditOf(options, ports, rules);
  const keeping = keeper.run(signal).then(() => webhook?.stop());
  return {
    *render() {
      yield* metrics.render();
      yield* audit.render();
    },
    notReady: () => (webhook === undefined ? ["the webhook has no certificate yet"] : []),
    audit: (running) => audit.run(running),
    done: keeping,
  };
}

const keyOf = (namespace: string, name: string): string => (namespace === "" ? name : `${namespace}/${name}`);

/** The rules with what the caches hold; an object names others of its own namespace only. */
function rulesOn({ services, rollouts }: Stores, templates: { namespaced: TemplateStore; cluster: TemplateStore }) {
  const templatesOf = (namespace: string): Templates => ({
    namespaced: {
      get: (name) => templates.namespaced.get(keyOf(namespace, name))?.spec,
      has: (name) => templates.namespaced.get(keyOf(namespace, name)) !== undefined,
    },
    cluster: {
      get: (name) => templates.cluster.get(name)?.spec,
      has: (name) => templates.cluster.get(name) !== undefined,
    },
  });
  /** Rollouts that may use a template that is being edited: those of its namespace, or all for a cluster's. */
  const usersIn = (namespace: string): { rollout: Rollout; templates: Templates }[] =>
    [...rollouts.values()]
      .filter(({ metadata }) => namespace === "" || metadata.namespace === namespace)
      .map((rollout) => ({ rollout, templates: templatesOf(rollout.metadata.namespace) }));
  const referencesFor = (kind: AdmittedKind, namespace: string): References => {
    const template = kind === "AnalysisTemplate" || kind === "ClusterAnalysisTemplate";
    return {
      services: {
        get: (name) => services.get(keyOf(namespace, name))?.facts,
        has: (name) => services.get(keyOf(namespace, name)) !== undefined,
      },
      rollouts: {
        get: (name) => rollouts.get(keyOf(namespace, name)),
        has: (name) => rollouts.get(keyOf(namespace, name)) !== undefined,
      },
      templates: templatesOf(namespace),
      ...(template ? { users: usersIn(namespace) } : {}),
    };
  };
  return {
    findings: (object: unknown, kind: AdmittedKind, namespace: string) =>
      admissionFindings(object, kind, { references: referencesFor(kind, namespace) }),
    newViolations,
  };
}

function watchTemplates(options: AdmissionOptions, ports: AdmissionPorts, signal: AbortSignal) {
  const group = "/apis/argoproj.io/v1alpha1";
  const store = (): TemplateStore =>
    createStore<Template, never, Template>({
      transform: ({ metadata: { name, namespace, uid, resourceVersion }, spec }) => ({
        metadata: { name, namespace, uid, resourceVersion },
        spec,
      }),
    });
  const watch = (path: string, sink: TemplateStore): Reflector =>
    runReflector<Template & KubeObject>({
      client: ports.client,
      clock: ports.clock,
      path,
      sink,
      signal,
      onError: (error, failures) => ports.log.warn("Cannot watch templates; trying again", { error, failures }),
    });
  const { watchedNamespace } = options;
  const scope = watchedNamespace === undefined ? group : `${group}/namespaces/${watchedNamespace}`;
  const namespaced = store();
  const cluster = store();
  watch(`${scope}/analysistemplates`, namespaced);
  watch(`${group}/clusteranalysistemplates`, cluster);
  return { namespaced, cluster };
}

function auditOf(options: AdmissionOptions, ports: AdmissionPorts, rules: ReturnType<typeof rulesOn>): Audit {
  return createAudit({
    client: ports.client,
    clock: ports.clock,
    log: ports.log,
    findings: (kind, object) => rules.findings(object, kind, object.metadata.namespace ?? "").refuse.map(violationText),
    cached: { Rollout: () => ports.stores.rollouts.values() },
    record: (event) => ports.events.record(event),
    namespace: options.watchedNamespace,
    instanceId: options.instanceId,
    resyncMs: options.resyncMs,
  });
}

/** Letting an object through against the rules is somebody's decision: it is written down on the object. */
function tellOverride({ events, log }: AdmissionPorts, { kind, namespace, name, uid, user, refusals }: Override): void {
  const message = `Admitted by the annotation sluice.dev/admission (${user}) although ${refusals.join("; ")}`;
  log.warn("Admitted against the rules", { kind, namespace, name, user, refusals: refusals.length });
  const object = { apiVersion: "argoproj.io/v1alpha1", kind, namespace: namespace || "default", name, uid };
  events.record({ object, type: "Warning", reason: "AdmissionOverridden", message: message.slice(0, 1_000) });
}
