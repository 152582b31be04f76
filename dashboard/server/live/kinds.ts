/** What the dashboard keeps of the objects that it watches: as much as it shows, and no more. */
import type { Shelves as ShelvesOfTree } from "../../../controller/reading/shelves.ts";
import type { SeenPod } from "../../../controller/view/pod.ts";
import { createStore, type Store, type Stored } from "../../../kube/runtime/cache.ts";
import type { AnalysisRun } from "../../../schema/analysis.ts";
import type { Experiment } from "../../../schema/experiment.ts";
import type { ReplicaSet } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { StoredEvent } from "../view/eventView.ts";

type WithOwners = Stored & {
  readonly metadata: { readonly ownerReferences?: readonly { readonly uid: string }[] | undefined };
};

const owners = (object: unknown): readonly string[] =>
  ((object as WithOwners).metadata.ownerReferences ?? []).map(({ uid }) => uid);

const shelf = <T extends Stored>(slim: (raw: T) => T): Store<T, "owner"> =>
  createStore<T, "owner">({ transform: (raw) => slim(raw as T), indices: { owner: owners } });

/** Often longer than all the rest. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

function bare<T extends Stored>(raw: T): T {
  const { managedFields: _, annotations, ...metadata } = raw.metadata as Readonly<Record<string, unknown>>;
  const { [LAST_APPLIED]: __, ...kept } = (annotations ?? {}) as Readonly<Record<string, unknown>>;
  return { ...raw, metadata: { ...metadata, ...(annotations !== undefined && { annotations: kept }) } };
}

interface Container {
  readonly name?: string;
  readonly image?: string;
}

interface Pods {
  readonly containers?: readonly Container[] | null;
  readonly initContainers?: readonly Container[] | null;
}

const imagesAlone = (all: readonly Container[] | null | undefined): readonly Container[] =>
  (all ?? []).map(({ name = "", image = "" }) => ({ name, image }));

/** Of a pod template the images. */
function slimReplicaSet(raw: ReplicaSet): ReplicaSet {
  const { spec, ...rest } = bare(raw);
  const { containers, initContainers } = (spec.template?.spec ?? {}) as Pods;
  const template = { spec: { containers: imagesAlone(containers), initContainers: imagesAlone(initContainers) } };
  return { ...rest, spec: { ...spec, template } };
}

function slimPod(raw: SeenPod): SeenPod {
  const { spec = {}, status = {} } = raw;
  const { phase, reason, initContainerStatuses, containerStatuses } = status;
  const { labels: _, annotations: __, ...metadata } = bare(raw as Stored).metadata as Readonly<Record<string, unknown>>;
  return {
    metadata,
    spec: {
      containers: (spec.containers ?? []).map(() => ({})),
      initContainers: (spec.initContainers ?? []).map(({ name, restartPolicy }) => ({
        ...(name === undefined ? {} : { name }),
        ...(restartPolicy === undefined ? {} : { restartPolicy }),
      })),
    },
    status: {
      ...(phase === undefined ? {} : { phase }),
      ...(reason === undefined ? {} : { reason }),
      ...(initContainerStatuses === undefined ? {} : { initContainerStatuses }),
      ...(containerStatuses === undefined ? {} : { containerStatuses }),
    },
  };
}

export interface Shelves extends Omit<ShelvesOfTree, "deployments"> {
  /** Found by the uid of what they are about. */
  readonly events: Store<StoredEvent, "about">;
}

/** A Rollout is shown with all of its annotations. */
function unmanaged(raw: Rollout): Rollout {
  const { managedFields: _, ...metadata } = raw.metadata as Rollout["metadata"] & { readonly managedFields?: unknown };
  return { ...raw, metadata };
}

export const newShelves = (): Shelves => ({
  rollouts: shelf<Rollout>(unmanaged),
  replicaSets: shelf<ReplicaSet>(slimReplicaSet),
  analysisRuns: shelf<AnalysisRun>(bare),
  experiments: shelf<Experiment>(bare),
  pods: shelf<SeenPod>(slimPod),
  events: createStore<StoredEvent, "about">({
    transform: (raw) => bare(raw as StoredEvent),
    indices: { about: ({ involvedObject }) => (involvedObject?.uid === undefined ? [] : [involvedObject.uid]) },
  }),
});
