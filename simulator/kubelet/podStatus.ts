/** Turns a pod's report (pod.ts) into the status object that a kubelet would write. Pure. */
import { timestamp } from "../../kube/object/time.ts";
import type { ContainerReport, ContainerState, PodReport } from "./pod.ts";

/** What the status needs beside the report. */
export interface StatusFacts {
  /** When the pod was assigned, ms since the epoch; reports count from here. */
  readonly assignedAtMs: number;
  readonly nowMs: number;
  readonly podIp: string;
  readonly hostIp: string;
  /** Whether every readiness gate of the pod has its condition True. */
  readonly gatesOpen: boolean;
  /** The conditions of the status written last, whose transition times stay while their values do. */
  readonly before: readonly PodCondition[];
}

export interface PodCondition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly lastTransitionTime?: string;
  readonly reason?: string | null;
  readonly message?: string | null;
}

/** A patch of a pod's status, to be sent as a strategic merge patch: conditions of other types stay as they are. */
export interface PodStatusPatch {
  readonly phase: PodReport["phase"];
  readonly conditions: readonly PodCondition[];
  readonly [field: string]: unknown;
}

let latest = { second: 0, text: "1970-01-01T00:00:00Z" };

/** RFC 3339 in UTC with whole seconds, as metav1.Time writes it. Mostly called many times for the same second. */
export function rfc3339(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== latest.second) latest = { second, text: timestamp(ms) };
  return latest.text;
}

const containerId = (seed: string): string => `sim://${digest(seed)}`;

/** A stable 64-digit name made by rounds of FNV-1a; only its uniqueness matters. */
function digest(seed: string): string {
  let hash = 2166136261;
  let digits = "";
  for (let round = 0; round < 8; round++) {
    for (let i = 0; i < seed.length; i++) hash = Math.imul(hash ^ seed.charCodeAt(i), 16777619) >>> 0;
    digits += hash.toString(16).padStart(8, "0");
  }
  return digits;
}

function stateOf(state: ContainerState, id: string, epochMs: number): Record<string, unknown> {
  if (state.waiting !== undefined) return { waiting: state.waiting };
  if (state.running !== undefined) return { running: { startedAt: rfc3339(epochMs + state.running.startedAtMs) } };
  if (state.terminated === undefined) return {};
  const { reason, exitCode, startedAtMs, finishedAtMs } = state.terminated;
  const startedAt = rfc3339(epochMs + startedAtMs);
  return { terminated: { reason, exitCode, startedAt, finishedAt: rfc3339(epochMs + finishedAtMs), containerID: id } };
}

function containerStatus(report: ContainerReport, facts: StatusFacts): Record<string, unknown> {
  const started = report.state.waiting === undefined;
  const id = containerId(`${facts.podIp}/${report.name}/${report.restartCount}`);
  return {
    name: report.name,
    image: report.image,
    imageID: started ? `sim://image/${report.image}` : "",
    ...(started ? { containerID: id } : {}),
    ready: report.ready,
    started: report.state.running !== undefined,
    restartCount: report.restartCount,
    state: stateOf(report.state, id, facts.assignedAtMs),
    lastState: stateOf(report.lastState, id, facts.assignedAtMs),
  };
}

function condition(
  type: string,
  holds: boolean,
  facts: StatusFacts,
  otherwise?: { reason: string; message: string },
): PodCondition {
  const status = holds ? "True" : "False";
  const previous = facts.before.find((known) => known.type === type);
  const since = previous?.status === status ? previous.lastTransitionTime : undefined;
  return {
    type,
    status,
    lastTransitionTime: since ?? rfc3339(facts.nowMs),
    // null removes what an earlier patch wrote: the conditions are merged by type.
    reason: otherwise?.reason ?? null,
    message: otherwise?.message ?? null,
  };
}

const names = (reports: readonly ContainerReport[]): string => `[${reports.map(({ name }) => name).join(" ")}]`;

function conditions(report: PodReport, facts: StatusFacts): PodCondition[] {
  const ended = report.phase === "Succeeded" || report.phase === "Failed";
  const unready = report.containers.filter(({ ready, state }) => !ready || state.running === undefined);
  const allReady = unready.length === 0 && report.phase === "Running";
  const completed = { reason: "PodCompleted", message: "" };
  const notReady = { reason: "ContainersNotReady", message: `containers with unready status: ${names(unready)}` };
  const gated = { reason: "ReadinessGatesNotReady", message: "a readiness gate of the pod is not open" };
  const uninitialized = {
    reason: "ContainersNotInitialized",
    message: `containers with incomplete status: ${names(report.initContainers.filter(({ state }) => state.terminated?.exitCode !== 0))}`,
  };
  const whyNot = ended ? completed : notReady;
  const ready = allReady && facts.gatesOpen;
  return [
    condition("PodReadyToStartContainers", report.phase !== "Pending" && !ended, facts),
    condition("Initialized", report.initialized, facts, report.initialized ? undefined : uninitialized),
    condition("Ready", ready, facts, ready ? undefined : allReady ? gated : whyNot),
    condition("ContainersReady", allReady, facts, allReady ? undefined : whyNot),
  ];
}

/** The status patch for a report. Depends on its arguments alone. */
export function statusPatch(report: PodReport, facts: StatusFacts): PodStatusPatch {
  const addressed = report.phase !== "Pending";
  return {
    phase: report.phase,
    conditions: conditions(report, facts),
    hostIP: facts.hostIp,
    hostIPs: [{ ip: facts.hostIp }],
    startTime: rfc3339(facts.assignedAtMs),
    ...(addressed ? { podIP: facts.podIp, podIPs: [{ ip: facts.podIp }] } : {}),
    containerStatuses: report.containers.map((container) => containerStatus(container, facts)),
    ...(report.initContainers.length === 0
      ? {}
      : { initContainerStatuses: report.initContainers.map((container) => containerStatus(container, facts)) }),
  };
}
