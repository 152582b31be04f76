/** What the API server knows of the pods of a revision: restarts, readiness, kills for want of memory. */
import { isFinite, memberAt } from "./conversation.ts";
import { listAt, textAt } from "./kubeQuestions.ts";

export interface Health {
  readonly pods: number;
  readonly ready: number;
  /** Not ready although they have had time. */
  readonly late: readonly string[];
  readonly restarts: number;
  /** Containers that have ended, and wait to be started again: a restart that is not counted yet. */
  readonly down: number;
  readonly oomKills: number;
  /** Of those that restarted, or are about to: `web-1 (2 restarts, OOMKilled)`. */
  readonly restarted: readonly string[];
}

const isGoing = (pod: unknown): boolean =>
  memberAt(pod, "metadata", "deletionTimestamp") !== undefined || textAt(pod, "status", "phase") === "Succeeded";

/** Pods that are being deleted do not count. */
export const remaining = (pods: readonly unknown[]): readonly unknown[] => pods.filter((pod) => !isGoing(pod));

export const isReady = (pod: unknown): boolean =>
  listAt(pod, "status", "conditions").some(
    (condition) => textAt(condition, "type") === "Ready" && textAt(condition, "status") === "True",
  );

const nameOf = (pod: unknown): string => textAt(pod, "metadata", "name");

/** Init containers that run beside the others for as long as the pod does (native sidecars). */
export const sidecarsOf = (pod: unknown): readonly unknown[] =>
  listAt(pod, "spec", "initContainers").filter((container) => textAt(container, "restartPolicy") === "Always");

/** Of all containers that are to run as long as the pod; other init containers may fail until what they wait for is there. */
function statusesOf(pod: unknown): readonly unknown[] {
  const sidecars = new Set(sidecarsOf(pod).map((container) => textAt(container, "name")));
  const beside = listAt(pod, "status", "initContainerStatuses").filter((status) =>
    sidecars.has(textAt(status, "name")),
  );
  return [...listAt(pod, "status", "containerStatuses"), ...beside];
}

interface Ended {
  readonly restarts: number;
  readonly down: number;
  readonly oomKills: number;
  readonly reason: string;
}

function endedOf(pod: unknown): Ended {
  let [restarts, down, oomKills, reason] = [0, 0, 0, ""];
  for (const status of statusesOf(pod)) {
    const count = memberAt(status, "restartCount");
    restarts += isFinite(count) ? count : 0;
    const isDown = memberAt(status, "state", "terminated") !== undefined;
    if (isDown || textAt(status, "state", "waiting", "reason") === "CrashLoopBackOff") down += 1;
    for (const member of ["lastState", "state"]) {
      const why = textAt(status, member, "terminated", "reason");
      if (why === "OOMKilled") oomKills += 1;
      if (why !== "") reason = why;
    }
  }
  return { restarts, down, oomKills, reason };
}

/** @param settleMs how long a pod may take to be ready; @param now ms since the epoch */
export function healthOf(pods: readonly unknown[], settleMs: number, now: number): Health {
  const ended = pods.map(endedOf);
  const sum = (member: "restarts" | "down" | "oomKills"): number =>
    ended.reduce((total, each) => total + each[member], 0);
  const isLate = (pod: unknown): boolean =>
    !isReady(pod) && now - (Date.parse(textAt(pod, "metadata", "creationTimestamp")) || 0) > settleMs;
  return {
    pods: pods.length,
    ready: pods.filter(isReady).length,
    late: pods.filter(isLate).map(nameOf),
    restarts: sum("restarts"),
    down: sum("down"),
    oomKills: sum("oomKills"),
    restarted: ended.flatMap(({ restarts, down, reason }, index) => {
      if (restarts + down === 0 && reason !== "OOMKilled") return [];
      return [`${nameOf(pods[index])} (${restarts} restarts${reason === "" ? "" : `, ${reason}`})`];
    }),
  };
}
