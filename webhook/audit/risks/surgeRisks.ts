/** Whether what an update starts beside the running pods fits (docs/behaviour/admission.md#what-the-audit-looks-for). Pure. */
import type { Rollout } from "../../../schema/rollout.ts";
import { nodeRoom } from "./nodeRoom.ts";
import { podNeeds } from "./podNeeds.ts";
import { quotaRoom } from "./quotaRoom.ts";
import type { ClusterRoom } from "./readRoom.ts";
import type { Risk } from "./risk.ts";
import { isAtRest, type Surge, surgeOf } from "./surge.ts";

const starts = ({ pods, why, all }: Surge): string =>
  `An update ${all ? "starts" : "may start"} ${pods} ${pods === 1 ? "pod" : "pods"} beside those that run (${why})`;

/** @param podSpec of its template; undefined: it is not known */
export function surgeRisks(rollout: Rollout, podSpec: unknown, room: ClusterRoom): readonly Risk[] {
  const surge = surgeOf(rollout);
  if (surge === undefined || podSpec === undefined || !isAtRest(rollout)) return [];
  const needs = podNeeds(podSpec);
  const found: Risk[] = [];
  const quota = quotaRoom(needs, room.quotas?.get(rollout.metadata.namespace) ?? []);
  if (quota !== undefined && quota.pods < surge.pods) {
    const message = `${starts(surge)}, and ResourceQuota "${quota.quota}" allows ${quota.pods} (${quota.lacks})`;
    found.push({ kind: "quota", about: "", message: `${message}; ${WAYS_OUT}, or raise the quota` });
  }
  const { nodes, used } = room;
  const onNodes = nodes === undefined || used === undefined ? undefined : nodeRoom(podSpec, needs, nodes, used);
  if (onNodes !== undefined && onNodes.pods < surge.pods) {
    const have =
      onNodes.lacks === ""
        ? "no node is open to them (nodeSelector, taints)"
        : `the nodes have room for ${onNodes.pods} (${onNodes.lacks})`;
    found.push({ kind: "nodes", about: "", message: `${starts(surge)}, and ${have}; ${WAYS_OUT}, or add nodes` });
  }
  return found;
}

const WAYS_OUT = "lower what the pods request, or what an update starts at once";
