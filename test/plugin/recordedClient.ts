/** A cluster that holds recorded objects as they were, uids and times included, and can only be read. */
import { collectionPath } from "../../kube/client/path.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { RESOURCES, type ShelfName } from "../../controller/reading/shelves.ts";
import type { KubeObject } from "../cluster/harness/api.ts";

const KINDS: { readonly [S in ShelfName]: string } = {
  rollouts: "Rollout",
  experiments: "Experiment",
  replicaSets: "ReplicaSet",
  pods: "Pod",
  analysisRuns: "AnalysisRun",
  deployments: "Deployment",
};

export function recordedClient(namespace: string, objects: readonly KubeObject[]): KubeClient {
  const byPath = new Map<string, readonly KubeObject[]>(
    Object.entries(RESOURCES).flatMap(([shelf, resource]) => {
      const items = objects.filter(({ kind }) => kind === KINDS[shelf as ShelfName]);
      return [namespace, undefined].map((where): [string, readonly KubeObject[]] => [
        collectionPath(resource, where),
        items,
      ]);
    }),
  );
  return {
    server: "recorded",
    namespace,
    async request<T>({ path, query }: Parameters<KubeClient["request"]>[0]) {
      const name = /^metadata\.name=(.*)$/.exec(String(query?.["fieldSelector"] ?? ""))?.[1];
      const items = byPath.get(path)?.filter(({ metadata }) => name === undefined || metadata.name === name) ?? [];
      return { metadata: { resourceVersion: "1" }, items: items.toReversed() } as T;
    },
    open: () => Promise.reject(new Error("recorded objects do not change")),
  };
}
