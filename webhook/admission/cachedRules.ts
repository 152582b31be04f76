/** The rules of admission on the controller's own caches: for the webhook, and for a server in the same process. */
import { collectionPath } from "../../kube/client/path.ts";
import { ANALYSIS_TEMPLATES, CLUSTER_ANALYSIS_TEMPLATES } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { runReflector, type KubeObject, type Reflector } from "../../kube/runtime/watch.ts";
import type { RouterSettings } from "../../providers/traffic/settings.ts";
import type { Resource } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { Rules } from "../review/validate.ts";
import { createComplaints, logWatchError } from "../../controller/process/complaints.ts";
import type { Log } from "../../controller/process/log.ts";
import type { DeploymentIndex } from "./deploymentIndex.ts";
import { neighbourIndex } from "./neighbours.ts";
import { findRouted } from "./findRouted.ts";
import { findWorkloads } from "./findWorkloads.ts";
import { profileFacts } from "./profileFacts.ts";
import type { Profiles } from "../../controller/migration/facts/profiles.ts";
import type { Store } from "../../kube/runtime/cache.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { refill } from "../../controller/rollout/facts/refill.ts";
import {
  admissionFindings,
  newViolations,
  type AdmittedKind,
  type References,
} from "../../controller/rules/admission/admissionFindings.ts";
import type { Templates } from "../../controller/rules/analysis/templateCollection.ts";
import { whyHeldBack } from "../../kube/validation/size.ts";
import { roomy } from "../../controller/rollout/facts/room.ts";
import { slimTemplate, TEMPLATE, type Template } from "../../controller/rollout/facts/slim.ts";
import type { Stores } from "../../controller/rollout/facts/stores.ts";
import type { Trouble } from "../../controller/process/troubles.ts";

export interface CachedRules extends Rules {
  /** The templates that Rollouts of a namespace may use, as the cluster holds them. */
  readonly templatesIn: (namespace: string) => Templates;
}

export interface RulesPorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly stores: Stores;
  /** Absent: ConfigMaps of profiles are not judged. */
  readonly profiles?: Profiles;
  /** As for the controller (controller.ts). */
  readonly trouble?: Trouble;
  /** The controller's settings for objects of routers. */
  readonly routing?: RouterSettings | undefined;
  /** Where others ask it, too. */
  readonly deployments?: DeploymentIndex;
}

const isThere = (object: unknown): boolean => object !== undefined && object !== null;

type TemplateStore = Store<Template, never, Template>;

const keyOf = (namespace: string, name: string): string => (namespace === "" ? name : `${namespace}/${name}`);

/** How many objects of other namespaces may be passed over to find names for somebody who has misspelt one. */
const mostPassedOver = 20_000;

/** Names of the cached objects of a namespace; undefined: of the cluster. */
function* namesIn(
  objects: Iterable<{
    readonly metadata: { readonly name?: string | undefined; readonly namespace?: string | undefined };
  }>,
  namespace: string | undefined,
): Generator<string> {
  let seen = 0;
  for (const { metadata } of objects) {
    if (seen++ > mostPassedOver) return;
    if (namespace === undefined || metadata.namespace === namespace) yield metadata.name ?? "";
  }
}

/**
 * The rules, with the contents of the caches; an object can refer only to objects of its own namespace. Templates are
 * watched from now on, until `signal`; `watchedNamespace` is the only one that is watched, undefined: all.
 */
export function cachedRules(ports: RulesPorts, watchedNamespace: string | undefined, signal: AbortSignal): CachedRules {
  const { services, rollouts } = ports.stores;
  const templates = watchTemplates(ports, watchedNamespace, signal);
  const neighbours = neighbourIndex({ ...ports, watched: watchedNamespace, signal });
  const templatesOf = (namespace: string): Templates => ({
    namespaced: {
      get: (name) => templates.namespaced.get(keyOf(namespace, name))?.spec,
      has: (name) => templates.namespaced.get(keyOf(namespace, name)) !== undefined,
      keys: () => namesIn(templates.namespaced.values(), namespace),
    },
    cluster: {
      get: (name) => templates.cluster.get(name)?.spec,
      has: (name) => templates.cluster.get(name) !== undefined,
      keys: () => namesIn(templates.cluster.values(), undefined),
    },
  });
  /** Rollouts that may use a template that is being edited: those of its namespace, or all for a cluster template. */
  function* usersIn(namespace: string): Generator<{ rollout: Rollout; templates: Templates }> {
    for (const rollout of rollouts.values())
      if (namespace === "" || rollout.metadata.namespace === namespace)
        yield { rollout, templates: templatesOf(rollout.metadata.namespace) };
  }
  const referencesFor = (object: unknown, kind: AdmittedKind, namespace: string): References => {
    const template = kind === "AnalysisTemplate" || kind === "ClusterAnalysisTemplate";
    return {
      services: {
        get: (name) => services.get(keyOf(namespace, name))?.facts,
        has: (name) => services.get(keyOf(namespace, name)) !== undefined,
        keys: () => namesIn(services.values(), namespace),
      },
      rollouts: {
        get: (name) => rollouts.get(keyOf(namespace, name)),
        has: (name) => rollouts.get(keyOf(namespace, name)) !== undefined,
      },
      templates: templatesOf(namespace),
      ...(template ? { users: usersIn(namespace) } : {}),
      ...(kind === "Rollout"
        ? { neighbours: neighbours.neighboursIn(namespace), ...neighbours.routedIn(namespace, object) }
        : {}),
    };
  };
  const { profiles } = ports;
  const referencesIn = (namespace: string) => referencesFor(undefined, "Experiment", namespace);
  return {
    ...(profiles === undefined
      ? {}
      : {
          profileFacts: (review, untilMs) =>
            profileFacts({ ...ports, profiles, watched: watchedNamespace, referencesIn }, review, untilMs),
        }),
    findings: (object, kind, namespace, found = {}) =>
      admissionFindings(object, kind, { references: { ...referencesFor(object, kind, namespace), ...found } }),
    find(objects, kind, namespace, untilMs) {
      if (kind !== "Rollout") return undefined;
      const found = findWorkloads(ports, objects, namespace, untilMs);
      const routed = findRouted(ports, objects.filter(isThere), untilMs);
      const soon = neighbours.soon(objects, untilMs);
      if (soon === undefined && routed === undefined) return found;
      return Promise.all([found, routed, soon]).then(([workloads, routes]) => ({ ...workloads, ...routes }));
    },
    newViolations,
    templatesIn: templatesOf,
  };
}

function watchTemplates(ports: RulesPorts, watchedNamespace: string | undefined, signal: AbortSignal) {
  const complaints = createComplaints(ports);
  const { room } = ports.stores;
  const store = (): TemplateStore =>
    roomy<Template, never, Template>(room, {
      transform: (raw) => slimTemplate(raw, room),
      isPartial: ({ spec }) => whyHeldBack(spec) !== undefined,
    });
  const watch = (resource: Resource, namespace: string | undefined, sink: TemplateStore): Reflector => {
    const path = collectionPath(resource, namespace);
    const reflector = runReflector<Template & KubeObject>({
      client: ports.client,
      clock: ports.clock,
      path,
      sink,
      signal,
      onError(error, failures) {
        if (ports.trouble?.(path, error, () => !reflector.isReady()) === true) return;
        logWatchError(complaints, resource.plural, error, failures);
      },
    });
    return reflector;
  };
  const namespaced = store();
  const cluster = store();
  refill({ ...ports, complaints, room, signal }, ({ kind, namespace }) => {
    if (kind !== TEMPLATE) return undefined;
    const [api, store] = namespace === "" ? [CLUSTER_ANALYSIS_TEMPLATES, cluster] : [ANALYSIS_TEMPLATES, namespaced];
    return { api, upsert: (raw) => store.upsert(raw as Template) };
  });
  watch(ANALYSIS_TEMPLATES, watchedNamespace, namespaced);
  watch(CLUSTER_ANALYSIS_TEMPLATES, undefined, cluster);
  return { namespaced, cluster };
}
