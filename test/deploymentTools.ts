/**
 * What tools make of a Deployment, by their published rules, written anew from what they say, in their order: kstatus
 * (Flux, Helm 4), Argo CD's built-in health (it has no Lua for Deployments) and `kubectl rollout status`.
 */
import { isList, isObject } from "../kube/object/json.ts";
import { kstatus } from "./kstatus.ts";

const memberOf = (of: unknown, name: string): unknown => (isObject(of) ? of[name] : undefined);

const countIn = (of: unknown, name: string, otherwise = 0): number => {
  const value = memberOf(of, name);
  return typeof value === "number" ? value : otherwise;
};

/** The member of the condition of this type; "" where it is not there. */
function inCondition(deployment: unknown, type: string, name: "status" | "reason"): string {
  const list = memberOf(memberOf(deployment, "status"), "conditions");
  const condition = isList(list) ? list.find((each) => memberOf(each, "type") === type) : undefined;
  const value = memberOf(condition, name);
  return typeof value === "string" ? value : "";
}

const isLate = (deployment: unknown): boolean =>
  inCondition(deployment, "Progressing", "reason") === "ProgressDeadlineExceeded";

/** Whether all pods of the present template are there, and available, and no others. */
function hasItsPods(deployment: unknown): boolean {
  const status = memberOf(deployment, "status");
  const wanted = countIn(memberOf(deployment, "spec"), "replicas", 1);
  const updated = countIn(status, "updatedReplicas");
  return updated >= wanted && countIn(status, "replicas") <= updated && countIn(status, "availableReplicas") >= updated;
}

const isSeen = (deployment: unknown): boolean =>
  countIn(memberOf(deployment, "metadata"), "generation") <=
  countIn(memberOf(deployment, "status"), "observedGeneration");

/** First what it asks of every kind, then what it asks of Deployments. */
export function kstatusOfDeployment(deployment: unknown): "Current" | "InProgress" | "Failed" | "Terminating" {
  const { status } = kstatus(deployment);
  if (status !== "Current") return status;
  if (isLate(deployment)) return "Failed";
  const isComplete =
    inCondition(deployment, "Progressing", "reason") === "NewReplicaSetAvailable" &&
    inCondition(deployment, "Available", "status") === "True";
  return hasItsPods(deployment) && isComplete ? "Current" : "InProgress";
}

export function argoCdHealth(deployment: unknown): "Healthy" | "Progressing" | "Degraded" | "Suspended" {
  if (memberOf(memberOf(deployment, "spec"), "paused") === true) return "Suspended";
  if (!isSeen(deployment)) return "Progressing";
  if (isLate(deployment)) return "Degraded";
  return hasItsPods(deployment) ? "Healthy" : "Progressing";
}

export function kubectlRolloutStatus(deployment: unknown): "success" | "waits" | "error" {
  if (!isSeen(deployment)) return "waits";
  if (isLate(deployment)) return "error";
  return hasItsPods(deployment) ? "success" : "waits";
}
