/** A pod in a line, with the status that `kubectl get pods` gives it (docs/cli/get.md#the-status). */
import type { PodInfo } from "./info.ts";
import { podIcon } from "./icons.ts";
import { objectInfo, type SeenMeta } from "./objectInfo.ts";

interface ContainerStatus {
  readonly name?: string;
  readonly ready?: boolean;
  readonly started?: boolean | null;
  readonly restartCount?: number;
  readonly state?: {
    readonly waiting?: { readonly reason?: string } | null;
    readonly running?: object | null;
    readonly terminated?: Ended | null;
  };
}

interface Ended {
  readonly exitCode?: number;
  readonly reason?: string;
  readonly signal?: number;
}

/** The members of a pod that are read. */
export interface SeenPod {
  readonly metadata: SeenMeta & { readonly deletionTimestamp?: string | null };
  readonly spec?: {
    readonly containers?: readonly object[];
    readonly initContainers?: readonly { readonly name?: string; readonly restartPolicy?: string }[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface Seen {
  readonly reason: string;
  readonly restarts: number;
}

const endReason = ({ reason, signal, exitCode }: Ended): string => {
  if (reason !== undefined && reason !== "") return reason;
  return signal !== undefined && signal !== 0 ? `Signal:${signal}` : `ExitCode:${exitCode ?? 0}`;
};

/** Undefined: its init containers are done. */
function initializing({ spec, status }: SeenPod): Seen | undefined {
  const asked = spec?.initContainers ?? [];
  const isSidecar = (name?: string): boolean => asked.find((one) => one.name === name)?.restartPolicy === "Always";
  let restarts = 0;
  for (const [index, { state, name, started, ready, restartCount = 0 }] of (
    status?.initContainerStatuses ?? []
  ).entries()) {
    restarts += restartCount;
    const { terminated, waiting } = state ?? {};
    if (terminated) {
      if ((terminated.exitCode ?? 0) === 0) continue;
      return { reason: `Init:${endReason(terminated)}`, restarts };
    }
    if (isSidecar(name) && started === true) {
      if (ready === true) continue;
      return undefined;
    }
    const why = waiting?.reason ?? "";
    return { reason: `Init:${why === "" || why === "PodInitializing" ? `${index}/${asked.length}` : why}`, restarts };
  }
  return undefined;
}

/** The last container is looked at first, so that the first one's reason wins. */
function running(statuses: readonly ContainerStatus[], phase: string): Seen & { readonly ready: number } {
  let reason = phase;
  let ready = 0;
  for (const { state, ready: isReady } of statuses.toReversed()) {
    const { waiting, terminated } = state ?? {};
    if (waiting?.reason) reason = waiting.reason;
    else if (terminated) reason = endReason(terminated);
    else if (isReady === true && state?.running) ready += 1;
  }
  const restarts = statuses.reduce((sum, { restartCount = 0 }) => sum + restartCount, 0);
  return { reason: reason === "Completed" && ready > 0 ? "Running" : reason, restarts, ready };
}

export function podInfo(pod: SeenPod): PodInfo {
  const { phase = "", reason = "", containerStatuses = [] } = pod.status ?? {};
  const seen = { ready: 0, ...(initializing(pod) ?? running(containerStatuses, reason === "" ? phase : reason)) };
  const isGoing = pod.metadata.deletionTimestamp !== undefined && pod.metadata.deletionTimestamp !== null;
  const status = isGoing ? (reason === "NodeLost" ? "Unknown" : "Terminating") : seen.reason;
  return {
    objectMeta: objectInfo(pod.metadata),
    status,
    icon: podIcon(status),
    ready: `${seen.ready}/${pod.spec?.containers?.length ?? 0}`,
    restarts: seen.restarts,
  };
}
