/** A Rollout as people are shown it (docs/cli/get.md). */
import type { Workload } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { timestamp } from "../../kube/object/time.ts";
import {
  blueGreenOf,
  canaryOf,
  currentStepOf,
  desiredReplicas,
  fullWeight,
  stepsOf,
} from "../rollout/model/defaults.ts";
import { currentSetWeight } from "../rollout/sizes/replicas.ts";
import { analysisRunInfos } from "./analysisRuns.ts";
import { experimentInfos } from "./experiments.ts";
import { rolloutIcon } from "./icons.ts";
import type { ContainerInfo, ReplicaSetInfo, RolloutInfo, RolloutSummary } from "./info.ts";
import { objectInfo } from "./objectInfo.ts";
import type { Owned } from "./owned.ts";
import { shownPhase } from "./phase.ts";
import { type Container, containersOf, replicaSetInfos } from "./replicaSets.ts";

function strategyOf(rollout: Rollout): string {
  if (canaryOf(rollout) !== undefined) return "Canary";
  return blueGreenOf(rollout) === undefined ? "" : "BlueGreen";
}

function stepOf(rollout: Rollout): string {
  const { length } = stepsOf(rollout);
  const index = rollout.status?.currentStepIndex;
  return index === undefined || length === 0 ? "" : `${index}/${length}`;
}

/** As Go prints a time of UTC. */
const goTime = (text: string): string => `${timestamp(Date.parse(text)).replace("T", " ").replace("Z", "")} +0000 UTC`;

export function rolloutSummary(rollout: Rollout): RolloutSummary {
  const { metadata, status = {} } = rollout;
  const { phase, message } = shownPhase(rollout);
  return {
    objectMeta: {
      ...objectInfo(metadata),
      labels: metadata.labels ?? {},
      annotations: metadata.annotations ?? {},
      generation: metadata.generation ?? 0,
      resourceVersion: metadata.resourceVersion ?? "",
    },
    status: phase,
    message,
    icon: rolloutIcon(phase),
    strategy: strategyOf(rollout),
    step: stepOf(rollout),
    setWeight: canaryOf(rollout) === undefined ? "" : String(currentSetWeight(rollout)),
    ready: status.readyReplicas ?? 0,
    current: status.replicas ?? 0,
    desired: desiredReplicas(rollout),
    updated: status.updatedReplicas ?? 0,
    available: status.availableReplicas ?? 0,
    restartedAt: status.restartedAt === undefined ? "Never" : goTime(status.restartedAt),
    generation: status.observedGeneration ?? "",
    steps: stepOf(rollout) === "" ? [] : stepsOf(rollout),
  };
}

/** With a router what the router was told; without one the canary's share of the available pods. */
function actualWeight(rollout: Rollout, replicaSets: readonly ReplicaSetInfo[]): string {
  const canary = canaryOf(rollout);
  if (canary === undefined) return "";
  if (currentStepOf(rollout) === undefined) return String(fullWeight(rollout));
  const available = rollout.status?.availableReplicas ?? 0;
  if (available <= 0) return "0";
  if (canary.trafficRouting !== undefined)
    return String(rollout.status?.canary?.weights?.canary.weight ?? currentSetWeight(rollout));
  const pods = replicaSets.findLast((one) => one.canary)?.available ?? 0;
  return String(Math.trunc((pods * fullWeight(rollout)) / available));
}

const containerInfo = ({ name = "", image = "" }: Container): ContainerInfo => ({ name, image });

/** @param workload the one that the Rollout refers to, where it was read: it has the containers then */
export function rolloutInfo(rollout: Rollout, owned: Owned, workload?: Workload): RolloutInfo {
  const uid = rollout.metadata.uid ?? "";
  const replicaSets = replicaSetInfos(uid, owned, rollout);
  const template = workload === undefined ? rollout.spec.template : (workload.spec?.template ?? workload.template);
  const { containers, initContainers } = containersOf(template);
  return {
    ...rolloutSummary(rollout),
    actualWeight: actualWeight(rollout, replicaSets),
    replicaSets,
    experiments: experimentInfos(uid, owned),
    analysisRuns: analysisRunInfos(uid, owned),
    containers: containers.map(containerInfo),
    initContainers: initContainers.map(containerInfo),
  };
}
