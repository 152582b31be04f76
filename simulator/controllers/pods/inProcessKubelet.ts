/**
 * The fake kubelet beside an in-memory server: the same course of pods as against a real one (kubelet/life.ts), without
 * waiting for anything, so that a world in virtual time takes the same course every time.
 */
import type { ApiCore, Change } from "../../model/model.ts";
import { StatusError } from "../../model/statusError.ts";
import { podLife, type PodLife, type PodMemory, type PodSink } from "../../kubelet/life.ts";
import { fakeNode } from "../../kubelet/node.ts";
import { defaultSettings, type KubeletSettings } from "../../kubelet/pod.ts";
import { type PodCondition, type PodStatusPatch, rfc3339 } from "../../kubelet/podStatus.ts";
import { type Condition, conditionOf, keyOf, type Pod } from "../loop/objects.ts";

export interface InProcessKubeletOptions {
  readonly core: ApiCore;
  readonly settings?: Partial<KubeletSettings> | undefined;
  /** Fake nodes to create; 3 by default. */
  readonly nodes?: number | undefined;
  readonly podsPerNode?: number | undefined;
  /** From a change to its observation. */
  readonly lagMs: () => number;
}

export interface InProcessKubelet {
  readonly life: PodLife;
  take(change: Change): void;
  stop(): void;
}

/** Without the nulls by which a patch removes. */
function withoutNulls({ reason, message, ...rest }: PodCondition): Condition {
  return {
    ...rest,
    ...(typeof reason === "string" ? { reason } : {}),
    ...(typeof message === "string" ? { message } : {}),
  };
}

/** What a strategic merge patch of a pod's status does: conditions by type, all else replaced. */
function patchedStatus(status: Pod["status"], patch: PodStatusPatch): Pod["status"] {
  const changed = new Map(patch.conditions.map((condition) => [condition.type, condition]));
  const kept = (status?.conditions ?? []).map((condition) => {
    const next = changed.get(condition.type);
    changed.delete(condition.type);
    return next === undefined ? condition : withoutNulls(next);
  });
  return { ...status, ...patch, conditions: [...kept, ...[...changed.values()].map(withoutNulls)] };
}

/** A pod that was created with a node was never scheduled; its kubelet sets the condition PodScheduled. */
function scheduled(status: Pod["status"], { clock }: ApiCore): Pod["status"] {
  const conditions = status?.conditions ?? [];
  if (conditionOf(conditions, "PodScheduled") !== undefined) return status;
  const condition = { type: "PodScheduled", status: "True", lastTransitionTime: rfc3339(clock.now()) } as const;
  return { ...status, conditions: [condition, ...conditions] };
}

const isGone = (error: StatusError): boolean => error.status.code === 404;

/** Sends a request for a pod that still has its uid; repeats it when it is refused, but not when the pod is gone. */
function attempt(core: ApiCore, { namespace, name, uid }: PodMemory, request: () => void, failed: () => void): void {
  if (core.get({ resource: "pods", namespace, name })?.metadata.uid !== uid) return;
  try {
    request();
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (!isGone(error)) failed();
  }
}

const sinkOf = (core: ApiCore): PodSink => ({
  report(pod, patch, failed) {
    const { namespace, name } = pod;
    const change = (stored: object) => ({
      ...stored,
      status: patchedStatus(scheduled((stored as Pod).status, core), patch),
    });
    const write = () => core.modify({ resource: "pods", namespace, name }, change, { subresource: "status" });
    attempt(core, pod, write, failed);
  },
  remove(pod, failed) {
    const { namespace, name, uid } = pod;
    const options = { gracePeriodSeconds: 0, preconditions: { uid } };
    attempt(core, pod, () => core.delete({ resource: "pods", namespace, name }, options), failed);
  },
});

/** The nodes, created unless they are there. @returns their addresses by name */
function putNodes(core: ApiCore, count: number, podsPerNode: number): ReadonlyMap<string, string> {
  const nodes = Array.from({ length: count }, (_, i) => fakeNode(i, podsPerNode, core.clock.now()));
  for (const { name, object, status } of nodes) {
    const ref = { resource: "nodes", name };
    if (core.get(ref) === undefined) core.create("nodes", object);
    core.modify(ref, (stored) => ({ ...stored, status }), { subresource: "status" });
  }
  return new Map(nodes.map(({ name, ip }) => [name, ip]));
}

/** Creates the nodes; from then on the caller passes it every change. */
export function startInProcessKubelet(options: InProcessKubeletOptions): InProcessKubelet {
  const { core, lagMs, settings, nodes = 3, podsPerNode = 1000 } = options;
  const nodeIps = putNodes(core, nodes, podsPerNode);
  const all = { ...defaultSettings, ...settings };
  const life = podLife({ clock: core.clock, settings: all, nodeIps, sink: sinkOf(core) });
  const queued = new Map<string, () => void>();

  const observe = (key: string): void => {
    queued.delete(key);
    const at = key.indexOf("/");
    const stored = core.get({ resource: "pods", namespace: key.slice(0, at), name: key.slice(at + 1) });
    if (stored !== undefined) life.observe(stored as Pod);
  };
  return {
    life,
    take({ type, resource, object }) {
      if (resource !== "pods") return;
      const known = life.pods.get(object.metadata.uid);
      if (type === "DELETED") {
        if (known !== undefined) life.forget(known);
        return;
      }
      const key = keyOf(object);
      if (!nodeIps.has((object as Pod).spec.nodeName ?? "") || queued.has(key)) return;
      queued.set(
        key,
        core.clock.after(lagMs(), () => observe(key)),
      );
    },
    stop() {
      for (const cancel of queued.values()) cancel();
      for (const pod of life.pods.values()) life.forget(pod);
      queued.clear();
    },
  };
}
