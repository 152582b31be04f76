/** What stands beside a Rollout under admission, from indexes in memory: a review costs no request. */
import type { Stores } from "../../controller/rollout/facts/stores.ts";
import type { Neighbours, PodOwner } from "../../controller/rules/rollout/neighbours.ts";
import type { ObjectsOf } from "../../controller/rules/rollout/namedObjects.ts";
import { workloadKindOf, workloadRefOf } from "../../controller/rules/rollout/workloadRef.ts";
import { needOf } from "../../controller/rollout/facts/optionalStore.ts";
import { at, present, root } from "../../kube/validation/place.ts";
import { INGRESSES } from "../../providers/traffic/ingress.ts";
import { ROUTERS } from "../../providers/traffic/routers.ts";
import { resourceName } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { autoscalerKind, deploymentKind, ingressKind, targetKey } from "./slimKinds.ts";
import { slimWatch, type SlimWatchPorts } from "./slimWatch.ts";

export interface NeighbourPorts extends SlimWatchPorts {
  readonly stores: Stores;
}

export interface NeighbourIndex {
  neighboursIn(namespace: string): Neighbours;
  /** The objects of the namespace that the routers of this Rollout name, where they are known. */
  routedIn(namespace: string, rollout: unknown): { readonly routed?: ObjectsOf };
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

/** Nothing is watched before the first Rollout is judged. @param watched the only namespace; undefined: all */
export function neighbourIndex(
  ports: NeighbourPorts,
  watched: string | undefined,
  signal: AbortSignal,
): NeighbourIndex {
  const deployments = slimWatch(deploymentKind, ports, watched, signal);
  const autoscalers = slimWatch(autoscalerKind, ports, watched, signal);
  const ingresses = slimWatch(ingressKind, ports, watched, signal);
  const { rollouts, workloads } = ports.stores;
  const rolloutNames = (index: "service" | "need", value: string): string[] =>
    rollouts
      .by(index, value)
      .filter(isStaying)
      .map(({ metadata }) => metadata.name);
  return {
    neighboursIn: (namespace) => ({
      owners: () => [
        ...rollouts
          .by("owner", namespace)
          .filter(isStaying)
          .flatMap((rollout) => ownerOf(ports.stores, rollout)),
        ...(deployments.objects()?.by("group", namespace) ?? []).map(({ owner }) => owner),
      ],
      rolloutsWithService: (service) => rolloutNames("service", `${namespace}/${service}`),
      rolloutsOfWorkload: (kind, name) => {
        const store = Object.values(workloads).find((each) => each.kind.api.plural === PLURALS[kind]);
        return store === undefined ? [] : rolloutNames("need", needOf(store.kind, `${namespace}/${name}`));
      },
      autoscalersOf: (kind, name) =>
        (autoscalers.objects()?.by("group", targetKey(namespace, kind, name)) ?? []).map(
          ({ metadata }) => metadata.name ?? "",
        ),
    }),
    routedIn(namespace, rollout) {
      const store = namesIngresses(rollout) ? ingresses.objects() : undefined;
      if (store === undefined) return {};
      const byName = {
        get: (name: string) => store.get(`${namespace}/${name}`),
        has: (name: string) => store.get(`${namespace}/${name}`) !== undefined,
      };
      return { routed: (resource) => (resourceName(resource) === resourceName(INGRESSES) ? byName : undefined) };
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
function ownerOf({ workloads }: Stores, rollout: Rollout): readonly PodOwner[] {
  const { metadata, spec } = rollout;
  const ref = workloadRefOf(rollout);
  const kind = ref === undefined ? undefined : workloadKindOf(ref);
  const known = kind === undefined ? undefined : workloads[kind].look(`${metadata.namespace}/${ref?.name}`);
  const facts = known?.kind === "found" ? known.object.facts : undefined;
  const template = ref === undefined ? spec.template : facts?.template;
  const labels = template?.metadata?.labels;
  if (labels === undefined) return [];
  return [{ kind: "Rollout", name: metadata.name, selector: spec.selector ?? facts?.selector, labels }];
}
