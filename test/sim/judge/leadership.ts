/** Every write of a controller needs its Lease. */
import type { ApiCore, Change } from "../../../simulator/model/model.ts";
import { DEPLOYMENT } from "../script/deploymentWorlds.ts";
import { ROUTED } from "../planes/planes.ts";
import { LEASE, LEASE_NAMESPACE } from "../world/process.ts";
import type { Violation } from "./court.ts";

interface Ruled {
  readonly core: ApiCore;
  readonly leases: boolean;
  readonly report: (violation: Violation) => void;
}

const driven = new Set([
  "rollouts.argoproj.io",
  "replicasets.apps",
  DEPLOYMENT.resource,
  ...ROUTED,
  "services",
  "pods",
]);

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly renewTime?: string;
}

/** Every write needs the Lease, held and not expired at that instant. */
export function judgeLeadership({ core, leases, report }: Ruled, actor: string, { resource, object }: Change): void {
  if (!leases || !driven.has(resource)) return;
  const lease = core.get({ resource: "leases.coordination.k8s.io", namespace: LEASE_NAMESPACE, name: LEASE });
  const { holderIdentity, leaseDurationSeconds = 0, renewTime = "" } = (lease?.["spec"] ?? {}) as LeaseSpec;
  const until = Date.parse(renewTime) + leaseDurationSeconds * 1_000;
  if (holderIdentity === actor && core.clock.now() < until) return;
  const holder = holderIdentity === actor ? "it has run out" : `held by ${holderIdentity ?? "nobody"}`;
  report({
    rule: "leadership",
    what: `${actor} writes ${object.kind} ${object.metadata.name}, Lease ${LEASE}: ${holder}`,
  });
}
