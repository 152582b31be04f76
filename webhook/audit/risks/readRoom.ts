/** What the cluster has room for, read now and then: nodes, what their pods request, and quotas. */
import type { Log } from "../../../controller/process/log.ts";
import { ApiError } from "../../../kube/client/apiError.ts";
import { pagesOf } from "../../../kube/client/pagedLists.ts";
import { collectionPath } from "../../../kube/client/path.ts";
import { NODES, PODS, RESOURCE_QUOTAS } from "../../../kube/client/resources.ts";
import type { KubeClient } from "../../../kube/client/transport.ts";
import { at, root, text } from "../../../kube/validation/place.ts";
import type { Resource } from "../../../schema/kube.ts";
import { type NodeFacts, nodeFacts } from "./nodeRoom.ts";
import { type Amounts, ONE, plus, podNeeds } from "./podNeeds.ts";
import { type QuotaFacts, quotaFacts } from "./quotaRoom.ts";

/** What could not be read is left out. */
export interface ClusterRoom {
  readonly nodes?: readonly NodeFacts[];
  /** What the pods of a node request, by its name. */
  readonly used?: ReadonlyMap<string, Amounts>;
  /** By namespace. */
  readonly quotas?: ReadonlyMap<string, readonly QuotaFacts[]>;
}

export interface RoomPorts {
  readonly client: KubeClient;
  readonly log: Log;
  /** The only namespace that is watched; then the pods of the others are not known. */
  readonly namespace: string | undefined;
}

/** No cluster has more: that many objects would not be read in a useful time. */
const MOST_OBJECTS = 200_000;
const LEFT_OUT = "Updates are not compared with the room that the cluster has";

/** Nothing of it throws; what we may not read is left out, and said once. */
export function createRoomReader({ client, log, namespace }: RoomPorts): (signal: AbortSignal) => Promise<ClusterRoom> {
  const said = new Set<string>();
  const leftOut = (plural: string, error: unknown, signal: AbortSignal): undefined => {
    if (signal.aborted || said.has(plural)) return undefined;
    said.add(plural);
    const isRight = error instanceof ApiError && error.status === 403;
    log[isRight ? "info" : "warn"](LEFT_OUT, { unread: plural, error });
    return undefined;
  };
  const eachOf = async (
    signal: AbortSignal,
    { api, inNamespace, fieldSelector }: { api: Resource; inNamespace: string | undefined; fieldSelector?: string },
    take: (object: unknown) => void,
  ): Promise<true | undefined> => {
    let count = 0;
    const pages = pagesOf<object>({ client, path: collectionPath(api, inNamespace), query: { fieldSelector }, signal });
    try {
      for await (const page of pages) {
        for (const object of page.items ?? []) take(object);
        count += page.items?.length ?? 0;
        if (count > MOST_OBJECTS) throw new Error(`there are more than ${MOST_OBJECTS}`);
      }
      return signal.aborted ? undefined : true;
    } catch (error) {
      return leftOut(api.plural, error, signal);
    }
  };
  const readNodes = async (signal: AbortSignal): Promise<Pick<ClusterRoom, "nodes" | "used">> => {
    // Pods of namespaces that are not ours to read take their room, too.
    if (namespace !== undefined) return {};
    const nodes: NodeFacts[] = [];
    if (!(await eachOf(signal, { api: NODES, inNamespace: undefined }, (node) => nodes.push(nodeFacts(node)))))
      return {};
    const used = new Map<string, Amounts>();
    const add = (pod: unknown): void => {
      const spec = at(root(pod), "spec");
      const node = text(at(spec, "nodeName"));
      if (node === "") return;
      const taken = new Map([...podNeeds(spec.value).requests, ["pods", ONE]]);
      used.set(node, plus(used.get(node) ?? new Map<string, bigint>(), taken));
    };
    const fieldSelector = "status.phase!=Succeeded,status.phase!=Failed";
    return (await eachOf(signal, { api: PODS, inNamespace: undefined, fieldSelector }, add)) ? { nodes, used } : {};
  };
  const readQuotas = async (signal: AbortSignal): Promise<Pick<ClusterRoom, "quotas">> => {
    const quotas = new Map<string, QuotaFacts[]>();
    const add = (quota: unknown): void => {
      const facts = quotaFacts(quota);
      const space = text(at(root(quota), "metadata", "namespace"));
      if (facts !== undefined) quotas.set(space, [...(quotas.get(space) ?? []), facts]);
    };
    return (await eachOf(signal, { api: RESOURCE_QUOTAS, inNamespace: namespace }, add)) ? { quotas } : {};
  };
  return async (signal) => ({ ...(await readQuotas(signal)), ...(await readNodes(signal)) });
}
