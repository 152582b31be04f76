/** The gauges of Rollouts, computed from the cache while they are printed; nothing is kept. */
import type { ConditionReason } from "../../schema/reasons.ts";
import { familyHead, type Labels, sample } from "./exposition.ts";
import { ROUTERS } from "../../providers/traffic/routers.ts";
import type { RouterTraits } from "../../providers/traffic/traits.ts";

/** The members of a Rollout that are read. */
export interface ObservedRollout {
  readonly metadata: { readonly namespace?: string | undefined; readonly name?: string | undefined };
  readonly spec: {
    readonly replicas?: number | null | undefined;
    readonly strategy?:
      | {
          readonly canary?: { readonly trafficRouting?: object | null | undefined } | null | undefined;
          readonly blueGreen?: object | null | undefined;
        }
      | null
      | undefined;
  };
  readonly status?:
    | {
        readonly replicas?: number | null | undefined;
        readonly availableReplicas?: number | null | undefined;
        readonly updatedReplicas?: number | null | undefined;
        readonly conditions?:
          readonly { readonly type: string; readonly reason?: string | null | undefined }[] | null | undefined;
      }
    | null
    | undefined;
}

/** rollout_info, rollout_info_replicas_* and the deprecated rollout_phase. Calls `rollouts` once per family. */
export function* renderRollouts(
  rollouts: () => Iterable<ObservedRollout>,
  routers?: readonly RouterTraits[],
): Generator<string> {
  const labels = routers === undefined ? LABELLED : labelled(routers);
  yield familyHead("rollout_info", "gauge", "A Rollout, with its strategy and phase.");
  for (const rollout of rollouts()) {
    const about: Labels = [
      ...identity(rollout),
      ["strategy", strategyOf(rollout)],
      ["traffic_router", trafficRouterOf(rollout, labels)],
      ["phase", phaseOf(rollout)],
    ];
    yield sample("rollout_info", about, 1);
  }
  for (const { name, help, of } of replicaGauges) {
    yield familyHead(name, "gauge", help);
    for (const rollout of rollouts()) yield sample(name, identity(rollout), of(rollout));
  }
  yield familyHead("rollout_phase", "gauge", "Deprecated: use rollout_info.");
  for (const rollout of rollouts()) {
    const current = phaseOf(rollout);
    const start: Labels = [...identity(rollout), ["strategy", strategyOf(rollout)]];
    for (const phase of phases) yield sample("rollout_phase", [...start, ["phase", phase]], current === phase ? 1 : 0);
  }
}

const replicaGauges: readonly { name: string; help: string; of: (rollout: ObservedRollout) => number }[] = [
  {
    name: "rollout_info_replicas_available",
    help: "Available pods of a Rollout.",
    of: ({ status }) => status?.availableReplicas ?? 0,
  },
  {
    name: "rollout_info_replicas_unavailable",
    help: "Pods of a Rollout that are not available.",
    of: ({ status }) => (status?.replicas ?? 0) - (status?.availableReplicas ?? 0),
  },
  {
    name: "rollout_info_replicas_desired",
    help: "Pods that a Rollout should have.",
    of: ({ spec }) => spec.replicas ?? 1,
  },
  {
    name: "rollout_info_replicas_updated",
    help: "Pods of a Rollout with the newest template.",
    of: ({ status }) => status?.updatedReplicas ?? 0,
  },
];

/** The phases of the deprecated rollout_phase, which does not have InvalidSpec. */
const phases = ["Completed", "Paused", "Error", "Timeout", "Abort", "Progressing"];

const phaseByReason: Readonly<Partial<Record<ConditionReason, string>>> = {
  NewReplicaSetAvailable: "Completed",
  RolloutPaused: "Paused",
  ReplicaSetCreateError: "Error",
  ProgressDeadlineExceeded: "Timeout",
  RolloutAborted: "Abort",
};

/** The phases of the metrics, by the reason of the condition Progressing; not those of status.phase. */
function phaseOf({ status }: ObservedRollout): string {
  const conditions = status?.conditions ?? [];
  if (conditions.some(({ type }) => type === "InvalidSpec")) return "InvalidSpec";
  const reason = conditions.find(({ type }) => type === "Progressing")?.reason ?? "";
  return phaseByReason[reason as ConditionReason] ?? "Progressing";
}

function strategyOf({ spec: { strategy } }: ObservedRollout): string {
  if (strategy?.blueGreen) return "blueGreen";
  return strategy?.canary ? "canary" : "none";
}

interface Labelled {
  readonly kind: string;
  readonly label: string;
  readonly rank: number;
}

/** Of several routers the first counts; routers that are missing here have no label in the reference either. */
const labelled = (routers: readonly RouterTraits[]): readonly Labelled[] =>
  routers
    .flatMap(({ kind, metrics }) => (metrics === undefined ? [] : [{ kind, ...metrics }]))
    .toSorted((a, b) => b.rank - a.rank);

const LABELLED = labelled(ROUTERS);

function trafficRouterOf({ spec: { strategy } }: ObservedRollout, routers: readonly Labelled[]): string {
  const routing: Readonly<Record<string, unknown>> = { ...strategy?.canary?.trafficRouting };
  return routers.find(({ kind }) => routing[kind])?.label ?? "";
}

function identity({ metadata }: ObservedRollout): Labels {
  return [
    ["namespace", metadata.namespace ?? ""],
    ["name", metadata.name ?? ""],
  ];
}
