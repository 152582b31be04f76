/**
 * The course of pods on fake nodes: which pods there are, when a status is to be reported (pod.ts decides which)
 * and when a pod is removed. Synchronous and without I/O of its own: its caller provides how a report is sent.
 */
import { type KubeletSettings, planPod, podAt, type PodPlan, type PodSpecView } from "./pod.ts";
import { type PodCondition, type PodStatusPatch, statusPatch } from "./podStatus.ts";

/** A pod as the kubelet reads it. */
export interface PodView {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
    readonly deletionGracePeriodSeconds?: number;
  };
  readonly spec: PodSpecView;
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly PodCondition[];
    readonly startTime?: string;
    readonly podIP?: string;
  };
}

export interface KubeletClock {
  now(): number;
  /** Calls `run` once after `ms`; the result cancels it. */
  after(ms: number, run: () => void): () => void;
}

/** A pod that the kubelet keeps. */
export interface PodMemory {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly plan: PodPlan;
  readonly gates: readonly string[];
  readonly podIp: string;
  readonly hostIp: string;
  readonly assignedAtMs: number;
  conditions: readonly PodCondition[];
  gatesOpen: boolean;
  deleting: boolean;
  cancel: (() => void) | undefined;
}

/** Sends reports to the server; calls `failed` when one did not arrive, to repeat it, unless the pod is gone. */
export interface PodSink {
  report(pod: PodMemory, patch: PodStatusPatch, failed: () => void): void;
  remove(pod: PodMemory, failed: () => void): void;
}

export interface LifeOptions {
  readonly clock: KubeletClock;
  readonly settings: KubeletSettings;
  /** Address by name of node; pods of other nodes are left alone. */
  readonly nodeIps: ReadonlyMap<string, string>;
  /** The number of the first pod's address, counted from 10.0.0.0; by default 1. */
  readonly firstAddress?: number | undefined;
  readonly sink: PodSink;
}

export interface PodLife {
  /** By uid. No status is reported for a pod that is no longer in this map. */
  readonly pods: ReadonlyMap<string, PodMemory>;
  /** For a pod that exists: begins its course if new, ends it if it is being deleted, reads its readiness gates. */
  observe(object: PodView): void;
  forget(pod: PodMemory): void;
}

const repeatAfterMs = 1000;

const areOpen = (gates: readonly string[], conditions: readonly PodCondition[]): boolean =>
  gates.every((gate) => conditions.some(({ type, status }) => type === gate && status === "True"));

/** Addresses in 10.0.0.0/8; unique for 16 million pods. */
const ipOf = (n: number): string => `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;

/** The number from which `ipOf` made an address; 0 for any other address. */
const numberOf = (ip: string): number => {
  const [ten, ...bytes] = ip.split(".").map(Number);
  return ten === 10 && bytes.length === 3 ? bytes.reduce((number, byte) => number * 256 + byte, 0) : 0;
};

/** A pod that started before this kubelet goes on as if the kubelet had run all the time. */
function newPod(options: LifeOptions, object: PodView, uid: string, hostIp: string, podIp: string): PodMemory {
  const { name, namespace = "default", annotations = {} } = object.metadata;
  const gates = (object.spec.readinessGates ?? []).map(({ conditionType }) => conditionType);
  const { conditions = [], startTime } = object.status ?? {};
  return {
    name,
    namespace,
    uid,
    gates,
    hostIp,
    podIp,
    conditions,
    plan: planPod(object.spec, annotations, options.settings),
    assignedAtMs: startTime === undefined ? options.clock.now() : Date.parse(startTime),
    gatesOpen: areOpen(gates, conditions),
    deleting: false,
    cancel: undefined,
  };
}

export function podLife(options: LifeOptions): PodLife {
  const { clock, settings, nodeIps, sink } = options;
  const pods = new Map<string, PodMemory>();
  let addresses = (options.firstAddress ?? 1) - 1;
  const addressOf = ({ status }: PodView): string => {
    const { podIP = "" } = status ?? {};
    addresses = podIP === "" ? addresses + 1 : Math.max(addresses, numberOf(podIP));
    return podIP === "" ? ipOf(addresses) : podIP;
  };

  const later = (pod: PodMemory, ms: number, run: () => void): void => {
    pod.cancel?.();
    pod.cancel = clock.after(Math.max(0, ms), run);
  };
  const remove = (pod: PodMemory): void =>
    sink.remove(pod, () => {
      if (pods.get(pod.uid) === pod) later(pod, repeatAfterMs, () => remove(pod));
    });
  /** Sends the pod's present status (unless `write` is false) and runs again when it changes next. */
  const report = (pod: PodMemory, write: boolean): void => {
    if (pod.deleting) return;
    const nowMs = clock.now();
    const current = podAt(pod.plan, nowMs - pod.assignedAtMs, settings);
    const { nextMs } = current;
    if (nextMs !== undefined) later(pod, pod.assignedAtMs + nextMs - nowMs, () => report(pod, true));
    if (!write) return;
    const patch = statusPatch(current, { ...pod, nowMs, before: pod.conditions });
    pod.conditions = patch.conditions;
    sink.report(pod, patch, () => {
      if (pods.get(pod.uid) === pod) later(pod, repeatAfterMs, () => report(pod, true));
    });
  };

  return {
    pods,
    observe(object) {
      const { uid, deletionTimestamp, deletionGracePeriodSeconds = 30 } = object.metadata;
      const hostIp = nodeIps.get(object.spec.nodeName ?? "");
      if (uid === undefined || hostIp === undefined) return;
      const known = pods.get(uid);
      const pod = known ?? newPod(options, object, uid, hostIp, addressOf(object));
      pods.set(uid, pod);
      if (deletionTimestamp !== undefined) {
        if (pod.deleting) return;
        pod.deleting = true;
        later(pod, Math.min(pod.plan.goneAfterMs, deletionGracePeriodSeconds * 1000), () => remove(pod));
        return;
      }
      if (known === undefined) {
        // A pod that was running before this kubelet started keeps its status until something changes.
        report(pod, settings.reportCreating && (object.status?.phase ?? "Pending") === "Pending");
        return;
      }
      const open = areOpen(pod.gates, object.status?.conditions ?? []);
      if (open === pod.gatesOpen) return;
      pod.gatesOpen = open;
      report(pod, true);
    },
    forget(pod) {
      pod.cancel?.();
      pods.delete(pod.uid);
    },
  };
}
