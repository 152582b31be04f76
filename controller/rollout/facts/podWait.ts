/** From a pod's status to why it is not ready: the first thing that a person would look at. */
import type { PodWait } from "../model/model.ts";

interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: object;
  readonly terminated?: { readonly exitCode?: number; readonly reason?: string; readonly message?: string };
}

interface ContainerStatus {
  readonly name: string;
  readonly image?: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

/** What is read of a pod. */
export interface PodStatusView {
  readonly spec?: { readonly containers?: readonly Image[]; readonly initContainers?: readonly Image[] };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

interface Image {
  readonly name: string;
  readonly image?: string;
}

/** Reasons that every new pod has at first: reported only while no container has another one. */
const BEGINNING: ReadonlySet<string> = new Set(["ContainerCreating", "PodInitializing"]);

/** Between two attempts the kubelet reports one of these two: to a person they mean the same. */
const PULLING: ReadonlySet<string> = new Set(["ErrImagePull", "ImagePullBackOff"]);

const isDone = ({ state }: ContainerStatus): boolean => state?.terminated?.exitCode === 0;

/** Why a pod is not ready; undefined when it is. */
export function podWait({ spec, status = {} }: PodStatusView): PodWait | undefined {
  const condition = (type: string) => status.conditions?.find((c) => c.type === type);
  if (condition("Ready")?.status === "True") return undefined;
  if (status.phase === "Failed") return waitOf(status.reason ?? "Failed", status.message);
  const scheduled = condition("PodScheduled");
  if (scheduled?.status === "False") return waitOf(scheduled.reason ?? "Unschedulable", scheduled.message);

  const images = new Map([...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map((c) => [c.name, c.image]));
  const init = (status.initContainerStatuses ?? []).filter((c) => !isDone(c) && c.ready !== true);
  const unready = (status.containerStatuses ?? []).filter((c) => c.ready !== true);
  const waits = [...init, ...unready].map((c) => containerWait(c, images.get(c.name) ?? c.image));
  const mostUseful = waits.find((wait) => !BEGINNING.has(wait.reason)) ?? waits[0];
  if (mostUseful !== undefined) return mostUseful;
  const ready = condition("Ready");
  return waitOf(ready?.reason ?? "NotReady", ready?.message);
}

/** Of a pod that is ready now: the container that has crashed before, if any. */
export function podRestart({ status = {} }: PodStatusView): PodWait | undefined {
  const crashed = status.containerStatuses?.find(
    ({ restartCount = 0, lastState }) => restartCount > 0 && (lastState?.terminated?.exitCode ?? 0) !== 0,
  );
  return crashed === undefined ? undefined : { ...endOf(crashed), reason: "Restarted" };
}

const waitOf = (reason: string, message: string | undefined): PodWait =>
  message === undefined || message === "" ? { reason } : { reason, message };

function endOf({ name, restartCount = 0, state, lastState }: ContainerStatus): Omit<PodWait, "reason"> {
  const ended = state?.terminated ?? lastState?.terminated;
  return {
    container: name,
    ...(ended === undefined ? {} : { exit: { code: ended.exitCode ?? 0, reason: ended.reason ?? "Error" } }),
    ...(restartCount === 0 ? {} : { restarts: restartCount }),
  };
}

function containerWait(status: ContainerStatus, image: string | undefined): PodWait {
  const { state } = status;
  const base = endOf(status);
  const waiting = state?.waiting;
  if (waiting !== undefined) {
    const { reason = "Waiting", message } = waiting;
    if (PULLING.has(reason)) {
      return { ...base, ...waitOf("ImagePullBackOff", message), ...(image === undefined ? {} : { image }) };
    }
    // Its message only names the pod and the wait until the next start: how it ended is more useful.
    return { ...base, ...waitOf(reason, reason === "CrashLoopBackOff" ? undefined : message) };
  }
  if (state?.terminated !== undefined) return { ...base, ...waitOf("Ended", state.terminated.message) };
  return { ...base, reason: "NotReady", message: "it runs, but has not passed its readiness probe" };
}
