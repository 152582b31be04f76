/** What tools that know no Rollouts make of a Deployment at rest (docs/migration.md#what-other-tools-say). */
import type { ApiObject } from "../../../simulator/model/model.ts";
import { kstatusOfDeployment, kubectlRolloutStatus } from "../../deploymentTools.ts";

const TOLD: Readonly<Record<string, string>> = { Healthy: "Current", Degraded: "Failed" };

/** A Deployment that tells something else than its Rollout, or than it has to tell by itself. */
export function toolsProblem(deployment: ApiObject, rollout: ApiObject | undefined): string | undefined {
  const { replicas, paused } = deployment["spec"] as { readonly replicas?: number; readonly paused?: boolean };
  const { phase } = (rollout?.["status"] ?? {}) as { readonly phase?: string };
  const said = kstatusOfDeployment(deployment);
  if (rollout === undefined) {
    const { conditions = [] } = (deployment["status"] ?? {}) as { readonly conditions?: { readonly type: string }[] };
    const left = conditions.filter(({ type }) => type === "Reconciling" || type === "Stalled");
    if (left.length > 0) return `the Deployment still tells of a Rollout: ${left.map(({ type }) => type).join(", ")}`;
    return paused === true ? "the Deployment is paused" : undefined;
  }
  if ((replicas ?? 1) > 0 || phase === undefined) return undefined;
  const meant = TOLD[phase] ?? "InProgress";
  if (said !== meant) return `the Deployment tells kstatus ${said} while its Rollout is ${phase}`;
  const kubectl = kubectlRolloutStatus(deployment);
  const isTold = phase === "Degraded" ? kubectl === "error" : kubectl !== "error";
  return isTold ? undefined : `the Deployment tells kubectl ${kubectl} while its Rollout is ${phase}`;
}
