/**
 * A fake kubelet for any number of fake nodes: it reports pods as running, ready, crashed or finished (pod.ts decides
 * when) and removes deleted ones, without running anything. It uses a narrow port, so that a real API server or
 * an in-memory one can be behind it, and takes its time from a clock that may be virtual.
 */
import { type KubeletClock, type PodLife, podLife, type PodMemory, type PodSink, type PodView } from "./life.ts";
import { fakeNode } from "./node.ts";
import { defaultSettings, type KubeletSettings } from "./pod.ts";
import { messageOf } from "../../kube/object/errors.ts";

export interface PodEvent {
  readonly type: string;
  readonly object: PodView;
}

/** All that the kubelet needs of an API server. Failures reject; `isNotFound` recognises one for an absent object. */
export interface KubeletPort {
  /** All pods that are assigned to a node. */
  list(): Promise<{ readonly items: readonly PodView[]; readonly resourceVersion: string }>;
  /** Changes of those pods since `resourceVersion`; ends when the server ends it. */
  watch(resourceVersion: string, signal: AbortSignal): AsyncIterable<PodEvent>;
  /** Strategic merge patch of a pod's status. */
  patchStatus(pod: { namespace: string; name: string }, status: unknown): Promise<void>;
  /** Removes a pod at once (grace period 0) if it still has this uid. */
  remove(pod: { namespace: string; name: string; uid: string }): Promise<void>;
  /** Creates a node unless one of its name exists, sets its status to the given one and removes its taints. */
  putNode(object: Record<string, unknown>, status: Record<string, unknown>): Promise<void>;
  isNotFound(error: unknown): boolean;
}

export interface KubeletOptions {
  readonly settings?: Partial<KubeletSettings>;
  readonly nodes?: number;
  readonly podsPerNode?: number;
  /** The number of the first pod's address, counted from 10.0.0.0 (by default 1: 10.0.0.1). */
  readonly firstAddress?: number;
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

/** Sends the reports of pods that are still kept, several at a time; reports a failure unless the pod is gone. */
function requests(
  port: KubeletPort,
  parallel: number,
  complain: (text: string) => void,
  isKept: (pod: PodMemory) => boolean,
): PodSink {
  const enqueue = queue(parallel);
  const attempt = (pod: PodMemory, what: string, request: () => Promise<void>, failed: () => void): void =>
    enqueue(async () => {
      if (!isKept(pod)) return;
      try {
        await request();
      } catch (error) {
        if (!isKept(pod) || port.isNotFound(error)) return;
        complain(`Cannot ${what} pod ${pod.namespace}/${pod.name}: ${messageOf(error)}`);
        failed();
      }
    });
  return {
    report: (pod, patch, failed) => attempt(pod, "report", () => port.patchStatus(pod, patch), failed),
    remove: (pod, failed) => attempt(pod, "remove", () => port.remove(pod), failed),
  };
}

interface Following {
  readonly port: KubeletPort;
  readonly clock: KubeletClock;
  readonly life: PodLife;
  readonly complain: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Lists and watches until `signal` aborts; an ended or failed watch is followed by a new list. */
async function follow({ port, clock, life, complain, signal }: Following): Promise<void> {
  while (!signal.aborted) {
    try {
      const { items, resourceVersion } = await port.list();
      const uids = new Set(items.map(({ metadata }) => metadata.uid));
      for (const pod of life.pods.values()) if (!uids.has(pod.uid)) life.forget(pod);
      for (const object of items) life.observe(object);
      for await (const { type, object } of port.watch(resourceVersion, signal)) {
        if (type === "ERROR") break;
        if (type === "BOOKMARK") continue;
        const known = life.pods.get(object.metadata.uid ?? "");
        if (type !== "DELETED") life.observe(object);
        else if (known !== undefined) life.forget(known);
      }
    } catch (error) {
      if (signal.aborted) return;
      complain(`Cannot watch pods: ${messageOf(error)}`);
      await new Promise<void>((resolve) => {
        clock.after(500, resolve);
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
  const complain = options.onError ?? (() => undefined);
  const isKept = (pod: PodMemory): boolean => life.pods.get(pod.uid) === pod;
  const life = podLife({
    clock,
    settings: { ...defaultSettings, ...options.settings },
    nodeIps: new Map(nodes.map(({ name, ip }) => [name, ip])),
    firstAddress: options.firstAddress,
    sink: requests(port, options.parallel ?? 24, complain, isKept),
  });
  const aborter = new AbortController();
  const followed = follow({ port, clock, life, complain, signal: aborter.signal });
  return {
    nodes: nodes.map(({ name }) => name),
    podCount: () => life.pods.size,
    stop: async () => {
      aborter.abort();
      await followed;
      for (const pod of life.pods.values()) life.forget(pod);
    },
  };
}
