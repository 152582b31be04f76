/** The ReplicaSets of a Rollout or an Experiment, with their pods and the parts they play. */
import { EXPERIMENT_TEMPLATE, HASH_LABEL, SCALE_DOWN_DEADLINE } from "../../schema/labels.ts";
import type { ReplicaSet } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { blueGreenOf, canaryOf, isStablePing } from "../rollout/model/defaults.ts";
import { replicaSetIcon } from "./icons.ts";
import type { ReplicaSetInfo } from "./info.ts";
import { byCreation, byName, byRevision, objectInfo, revisionOf } from "./objectInfo.ts";
import type { Owned } from "./owned.ts";
import { podInfo } from "./pod.ts";

type Part = Pick<ReplicaSetInfo, "stable" | "canary" | "active" | "preview" | "ping" | "pong">;

const NONE: Part = { stable: false, canary: false, active: false, preview: false, ping: false, pong: false };

/** Both revisions of a ping-pong have one of its Services each. */
function canaryPart(rollout: Rollout, hash: string): Part {
  const { stableRS = "", currentPodHash = "" } = rollout.status ?? {};
  const stable = hash === stableRS;
  const canary = !stable && hash === currentPodHash;
  const isRouted = (stable || canary) && canaryOf(rollout)?.pingPong !== undefined;
  const isPing = isStablePing(rollout) === stable;
  return { ...NONE, stable, canary, ping: isRouted && isPing, pong: isRouted && !isPing };
}

function blueGreenPart({ status }: Rollout, hash: string): Part {
  const { activeSelector = "", previewSelector = "" } = status?.blueGreen ?? {};
  const active = hash === activeSelector;
  return { ...NONE, stable: hash === (status?.stableRS ?? ""), active, preview: !active && hash === previewSelector };
}

function partOf(rollout: Rollout | undefined, { metadata }: ReplicaSet): Part {
  if (rollout === undefined) return NONE;
  const hash = metadata.labels?.[HASH_LABEL] ?? "";
  if (canaryOf(rollout) !== undefined) return canaryPart(rollout, hash);
  return blueGreenOf(rollout) === undefined ? NONE : blueGreenPart(rollout, hash);
}

function health({ metadata, spec, status }: ReplicaSet): string {
  if ((metadata.generation ?? 0) > (status?.observedGeneration ?? 0)) return "Progressing";
  const failure = status?.conditions?.find(({ type }) => type === "ReplicaFailure");
  if (failure?.status === "True") return "ReplicaFailure";
  if (spec.replicas === undefined) return "Healthy";
  if ((status?.availableReplicas ?? 0) < spec.replicas) return "Progressing";
  return spec.replicas === 0 ? "ScaledDown" : "Healthy";
}

interface PodTemplate {
  readonly spec?: {
    readonly containers?: readonly Container[] | null;
    readonly initContainers?: readonly Container[] | null;
  };
}

export interface Container {
  readonly name?: string;
  readonly image?: string;
}

export function containersOf(template: unknown): {
  readonly containers: readonly Container[];
  readonly initContainers: readonly Container[];
} {
  const { containers, initContainers } = (template as PodTemplate | undefined)?.spec ?? {};
  return { containers: containers ?? [], initContainers: initContainers ?? [] };
}

const imagesOf = (containers: readonly Container[]): readonly string[] => containers.map(({ image = "" }) => image);

/** Newest revision first. @param rollout undefined: they are an Experiment's, and play no part */
export function replicaSetInfos(owner: string, owned: Owned, rollout?: Rollout): readonly ReplicaSetInfo[] {
  const infos = owned.replicaSets(owner).map((rs): ReplicaSetInfo => {
    const { metadata, spec } = rs;
    const status = health(rs);
    const { containers, initContainers } = containersOf(spec.template);
    return {
      objectMeta: objectInfo(metadata),
      status,
      icon: replicaSetIcon(status),
      revision: revisionOf(metadata),
      ...partOf(rollout, rs),
      replicas: rs.status?.replicas ?? 0,
      available: rs.status?.availableReplicas ?? 0,
      template: metadata.annotations?.[EXPERIMENT_TEMPLATE] ?? "",
      scaleDownDeadline: metadata.annotations?.[SCALE_DOWN_DEADLINE] ?? "",
      images: imagesOf(containers),
      initContainerImages: imagesOf(initContainers),
      pods: owned
        .pods(metadata.uid ?? "")
        .map(podInfo)
        .toSorted(byCreation),
    };
  });
  return infos.toSorted((a, b) => byRevision(a, b) || byName(a, b));
}
