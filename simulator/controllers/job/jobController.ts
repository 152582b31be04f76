/** Which changes concern a Job, and the release of pods that a deleted or finished Job has left behind. */
import { matchesSelector } from "../../../kube/object/selector.ts";
import { nothing } from "../loop/decision.ts";
import type { Controller } from "../loop/driver.ts";
import { decideJob, release } from "./job.ts";
import { isFinished, isTracked, noSetback, type Setback } from "./jobStatus.ts";
import { controllerOf, type Job, keyOf, type Pod } from "../loop/objects.ts";
import type { World } from "../loop/objectIndex.ts";

function jobOf(pod: Pod, world: World): Job | undefined {
  const owner = controllerOf(pod);
  if (owner?.kind !== "Job") return undefined;
  const job = world.get("jobs.batch", `${pod.metadata.namespace ?? ""}/${owner.name}`);
  return job?.metadata.uid === owner.uid ? job : undefined;
}

const watches: Controller["watches"] = {
  "jobs.batch": ({ object, type }, _, add) => {
    if (type !== "DELETED") add(keyOf(object));
  },
  pods: ({ object }, world, add) => {
    const pod = object as Pod;
    if (controllerOf(pod) !== undefined) {
      const job = jobOf(pod, world);
      if (job !== undefined) add(keyOf(job));
      return;
    }
    for (const job of world.all("jobs.batch")) {
      const near = job.metadata.namespace === pod.metadata.namespace;
      if (near && matchesSelector(job.spec.selector, pod.metadata.labels ?? {})) add(keyOf(job));
    }
  },
};

/** Remembers the failures, as the pods that failed may be gone. */
export function createJobController(): Controller {
  const setbacks = new Map<string, Setback>();
  return {
    name: "job-controller",
    watches: {
      ...watches,
      "jobs.batch": (change, world, add) => {
        if (change.type === "DELETED") setbacks.delete(change.object.metadata.uid);
        watches["jobs.batch"]?.(change, world, add);
      },
    },
    decide(key, world, nowMs) {
      const job = world.get("jobs.batch", key);
      if (job === undefined) return undefined;
      const { uid, namespace = "" } = job.metadata;
      const setback = setbacks.get(uid) ?? noSetback;
      const own = world.owned("pods", uid);
      const decision = decideJob({ job, own, orphans: world.orphans("pods", namespace), setback }, nowMs);
      setbacks.set(uid, decision.setback);
      return decision;
    },
  };
}

/** Whether a pod waits to be counted although no Job will count it. */
function isLeftOver(pod: Pod, world: World): boolean {
  const owner = controllerOf(pod);
  if (!isTracked(pod) || (owner !== undefined && owner.kind !== "Job")) return false;
  const job = jobOf(pod, world);
  return job === undefined || isFinished(job);
}

export const jobPodController: Controller = {
  name: "job-controller",
  watches: {
    pods: ({ object, type }, world, add) => {
      if (type !== "DELETED" && isLeftOver(object as Pod, world)) add(keyOf(object));
    },
    "jobs.batch": ({ object, type }, world, add) => {
      if (type !== "DELETED" && !isFinished(object as Job)) return;
      for (const pod of world.owned("pods", object.metadata.uid)) if (isTracked(pod)) add(keyOf(pod));
    },
  },
  decide(key, world) {
    const pod = world.get("pods", key);
    if (pod === undefined) return undefined;
    return isLeftOver(pod, world) ? { writes: [release(pod)] } : nothing;
  },
};
