/**
 * The story of a world, a line for everything that a reader may want to know; written only when there is a listener.
 */
import type { Clock } from "../../../kube/clock/clock.ts";
import { HASH_LABEL, SCALE_DOWN_DEADLINE } from "../../../schema/labels.ts";
import type { KubeRequest } from "../../../kube/client/transport.ts";
import type { RolloutStatus } from "../../../schema/rollout.ts";
import type { Change } from "../../../simulator/model/model.ts";
import { ROUTED } from "../planes/planes.ts";
import type { Fate } from "./faults.ts";
import type { Truth } from "./truth.ts";

export interface Story {
  line(who: string, what: string, fields?: unknown): void;
  change(who: string, change: Change, truth: Truth): void;
  fate(who: string, fate: Fate, request: KubeRequest): void;
}

const silent: Story = { line() {}, change() {}, fate() {} };

export function createStory(clock: Clock, print: ((line: string) => void) | undefined): Story {
  if (print === undefined) return silent;
  const startMs = clock.now();
  const line = (who: string, what: string, fields?: unknown): void => {
    const seconds = ((clock.now() - startMs) / 1_000).toFixed(3);
    print(`+${seconds.padStart(9)}s ${who.padEnd(4)} ${what}${fieldsText(fields)}`);
  };
  return {
    line,
    change(who, change, truth) {
      const text = changeText(change, truth);
      if (text !== "") line(who, text);
    },
    fate(who, fate, { method, path }) {
      if (fate.kind === "served") return;
      const { kind, ...rest } = fate;
      line(who, `  ! ${kind} ${JSON.stringify(rest)}: ${method} ${path.split("/").slice(-2).join("/")}`);
    },
  };
}

function fieldsText(fields: unknown): string {
  const error = (fields as { error?: unknown } | undefined)?.error;
  return error === undefined ? "" : `: ${error instanceof Error ? error.message : JSON.stringify(error)}`;
}

interface Counts {
  readonly replicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
}

interface Shown {
  readonly spec?: {
    readonly replicas?: number;
    readonly paused?: boolean;
    readonly selector?: Readonly<Record<string, string>>;
  };
  readonly status?: object;
}

function changeText({ type, resource, object, old }: Change, truth: Truth): string {
  const next = object as unknown as Shown;
  const last = old as unknown as Shown | undefined;
  const { name, labels = {} } = object.metadata;
  switch (resource) {
    case "replicasets.apps": {
      const image = truth.imageOf(labels[HASH_LABEL] ?? "");
      if (type === "DELETED") return `ReplicaSet ${image} is gone`;
      const counts: Counts | undefined = next.status;
      const deadline = object.metadata.annotations?.[SCALE_DOWN_DEADLINE];
      const has = `${counts?.replicas ?? 0}/${counts?.readyReplicas ?? 0}/${counts?.availableReplicas ?? 0}`;
      const asked = last === undefined ? `created with ${next.spec?.replicas}` : sizeText(last, next);
      return `ReplicaSet ${image} ${asked}, has ${has}${deadline === undefined ? "" : `, until ${deadline.slice(11, 19)}`} v${object.metadata.resourceVersion}`;
    }
    case "services": {
      if (type === "DELETED") return `Service ${name} is gone`;
      return `Service ${name} → ${truth.imageOf(next.spec?.selector?.[HASH_LABEL] ?? "")}`;
    }
    case "experiments.argoproj.io":
    case "analysisruns.argoproj.io": {
      const { phase = "" } = (object["status"] ?? {}) as { phase?: string };
      const { terminate } = (object["spec"] ?? {}) as { terminate?: boolean };
      const kind = resource === "analysisruns.argoproj.io" ? "AnalysisRun" : "Experiment";
      return `${kind} ${name} ${type === "DELETED" ? "is gone" : phase}${terminate === true ? " terminated" : ""}`;
    }
    case "rollouts.argoproj.io": {
      if (type === "DELETED") return "Rollout is gone";
      return `Rollout ${type === "ADDED" ? "created " : ""}gen ${object.metadata.generation} size ${next.spec?.replicas}${next.spec?.paused === true ? " paused" : ""} | ${statusText(next.status ?? {}, truth)} v${object.metadata.resourceVersion}`;
    }
    case "deployments.apps":
      return `Deployment ${last === undefined ? next.spec?.replicas : sizeText(last, next)} gen ${object.metadata.generation} v${object.metadata.resourceVersion}`;
    case "pods":
      return podText(type, object, truth);
    default:
      return ROUTED.has(resource) ? routedText({ type, object }) : "";
  }
}

function routedText({ type, object }: Pick<Change, "type" | "object">): string {
  const { kind, metadata } = object;
  const { name, annotations = {} } = metadata;
  if (type === "DELETED") return `${kind} ${name} is gone`;
  const marks = Object.values(annotations).join(" ");
  return `${kind} ${name} ${kind === "Ingress" ? "" : JSON.stringify(object["spec"])} ${marks}`;
}

const sizeText = (last: Shown, next: Shown): string =>
  last.spec?.replicas === next.spec?.replicas
    ? `${next.spec?.replicas}`
    : `${last.spec?.replicas}→${next.spec?.replicas}`;

function podText(type: Change["type"], object: Change["object"], truth: Truth): string {
  const image = truth.imageOf(object.metadata.labels?.[HASH_LABEL] ?? "");
  const { name, deletionTimestamp } = object.metadata;
  const { conditions = [] } = (object["status"] ?? {}) as { conditions?: { type: string; status: string }[] };
  const ready = conditions.some((c) => c.type === "Ready" && c.status === "True") ? "ready" : "not ready";
  const what = type === "DELETED" ? "gone" : deletionTimestamp === undefined ? ready : "going";
  return `        pod ${name.slice(-5)} of ${image} ${what}`;
}

function statusText(status: RolloutStatus, truth: Truth): string {
  const { phase = "-", message = "", currentStepIndex, stableRS = "", currentPodHash = "", blueGreen } = status;
  const parts = [
    `${phase}${message === "" ? "" : ` (${message})`}`,
    `of gen ${status.observedGeneration ?? "-"}`,
    `step ${currentStepIndex ?? "-"}`,
    `stable ${truth.imageOf(stableRS)} current ${truth.imageOf(currentPodHash)}`,
    ...(status.pauseConditions ?? []).map(({ reason }) => reason),
    ...(status.controllerPause === true ? ["controllerPause"] : []),
    ...(status.abort === true ? ["abort"] : []),
    ...(status.promoteFull === true ? ["promoteFull"] : []),
    ...(blueGreen?.activeSelector === undefined ? [] : [`active ${truth.imageOf(blueGreen.activeSelector)}`]),
    ...(blueGreen?.scaleUpPreviewCheckPoint === true ? ["checkpoint"] : []),
  ];
  return parts.join(", ");
}
