/** Whether a controller is at work, by the Lease that every controller of Rollouts holds. */
import { EDGE_HOLDER, lockOf } from "../../schema/locks.ts";
import type { Drivers } from "../rollout/explain/evidence.ts";
import { ApiError } from "../../kube/client/apiError.ts";
import { collectionPath, nameSelector } from "../../kube/client/path.ts";
import { LEASES } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { humanDuration } from "../../kube/object/humanDuration.ts";
import { instant } from "../../kube/object/time.ts";

interface Lease {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly renewTime?: string;
  };
}

/** Two machines' clocks may differ by this much. */
const SLACK_MS = 60_000;

/** @param instance "": of the controller without one. @param now ms since the epoch */
export async function driversOf(client: KubeClient, instance: string, now: number): Promise<Drivers> {
  try {
    const page = await client.request<{ readonly items?: readonly Lease[] | null }>({
      method: "GET",
      path: collectionPath(LEASES, undefined),
      query: { fieldSelector: nameSelector(lockOf(instance)) },
    });
    return judged(page.items ?? [], now);
  } catch (error) {
    // Not everybody may read them.
    if (error instanceof ApiError) return { kind: "unknown" };
    throw error;
  }
}

/** A controller that runs alone, or with the profile edge, holds none. */
function judged(leases: readonly Lease[], now: number): Drivers {
  // With the profile edge nothing is renewed.
  if (leases.some(({ spec }) => spec?.holderIdentity === EDGE_HOLDER)) return { kind: "unknown" };
  const held = leases.find((lease) => isFresh(lease, now));
  if (held !== undefined) return { kind: "working", holder: held.spec?.holderIdentity ?? "" };
  const latest = leases.toSorted((a, b) => renewedAt(b) - renewedAt(a))[0];
  if (latest === undefined) return { kind: "unknown" };
  const { namespace = "", name } = latest.metadata;
  const age = humanDuration(now - renewedAt(latest));
  const holder = latest.spec?.holderIdentity ?? "";
  const by = holder === "" ? "was given back" : `was last renewed by ${holder}`;
  return { kind: "gone", why: `Lease ${namespace}/${name} ${by} ${age} ago` };
}

const renewedAt = ({ spec }: Lease): number => instant(spec?.renewTime) ?? 0;

const isFresh = (lease: Lease, now: number): boolean =>
  (lease.spec?.holderIdentity ?? "") !== "" &&
  renewedAt(lease) + (lease.spec?.leaseDurationSeconds ?? 15) * 1_000 + SLACK_MS > now;
