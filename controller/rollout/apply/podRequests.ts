/** Pods are not cached: the few features that use them read them when needed. */
import { ApiError, isConflict, isNotFound } from "../../../kube/client/apiError.ts";
import { pagesOf } from "../../../kube/client/pagedLists.ts";
import { collectionPath, objectPath } from "../../../kube/client/path.ts";
import { PODS } from "../../../kube/client/resources.ts";
import type { KubeClient, KubeRequest } from "../../../kube/client/transport.ts";
import type { PodFacts, PodCheck, PodMetadataChange, ReplicaSetFacts } from "../model/model.ts";
import { instant } from "../../../kube/object/time.ts";
import { podRestart, podWait, type PodStatusView } from "../facts/podWait.ts";

/** What is read of a pod. */
interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly uid: string; readonly controller?: boolean }[];
  };
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly lastTransitionTime?: string;
    }[];
  };
}

const controllerOf = (pod: Pod): string =>
  pod.metadata.ownerReferences?.find((owner) => owner.controller === true)?.uid ?? "";

/** What `pick` returns for each pod, without undefined; only one page of pods is in memory at a time. */
async function pickPods<T>(
  client: KubeClient,
  namespace: string,
  labelSelector: string,
  pick: (pod: Pod & PodStatusView) => T | undefined,
): Promise<T[]> {
  const picked: T[] = [];
  for await (const { items } of pagesOf<Pod & PodStatusView>({
    client,
    path: collectionPath(PODS, namespace),
    query: { labelSelector },
  }))
    for (const pod of items ?? []) {
      const one = pick(pod);
      if (one !== undefined) picked.push(one);
    }
  return picked;
}

/** Pods of the given ReplicaSets as the API server has them now. `selector`: text form. @throws {ApiError} */
export async function readPods(
  client: KubeClient,
  namespace: string,
  selector: string,
  sets: readonly ReplicaSetFacts[],
): Promise<PodFacts[]> {
  const uids = new Set(sets.map((rs) => rs.uid));
  return pickPods(client, namespace, selector, (pod) => (uids.has(controllerOf(pod)) ? podFacts(pod) : undefined));
}

function podFacts(pod: Pod): PodFacts {
  const ready = pod.status?.conditions?.find((c) => c.type === "Ready" && c.status === "True");
  return {
    name: pod.metadata.name,
    setUid: controllerOf(pod),
    createdAt: instant(pod.metadata.creationTimestamp) ?? 0,
    deleting: pod.metadata.deletionTimestamp !== undefined,
    readySince: instant(ready?.lastTransitionTime),
  };
}

/** Reads what the pods of a ReplicaSet wait for. A failure to read them is returned, too. */
export async function checkPods(client: KubeClient, rs: ReplicaSetFacts, at: number): Promise<PodCheck> {
  const check = { at, setUid: rs.uid };
  try {
    const pods = await pickPods(client, rs.namespace, rs.selector, (pod) =>
      controllerOf(pod) === rs.uid && pod.metadata.deletionTimestamp === undefined
        ? { wait: podWait(pod), restart: podRestart(pod) }
        : undefined,
    );
    const waits = pods.map(({ wait }) => wait).filter((wait) => wait !== undefined);
    // When all are ready at this moment: those that have crashed before, and may crash again.
    const restarts = waits.length > 0 ? [] : pods.map(({ restart }) => restart).filter((wait) => wait !== undefined);
    return { ...check, pods: pods.length, waits: [...waits, ...restarts] };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { ...check, pods: 0, waits: [], failure: error.message };
  }
}

type Send = <T>(request: KubeRequest) => Promise<T>;

/**
 * Asks for an eviction. A refusal by a PodDisruptionBudget (429) is not an error: the pod stays for now.
 * @returns whether the pod is evicted, or gone
 * @throws {ApiError}
 */
export async function evictPod(send: Send, eviction: KubeRequest): Promise<boolean> {
  try {
    await send({ ...eviction, retry: false });
    return true;
  } catch (error) {
    const refused = error instanceof ApiError && error.status === 429;
    if (!refused && !isNotFound(error)) throw error;
    return !refused;
  }
}

const PARALLEL = 10;
const ATTEMPTS = 3;

/** Sets labels and annotations on all pods of a ReplicaSet that lack them, ten at a time. @throws {ApiError} */
export async function patchPods(
  send: Send,
  client: KubeClient,
  rs: ReplicaSetFacts,
  { labels, annotations }: PodMetadataChange,
): Promise<void> {
  const stale = await pickPods(client, rs.namespace, rs.selector, (pod) => {
    const done = hasAll(pod.metadata.labels, labels) && hasAll(pod.metadata.annotations, annotations);
    return controllerOf(pod) !== rs.uid || done ? undefined : named(pod);
  });
  const patchNext = async (): Promise<void> => {
    for (let pod = stale.pop(); pod !== undefined; pod = stale.pop())
      await patchPod(send, pod, { labels, annotations });
  };
  await Promise.all(Array.from({ length: PARALLEL }, patchNext));
}

const named = ({ metadata: { name, namespace } }: Pod): Pod => ({ metadata: { name, namespace } });

const hasAll = (
  map: Readonly<Record<string, string>> | undefined,
  wanted: Readonly<Record<string, string | null>>,
): boolean => Object.entries(wanted).every(([key, value]) => (map?.[key] ?? null) === value);

async function patchPod(
  send: Send,
  pod: Pod,
  metadata: Pick<PodMetadataChange, "labels" | "annotations">,
): Promise<void> {
  const path = objectPath(PODS, pod.metadata);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await send({ method: "PATCH", path, body: { metadata }, contentType: "application/merge-patch+json" });
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      if (attempt === ATTEMPTS || !isConflict(error)) throw error;
    }
  }
}
