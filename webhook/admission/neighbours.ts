/** What stands beside a Rollout under admission, from indexes in memory: a review costs no request. */
import type { Stores } from "../../controller/rollout/facts/stores.ts";
import type { Neighbours, PodOwner } from "../../controller/rules/rollout/neighbours.ts";
import type { References } from "../../controller/rules/admission/admissionFindings.ts";
import { roleLabels } from "../../controller/rules/rollout/roleMetadata.ts";
import { workloadKindOf, workloadRefOf } from "../../controller/rules/rollout/workloadRef.ts";
import { needOf } from "../../controller/rollout/facts/optionalStore.ts";
import { createStore, keyOf } from "../../kube/runtime/cache.ts";
import { at, present, root } from "../../kube/validation/place.ts";
import { INGRESSES } from "../../providers/traffic/ingress.ts";
import type { RouterSettings } from "../../providers/traffic/settings.ts";
import { ROUTERS } from "../../providers/traffic/routers.ts";
import { resourceName } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { type DeploymentIndex, deploymentIndex } from "./deploymentIndex.ts";
import { createPodIndex, type PodIndex } from "./podIndex.ts";
import { autoscalerKind, ingressKind, type SlimAutoscaler, targetKey } from "./slimKinds.ts";
import { slimWatch, type SlimWatchPorts } from "./slimWatch.ts";

export interface NeighbourPorts extends SlimWatchPorts {
  readonly stores: Stores;
  /** The controller's settings for objects of routers; undefined: they are not known. */
  readonly routing?: RouterSettings | undefined;
  /** Where others ask it, too: one watch is enough. */
  readonly deployments?: DeploymentIndex | undefined;
}

export interface NeighbourIndex {
  neighboursIn(namespace: string): Neighbours;
  /** The objects of the namespace that the routers of this Rollout name, where they are known. */
  routedIn(namespace: string, rollout: unknown): Pick<References, "routed" | "routing">;
  /**
   * Resolves when what these Rollouts need is known, at the latest at `untilMs` (of the clock); undefined: it is, or will
   * not be. Only the first reviews of a process wait.
   */
  soon(rollouts: readonly unknown[], untilMs: number): Promise<void> | undefined;
}

/** The second opinion and the rules have to fit into the same second. */
const LONGEST_WAIT_MS = 500;

const ingressRouters = ROUTERS.filter(
  ({ named }) => named !== undefined && resourceName(named.resource) === resourceName(INGRESSES),
);

function namesIngresses(rollout: unknown): boolean {
  const routing = at(root(rollout), "spec", "strategy", "canary", "trafficRouting");
  return ingressRouters.some(({ kind }) => present(at(routing, kind)));
}

/** Nothing is watched before the first Rollout is judged. */
export function neighbourIndex(ports: NeighbourPorts): NeighbourIndex {
  const deployments = ports.deployments ?? deploymentIndex(ports);
  const autoscalers = indexAutoscalers(ports);
  const ingresses = indexIngresses(ports);
  const { rollouts, workloads } = ports.stores;
  const rolloutNames = (index: "service" | "need", value: string): string[] =>
    rollouts
      .by(index, value)
      .filter(isStaying)
      .map(({ metadata }) => metadata.name);
  const podOwners = indexRollouts(rollouts);
  return {
    neighboursIn: (namespace) => ({
      ownersLike: (selector, labels) => [
        ...podOwners.like(namespace, selector, labels),
        ...rollouts
          .by("owner", namespace)
          .filter((rollout) => rollout.spec.workloadRef !== undefined && isStaying(rollout))
          .flatMap((rollout) => ownerOfWorkload(ports.stores, rollout)),
        ...(deployments.isKnown() ? deployments.pods.like(namespace, selector, labels) : []),
      ],
      rolloutsWithService: (service) => rolloutNames("service", `${namespace}/${service}`),
      rolloutsOfWorkload: (kind, name) => {
        const store = Object.values(workloads).find((each) => each.kind.api.plural === PLURALS[kind]);
        return store === undefined ? [] : rolloutNames("need", needOf(store.kind, `${namespace}/${name}`));
      },
      autoscalersOf: (kind, name) =>
        autoscalers.isKnown()
          ? autoscalers.store.by("target", targetKey(namespace, kind, name)).map(({ metadata }) => metadata.name ?? "")
          : [],
    }),
    routedIn(namespace, rollout) {
      if (!namesIngresses(rollout) || !ingresses.isKnown()) return {};
      const { store } = ingresses;
      const byName = {
        get: (name: string) => store.get(`${namespace}/${name}`),
        has: (name: string) => store.get(`${namespace}/${name}`) !== undefined,
      };
      const { routing } = ports;
      return {
        routing,
        routed: (resource) => (resourceName(resource) === resourceName(INGRESSES) ? byName : undefined),
      };
    },
    soon(objects, untilMs) {
      const waits = [deployments, autoscalers, ...(objects.some(namesIngresses) ? [ingresses] : [])].flatMap(
        (watch) => watch.soon() ?? [],
      );
      if (waits.length === 0) return undefined;
      const late = Promise.withResolvers<void>();
      const waitMs = Math.min(LONGEST_WAIT_MS, untilMs - ports.clock.now());
      const cancel = ports.clock.after(Math.max(0, waitMs), late.resolve);
      return Promise.race([Promise.all(waits).then(() => undefined), late.promise]).finally(cancel);
    },
  };
}

const PLURALS: Readonly<Record<string, string>> = {
  Deployment: "deployments",
  ReplicaSet: "replicasets",
  PodTemplate: "podtemplates",
};

const isStaying = ({ metadata }: Rollout): boolean => metadata.deletionTimestamp === undefined;

/** A Rollout that is too large is held without its template; then its pods are not known. */
export function ownerOf(rollout: Rollout): PodOwner | undefined {
  const { metadata, spec } = rollout;
  const labels = spec.template?.metadata?.labels;
  if (labels === undefined || spec.workloadRef !== undefined || !isStaying(rollout)) return undefined;
  return { kind: "Rollout", name: metadata.name, selector: spec.selector, labels, ...stateOf(rollout, labels) };
}

function stateOf(rollout: Rollout, labels: PodOwner["labels"]): Pick<PodOwner, "unsure" | "isEmpty"> {
  const unsure = roleLabels(rollout, labels);
  return { ...(unsure.length > 0 && { unsure }), ...(rollout.spec.replicas === 0 && { isEmpty: true }) };
}

/** Its pods are those of the workload's template, which changes without it: looked up when it is asked for. */
function ownerOfWorkload({ workloads }: Stores, rollout: Rollout): readonly PodOwner[] {
  const { metadata, spec } = rollout;
  const ref = workloadRefOf(rollout);
  const kind = ref === undefined ? undefined : workloadKindOf(ref);
  const known = kind === undefined ? undefined : workloads[kind].find(`${metadata.namespace}/${ref?.name}`);
  if (known?.kind !== "found") return [];
  const { template, selector } = known.object.facts;
  const labels = template.metadata?.labels ?? {};
  const state = stateOf(rollout, labels);
  return [{ kind: "Rollout", name: metadata.name, selector: spec.selector ?? selector, labels, ...state }];
}

function indexAutoscalers(ports: NeighbourPorts) {
  const target = (autoscaler: SlimAutoscaler): readonly string[] => [autoscaler.target];
  const store = createStore({ transform: autoscalerKind.slim, indices: { target } });
  return { store, ...slimWatch(autoscalerKind.api, store, ports) };
}

function indexIngresses(ports: NeighbourPorts) {
  const store = createStore({ transform: ingressKind.slim });
  return { store, ...slimWatch(ingressKind.api, store, ports) };
}

function indexRollouts(rollouts: Stores["rollouts"]): PodIndex {
  const index = createPodIndex();
  const put = (rollout: Rollout): void => index.put(keyOf(rollout), rollout.metadata.namespace, ownerOf(rollout));
  for (const rollout of rollouts.values()) put(rollout);
  rollouts.onChange((old, next) => {
    if (next !== undefined) put(next);
    else if (old !== undefined) index.put(keyOf(old), old.metadata.namespace, undefined);
  });
  return index;
}
