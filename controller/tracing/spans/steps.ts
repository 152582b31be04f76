/** A span for each canary step: from the end of the one before it to its own. */
import { isList, isObject } from "../../../kube/object/json.ts";
import { instant } from "../../../kube/object/time.ts";
import type { CanaryStep, Rollout } from "../../../schema/rollout.ts";
import { type AttributeValue, type Digest, shortened, type Span, type SpanContext, spanIdOf } from "./span.ts";

/** The release that a part belongs to. */
export interface About {
  readonly key: readonly string[];
  readonly root: SpanContext;
  readonly digest: Digest;
}

export interface OpenStep {
  readonly index: number;
  readonly spanId: string;
  readonly name: string;
  readonly startMs: number;
  readonly attributes: Span["attributes"];
}

/** Which steps of which revision: a Rollout whose steps are edited begins with its first step again. */
export const courseOf = ({ status }: Rollout): string =>
  `${status?.currentPodHash ?? ""} ${status?.currentStepHash ?? ""}`;

/** @param course see `courseOf` */
export const stepSpanId = ({ digest, key }: Pick<About, "digest" | "key">, course: string, index: number): string =>
  spanIdOf(digest, [...key, "step", course, String(index)]);

const stepsOf = ({ spec }: Rollout): readonly CanaryStep[] => {
  const steps: unknown = spec?.strategy?.canary?.steps;
  return isList(steps) ? (steps as readonly CanaryStep[]) : [];
};

/** What a step is called, and what there is to know about it. */
function described(step: unknown): { readonly name: string; readonly attributes: Span["attributes"] } {
  const given = (isObject(step) ? step : {}) as CanaryStep;
  const kind = Object.keys(given)[0] ?? "step";
  const detail = detailOf(given);
  const value: AttributeValue | undefined = detail === undefined ? undefined : shortened(detail);
  return {
    name: value === undefined ? kind : `${kind} ${value}`,
    attributes: { "sluice.step.kind": kind, "sluice.step.value": value },
  };
}

/** Stored objects may have anything there. */
function detailOf({ setWeight, pause, plugin, setHeaderRoute, setMirrorRoute }: CanaryStep): string | undefined {
  const given: unknown = setWeight ?? pause?.duration ?? plugin?.name ?? setHeaderRoute?.name ?? setMirrorRoute?.name;
  return typeof given === "string" || typeof given === "number" ? String(given) : undefined;
}

/** @param sinceMs when it began; undefined: it was under way when it was first seen */
export function openStep(
  rollout: Rollout,
  about: About,
  sinceMs: number | undefined,
  now: number,
): OpenStep | undefined {
  const index = rollout.status?.currentStepIndex;
  const step = index === undefined ? undefined : stepsOf(rollout)[index];
  if (index === undefined || step === undefined) return undefined;
  const { name, attributes } = described(step);
  const isUnknown = sinceMs === undefined;
  const toldMs = isUnknown ? startTold(rollout, index) : undefined;
  return {
    index,
    spanId: stepSpanId(about, courseOf(rollout), index),
    name,
    startMs: sinceMs ?? toldMs ?? now,
    attributes: {
      "sluice.step.index": index,
      ...attributes,
      ...(isUnknown && toldMs === undefined ? { "sluice.start_estimated": true } : {}),
    },
  };
}

/** What the status says about when a step began. */
function startTold({ status }: Rollout, index: number): number | undefined {
  const plugin = status?.canary?.stepPluginStatuses?.find((entry) => entry.index === index);
  const pause = status?.pauseConditions?.find(({ reason }) => reason === "CanaryPauseStep");
  return instant(plugin?.startedAt) ?? instant(pause?.startTime);
}

/** Closes steps that are done, and opens the one that has begun. */
export function followSteps(
  open: OpenStep | undefined,
  rollout: Rollout,
  about: About,
  now: number,
): { readonly memory: OpenStep | undefined; readonly spans: readonly Span[] } {
  const index = rollout.status?.currentStepIndex;
  const next = openStep(rollout, about, now, now);
  if (index === open?.index && next?.spanId === open?.spanId) return { memory: open, spans: [] };
  if (open === undefined) return { memory: next, spans: [] };
  const { promoteFull, duration } = rollout.status ?? {};
  const isSkipped = promoteFull === true || duration?.completionStatus === "FastRolledBack";
  const isDone = index !== undefined && index > open.index;
  const outcome = isSkipped ? "skipped" : isDone ? "completed" : "left";
  const spans = [closed(open, about.root, now, outcome)];
  for (let passed = open.index + 1; isDone && passed < index; passed += 1) {
    const status = { ...rollout.status, currentStepIndex: passed };
    const between = openStep({ ...rollout, status }, about, now, now);
    if (between !== undefined) spans.push(closed(between, about.root, now, outcome));
  }
  return { memory: next, spans };
}

/** The step at which the release ended. */
export function closedStep(
  open: OpenStep,
  root: SpanContext,
  { status }: Rollout,
  { how, atMs }: { readonly how: string; readonly atMs: number },
): Span {
  if (how !== "Aborted") return closed(open, root, atMs, OUTCOMES[how] ?? "left");
  return { ...closed(open, root, atMs, "aborted"), error: shortened(status?.message ?? "aborted") };
}

const OUTCOMES: Readonly<Record<string, string>> = {
  Superseded: "superseded",
  Deleted: "deleted",
  Promoted: "completed",
  FastPromoted: "skipped",
};

const closed = (
  open: OpenStep,
  { traceId, spanId: parentSpanId }: SpanContext,
  endMs: number,
  outcome: string,
): Span => ({
  traceId,
  spanId: open.spanId,
  parentSpanId,
  name: open.name,
  startMs: open.startMs,
  endMs: Math.max(open.startMs, endMs),
  attributes: {
    ...open.attributes,
    "cicd.pipeline.task.name": open.name,
    "cicd.pipeline.task.run.id": open.spanId,
    "cicd.pipeline.task.run.result": RESULTS[outcome],
    "cicd.pipeline.task.type": "deploy",
    "sluice.step.outcome": outcome,
  },
});

const RESULTS: Readonly<Record<string, string>> = {
  completed: "success",
  skipped: "skip",
  aborted: "failure",
  superseded: "cancellation",
  deleted: "cancellation",
  left: "cancellation",
};
