/** Pods that stopped serving by themselves, until a controller can know of it. */
import type { Change } from "../../../simulator/model/model.ts";

interface Loss {
  /** The version of the ReplicaSet that first counts without it; undefined: it still counts it. */
  countedIn: string | undefined;
}

interface Counts {
  readonly status?: { readonly availableReplicas?: number };
}

const isReady = (object: unknown): boolean => {
  const { metadata, status } = object as {
    metadata: { deletionTimestamp?: string };
    status?: { conditions?: readonly { type: string; status: string }[] };
  };
  return (
    metadata.deletionTimestamp === undefined &&
    status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true
  );
};

export function lossesOf() {
  const bySet = new Map<string, Loss[]>();
  const ownerOf = ({ object }: Change): string =>
    object.metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid ?? "";
  return {
    take(change: Change): void {
      const { resource, type, object, old } = change;
      if (resource === "pods" && old !== undefined && isReady(old) && (type === "DELETED" || !isReady(object))) {
        const uid = ownerOf(change);
        const losses = bySet.get(uid) ?? [];
        bySet.set(uid, losses);
        losses.push({ countedIn: undefined });
      }
      if (resource !== "replicasets.apps") return;
      const { uid, resourceVersion } = object.metadata;
      const [before, after] = [old, object].map((set) => (set as Counts | undefined)?.status?.availableReplicas ?? 0);
      let missing = (before ?? 0) - (after ?? 0);
      for (const loss of bySet.get(uid) ?? []) {
        if (loss.countedIn !== undefined || missing <= 0) continue;
        loss.countedIn = resourceVersion;
        missing -= 1;
      }
    },
    /** How many of a ReplicaSet's pods were lost that a controller which has seen `version` of it cannot know of. */
    uncounted(setUid: string, version: string | undefined): number {
      const losses = bySet.get(setUid) ?? [];
      if (version === undefined) return losses.length;
      return losses.filter(({ countedIn }) => countedIn === undefined || Number(countedIn) > Number(version)).length;
    },
  };
}
