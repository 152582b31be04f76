/** The subresources of an object beside its status. */
import { answer, type Call, objectIn, type Outcome, writeOptionsOf } from "../objects/call.ts";
import { foundSlot } from "../objects/core.ts";
import { evict, success } from "./eviction.ts";
import { contentFinalizers } from "../state/kinds.ts";
import type { ApiObject } from "../../model/model.ts";
import { finalizeNamespace } from "../objects/namespaces.ts";
import { badRequest, methodNotAllowed } from "../state/refusals.ts";
import { scale } from "./scale.ts";
import { commit, prepareUpdate } from "../objects/writes.ts";

const topologyLabels = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"];

/** The node's labels that its pods get, too. */
const topologyOf = (node: ApiObject | undefined): Record<string, string> => {
  const labels = node?.metadata.labels ?? {};
  return Object.fromEntries(
    topologyLabels.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])),
  );
};

interface PodStatus {
  readonly conditions?: readonly { readonly type: string }[];
}

/** The status of a pod that has just been bound to a node. */
const scheduled = (status: PodStatus, now: string): PodStatus => {
  const condition = { type: "PodScheduled", status: "True", lastProbeTime: null, lastTransitionTime: now };
  const others = (status.conditions ?? []).filter(({ type }) => type !== condition.type);
  return { ...status, conditions: [...others, condition] };
};

const bind = (call: Call, name: string): Outcome => {
  const { world, route } = call;
  const { dryRun } = writeOptionsOf(call);
  const { target } = objectIn(call) as { readonly target?: { readonly kind?: string; readonly name?: string } };
  const nodeName = target?.name ?? "";
  if (nodeName === "") throw badRequest("target.name: Required value: a pod is bound to a node by its name");
  const slot = foundSlot(world, route.kind, route.namespace, name);
  const nodes = world.store.collection("nodes");
  const node = nodes === undefined ? undefined : world.store.find(nodes, "", nodeName)?.object;
  const { object } = slot;
  const topology = topologyOf(node);
  const labels = { ...object.metadata.labels, ...topology };
  const draft = {
    ...object,
    metadata: Object.keys(topology).length === 0 ? object.metadata : { ...object.metadata, labels },
    spec: { nodeName },
    status: scheduled(object["status"] ?? {}, world.now()),
  };
  commit(world, prepareUpdate(world, route.kind, slot, draft, { subresource: "binding" }), dryRun);
  return answer(201, success(201));
};

const finalize = (call: Call, name: string): Outcome => {
  const { world, route } = call;
  const slot = foundSlot(world, route.kind, route.namespace, name);
  return answer(200, finalizeNamespace(world, slot, contentFinalizers(objectIn(call))));
};

/** @throws {StatusError} 405 for what this subresource does not do */
export const ofSubresource = (call: Call, name: string, subresource: string): Outcome => {
  const { method } = call.request;
  switch (subresource) {
    case "scale":
      return scale(call, name);
    case "eviction":
      if (method === "POST") return evict(call, name);
      break;
    case "binding":
      if (method === "POST") return bind(call, name);
      break;
    case "finalize":
      if (method === "PUT") return finalize(call, name);
      break;
    default:
  }
  throw methodNotAllowed();
};
