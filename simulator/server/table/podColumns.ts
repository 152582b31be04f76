/** Pods as `kubectl get` shows them: one state for people, made from phase, containers and deletion. */
import { since } from "../../../kube/object/humanDuration.ts";
import type { ApiObject } from "../../model/model.ts";
import { ageColumn, column, type Column, nameColumn, textCell, wide } from "./column.ts";
import { at, conditionStatus, countAt, listAt, textAt } from "./readFields.ts";
import { orNone } from "./text.ts";

interface PodState {
  readonly ready: number;
  readonly total: number;
  readonly reason: string;
  readonly restarts: number;
  /** RFC 3339; "" when not known. */
  readonly lastRestart: string;
}

/** Whether an init container keeps running beside the containers proper. */
const isSidecar = (container: unknown): boolean => textAt(container, "restartPolicy") === "Always";

const restartsOf = (statuses: readonly unknown[]): number =>
  statuses.reduce((sum: number, status) => sum + countAt(status, "restartCount"), 0);

const lastRestartOf = (statuses: readonly unknown[]): string =>
  statuses
    .map((status) => textAt(status, "lastState", "terminated", "finishedAt"))
    .reduce((latest, time) => (time > latest ? time : latest), "");

const endText = (terminated: unknown): string => {
  const reason = textAt(terminated, "reason");
  if (reason !== "") return reason;
  const signal = countAt(terminated, "signal");
  return signal === 0 ? `ExitCode:${countAt(terminated, "exitCode")}` : `Signal:${signal}`;
};

interface Beginning {
  /** Why the containers proper have not started; undefined when nothing prevents it. */
  readonly reason: string | undefined;
  /** The number of sidecars that are ready. */
  readonly ready: number;
  readonly sidecars: readonly unknown[];
}

/** Reads the init containers in order, up to the first that has not completed. */
function beginningOf(pod: ApiObject): Beginning {
  const specs = listAt(pod, "spec", "initContainers");
  const statuses = listAt(pod, "status", "initContainerStatuses");
  const sidecarNames = new Set(specs.filter(isSidecar).map((spec) => textAt(spec, "name")));
  const isOfSidecar = (status: unknown): boolean => sidecarNames.has(textAt(status, "name"));
  let ready = 0;
  let reason: string | undefined;
  for (const [index, status] of statuses.entries()) {
    const terminated = at(status, "state", "terminated");
    if (terminated !== undefined && countAt(terminated, "exitCode") === 0) continue;
    if (isOfSidecar(status) && at(status, "started") === true) {
      if (at(status, "ready") === true) ready += 1;
      continue;
    }
    const waiting = textAt(status, "state", "waiting", "reason");
    if (terminated !== undefined) reason = `Init:${endText(terminated)}`;
    else if (waiting !== "" && waiting !== "PodInitializing") reason = `Init:${waiting}`;
    else reason = `Init:${index}/${specs.length}`;
    break;
  }
  return { reason, ready, sidecars: statuses.filter(isOfSidecar) };
}

interface Containers {
  readonly reason: string | undefined;
  readonly ready: number;
}

function containersOf(pod: ApiObject): Containers {
  let reason: string | undefined;
  let failure: string | undefined;
  let ready = 0;
  // Backwards: the reason of the first container takes precedence.
  for (const status of listAt(pod, "status", "containerStatuses").toReversed()) {
    const waiting = textAt(status, "state", "waiting", "reason");
    const terminated = at(status, "state", "terminated");
    if (waiting !== "") reason = waiting;
    else if (terminated !== undefined) {
      reason = endText(terminated);
      if (countAt(terminated, "exitCode") !== 0) failure = reason;
    } else if (at(status, "ready") === true && at(status, "state", "running") !== undefined) ready += 1;
  }
  if (reason !== "Completed") return { reason, ready };
  if (ready > 0 && conditionStatus(pod, "Ready") === "True") return { reason: "Running", ready };
  return { reason: failure ?? (ready > 0 ? "NotReady" : reason), ready };
}

function ownReason(pod: ApiObject): string {
  const isGated = listAt(pod, "status", "conditions").some(
    (one) => textAt(one, "type") === "PodScheduled" && textAt(one, "reason") === "SchedulingGated",
  );
  if (isGated) return "SchedulingGated";
  const reason = textAt(pod, "status", "reason");
  return reason === "" ? textAt(pod, "status", "phase") : reason;
}

function leavingReason(pod: ApiObject): string | undefined {
  if (pod.metadata.deletionTimestamp === undefined) return undefined;
  if (textAt(pod, "status", "reason") === "NodeLost") return "Unknown";
  return ["Failed", "Succeeded"].includes(textAt(pod, "status", "phase")) ? undefined : "Terminating";
}

function stateOf(pod: ApiObject): PodState {
  const beginning = beginningOf(pod);
  const total =
    listAt(pod, "spec", "containers").length + listAt(pod, "spec", "initContainers").filter(isSidecar).length;
  const hasBegun = beginning.reason === undefined || conditionStatus(pod, "Initialized") === "True";
  const main = hasBegun ? containersOf(pod) : { reason: undefined, ready: 0 };
  const counted = hasBegun
    ? [...beginning.sidecars, ...listAt(pod, "status", "containerStatuses")]
    : listAt(pod, "status", "initContainerStatuses");
  return {
    ready: beginning.ready + main.ready,
    total,
    reason: leavingReason(pod) ?? main.reason ?? beginning.reason ?? ownReason(pod),
    restarts: restartsOf(counted),
    lastRestart: lastRestartOf(counted),
  };
}

function restartsText(pod: ApiObject, nowMs: number): string {
  const { restarts, lastRestart } = stateOf(pod);
  return restarts === 0 || lastRestart === "" ? String(restarts) : `${restarts} (${since(lastRestart, nowMs)} ago)`;
}

function gatesText(pod: ApiObject): string {
  const gates = listAt(pod, "spec", "readinessGates");
  if (gates.length === 0) return "<none>";
  const open = gates.filter((gate) => conditionStatus(pod, textAt(gate, "conditionType")) === "True");
  return `${open.length}/${gates.length}`;
}

export const podColumns: readonly Column[] = [
  nameColumn,
  column("Ready", (pod) => {
    const { ready, total } = stateOf(pod);
    return `${ready}/${total}`;
  }),
  column("Status", (pod) => stateOf(pod).reason),
  column("Restarts", restartsText),
  ageColumn,
  column("IP", (pod) => orNone(textAt(pod, "status", "podIPs", 0, "ip")), wide),
  column("Node", textCell(["spec", "nodeName"], "<none>"), wide),
  column("Nominated Node", textCell(["status", "nominatedNodeName"], "<none>"), wide),
  column("Readiness Gates", gatesText, wide),
];

const ends: Readonly<Record<string, string>> = {
  Succeeded: "The pod has completed successfully.",
  Failed: "The pod failed.",
};

/** Marks rows of pods that have ended. */
export function podRowConditions(pod: ApiObject): readonly unknown[] {
  const reason = textAt(pod, "status", "phase");
  const message = ends[reason];
  return message === undefined ? [] : [{ type: "Completed", status: "True", reason, message }];
}
