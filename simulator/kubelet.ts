/**
 * A fake kubelet for any number of fake nodes: it reports pods as running, ready, crashed or finished (kubeletPod.ts says
 * when) and removes deleted ones, without running anything. It speaks to a narrow port, so that a real API server and an
 * in-memory one can be behind it, and takes its time from a clock that may be virtual.
 */
import { fakeNode } from "./kubeletNode.ts";
import { defaultSettings, type KubeletSettings, planPod, podAt, type PodPlan, type PodSpecView } from "./kubeletPod.ts";
import { type PodCondition, statusPatch } from "./kubeletStatus.ts";

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
  readonly status?: { readonly phase?: string; readonly conditions?: readonly PodCondition[] };
}

export interface PodEvent {
  readonly type: string;
  readonly object: PodView;
}

/** All that the kubelet asks of an API server. Failures reject; `isNotFound` tells them apart. */
export interface KubeletPort {
  /** All pods that are assigned to a node. */
  list(): Promise<{ readonly items: readonly PodView[]; readonly resourceVersion: string }>;
  /** Changes of those pods since `resourceVersion`; ends when the server ends it. */
  watch(resourceVersion: string, signal: AbortSignal): AsyncIterable<PodEvent>;
  /** Strategic merge patch of a pod's status. */
  patchStatus(pod: { namespace: string; name: string }, status: unknown): Promise<void>;
  /** Removes a pod at once (grace period 0) if it still has this uid. */
  remove(pod: { namespace: string; name: string; uid: string }): Promise<void>;
  /** Creates a node if there is none of its name, makes its status the given one and removes its taints. */
  putNode(object: Record<string, unknown>, status: Record<string, unknown>): Promise<void>;
  isNotFound(error: unknown): boolean;
}

export interface KubeletClock {
  now(): number;
  /** Calls `run` once after `ms`; the result cancels it. */
  after(ms: number, run: () => void): () => void;
}

export interface KubeletOptions {
  readonly settings?: Partial<KubeletSettings>;
  readonly nodes?: number;
  readonly podsPerNode?: number;
  readonly clock?: KubeletClock;
  /** Requests in flight at once (default 24). */
  readonly parallel?: number;
  readonly onError?: (text: string) => void;
}

export interface Kubelet {
  readonly nodes: readonly string[];
  /** Pods known at the moment. */
  podCount(): number;
  stop(): Promise<void>;
}

const systemClock: KubeletClock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

interface PodMemory {
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

/** Runs tasks in order of arrival, at most `limit` at a time. */
function queue(limit: number) {
  const waiting: (() => Promise<void>)[] = [];
  let running = 0;
  const pump = (): void => {
    while (running < limit) {
      const task = waiting.shift();
      if (task === undefined) return;
      running++;
      void task().finally(() => {
        running--;
        pump();
      });
    }
  };
  return (task: () => Promise<void>): void => {
    waiting.push(task);
    pump();
  };
}

const gatesOpen = (gates: readonly string[], conditions: readonly PodCondition[]): boolean =>
  gates.every((gate) => conditions.some(({ type, status }) => type === gate && status === "True"));

/** Addresses from 10.0.0.1 on; unique for 16 million pods. */
const ipOf = (n: number): string => `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;

interface Work {
  readonly port: KubeletPort;
  readonly clock: KubeletClock;
  readonly settings: KubeletSettings;
  readonly nodeIps: ReadonlyMap<string, string>;
  readonly enqueue: (task: () => Promise<void>) => void;
  readonly complain: (text: string) => void;
  /** By uid. A pod that is no longer here gets no more writes. */
  readonly pods: Map<string, PodMemory>;
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function later(work: Work, pod: PodMemory, ms: number, run: () => void): void {
  pod.cancel?.();
  pod.cancel = work.clock.after(Math.max(0, ms), run);
}

/** Sends a request for a pod; one that fails otherwise than by the pod's absence is followed by `again` in a second. */
function attempt(work: Work, pod: PodMemory, what: string, request: () => Promise<void>, again: () => void): void {
  work.enqueue(async () => {
    if (work.pods.get(pod.uid) !== pod) return;
    try {
      await request();
    } catch (error) {
      if (work.pods.get(pod.uid) !== pod || work.port.isNotFound(error)) return;
      work.complain(`Cannot ${what} pod ${pod.namespace}/${pod.name}: ${textOf(error)}`);
      later(work, pod, 1000, again);
    }
  });
}

function removeNow(work: Work, pod: PodMemory): void {
  attempt(
    work,
    pod,
    "remove",
    () => work.port.remove(pod),
    () => removeNow(work, pod),
  );
}

/** Writes the pod's present status (unless `write` is false) and comes back when it changes next. */
function report(work: Work, pod: PodMemory, write: boolean): void {
  if (pod.deleting) return;
  const nowMs = work.clock.now();
  const current = podAt(pod.plan, nowMs - pod.assignedAtMs, work.settings);
  const { nextMs } = current;
  if (nextMs !== undefined) later(work, pod, pod.assignedAtMs + nextMs - nowMs, () => report(work, pod, true));
  if (!write) return;
  const patch = statusPatch(current, { ...pod, nowMs, before: pod.conditions });
  pod.conditions = patch.conditions;
  attempt(
    work,
    pod,
    "report",
    () => work.port.patchStatus(pod, patch),
    () => report(work, pod, true),
  );
}

const newPod = (work: Work, object: PodView, uid: string, hostIp: string, podIp: string): PodMemory => {
  const { name, namespace = "default", annotations = {} } = object.metadata;
  const gates = (object.spec.readinessGates ?? []).map(({ conditionType }) => conditionType);
  const conditions = object.status?.conditions ?? [];
  return {
    name,
    namespace,
    uid,
    gates,
    hostIp,
    podIp,
    conditions,
    plan: planPod(object.spec, annotations, work.settings),
    assignedAtMs: work.clock.now(),
    gatesOpen: gatesOpen(gates, conditions),
    deleting: false,
    cancel: undefined,
  };
};

function forget(work: Work, pod: PodMemory): void {
  pod.cancel?.();
  work.pods.delete(pod.uid);
}

/** A pod that exists: begins its course when it is new, ends it when it is being deleted, looks at its readiness gates. */
function observe(work: Work, object: PodView, newIp: () => string): void {
  const { uid, deletionTimestamp, deletionGracePeriodSeconds = 30 } = object.metadata;
  const hostIp = work.nodeIps.get(object.spec.nodeName ?? "");
  if (uid === undefined || hostIp === undefined) return;
  const known = work.pods.get(uid);
  const pod = known ?? newPod(work, object, uid, hostIp, newIp());
  work.pods.set(uid, pod);
  if (deletionTimestamp !== undefined) {
    if (pod.deleting) return;
    pod.deleting = true;
    later(work, pod, Math.min(pod.plan.goneAfterMs, deletionGracePeriodSeconds * 1000), () => removeNow(work, pod));
    return;
  }
  if (known === undefined) {
    // A pod that was running before we came keeps its status until something changes.
    report(work, pod, work.settings.reportCreating && (object.status?.phase ?? "Pending") === "Pending");
    return;
  }
  const open = gatesOpen(pod.gates, object.status?.conditions ?? []);
  if (open === pod.gatesOpen) return;
  pod.gatesOpen = open;
  report(work, pod, true);
}

/** Lists and watches until `signal` aborts; an ended or failed watch is followed by a new list. */
async function follow(work: Work, signal: AbortSignal): Promise<void> {
  let addresses = 0;
  const newIp = (): string => ipOf(++addresses);
  while (!signal.aborted) {
    try {
      const { items, resourceVersion } = await work.port.list();
      const uids = new Set(items.map(({ metadata }) => metadata.uid));
      for (const pod of work.pods.values()) if (!uids.has(pod.uid)) forget(work, pod);
      for (const object of items) observe(work, object, newIp);
      for await (const { type, object } of work.port.watch(resourceVersion, signal)) {
        if (type === "ERROR") break;
        if (type === "BOOKMARK") continue;
        const known = work.pods.get(object.metadata.uid ?? "");
        if (type !== "DELETED") observe(work, object, newIp);
        else if (known !== undefined) forget(work, known);
      }
    } catch (error) {
      if (signal.aborted) return;
      work.complain(`Cannot watch pods: ${textOf(error)}`);
      await new Promise<void>((resolve) => {
        work.clock.after(500, resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }
}

/**
 * Creates the fake nodes and keeps their pods. Returns once the nodes are there. Pods of other nodes are left alone. A
 * request that fails is reported to `onError` and repeated; only a failure to create the nodes rejects.
 */
export async function startKubelet(port: KubeletPort, options: KubeletOptions = {}): Promise<Kubelet> {
  const { clock = systemClock, nodes: count = 3, podsPerNode = 1000 } = options;
  const nodes = Array.from({ length: count }, (_, index) => fakeNode(index, podsPerNode, clock.now()));
  await Promise.all(nodes.map((node) => port.putNode(node.object, node.status)));
  const work: Work = {
    port,
    clock,
    settings: { ...defaultSettings, ...options.settings },
    nodeIps: new Map(nodes.map(({ name, ip }) => [name, ip])),
    enqueue: queue(options.parallel ?? 24),
    complain: options.onError ?? (() => undefined),
    pods: new Map(),
  };
  const aborter = new AbortController();
  const followed = follow(work, aborter.signal);
  return {
    nodes: nodes.map(({ name }) => name),
    podCount: () => work.pods.size,
    stop: async () => {
      aborter.abort();
      await followed;
      for (const pod of work.pods.values()) forget(work, pod);
    },
  };
}
