/** A Rollout to begin with, and what people do to it, in the words of the command line. */
import type { CanaryStep, Rollout, RolloutStrategy } from "../../schema/rollout.ts";

export type Edit = (rollout: Rollout) => Rollout;

/** A Rollout of five pods with one container, image `web:1`. */
export function rolloutOf(spec: Partial<Rollout["spec"]>): Rollout {
  const { template: _, ...plain } = spec;
  return image("web:1")({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "web", namespace: "default" },
    spec: { replicas: 5, selector: { matchLabels: { app: "web" } }, ...plain },
  });
}

/** A Rollout of five pods that takes its template from the Deployment "web". */
export function referringRollout(spec: Partial<Rollout["spec"]>, scaleDown?: string): Rollout {
  const workloadRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "web", namespace: "default", creationTimestamp: undefined },
    spec: { replicas: 5, ...spec, workloadRef: { ...workloadRef, ...(scaleDown === undefined ? {} : { scaleDown }) } },
  };
}

type Canary = NonNullable<RolloutStrategy["canary"]>;
type BlueGreen = NonNullable<RolloutStrategy["blueGreen"]>;

export const canary = (steps: readonly CanaryStep[], rest: Omit<Canary, "steps"> = {}): RolloutStrategy => ({
  canary: { ...rest, ...(steps.length === 0 ? {} : { steps: [...steps] }) },
});

/** With the Services `active` and, unless told otherwise, `preview`. */
export const blueGreen = (rest: Partial<BlueGreen> = {}): RolloutStrategy => ({
  blueGreen: { activeService: "active", previewService: "preview", ...rest },
});

export const setWeight = (weight: number): CanaryStep => ({ setWeight: weight });
export const setCanaryScale = (scale: NonNullable<CanaryStep["setCanaryScale"]>): CanaryStep => ({
  setCanaryScale: scale,
});
export const pause = (duration?: number | string): CanaryStep => ({
  pause: duration === undefined ? {} : { duration },
});

const withSpec =
  (change: Partial<Rollout["spec"]>): Edit =>
  (rollout) => ({ ...rollout, spec: { ...rollout.spec, ...change } });

const withStatus =
  (change: (status: NonNullable<Rollout["status"]>) => NonNullable<Rollout["status"]>): Edit =>
  (rollout) => ({ ...rollout, status: change(rollout.status ?? {}) });

/** Edits one after the other, as one write. */
export const both =
  (...edits: readonly Edit[]): Edit =>
  (rollout) =>
    edits.reduce((changed, edit) => edit(changed), rollout);

export const image = (name: string): Edit =>
  withSpec({
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: name }] } },
  });

export const scale = (replicas: number): Edit => withSpec({ replicas });
export const paused = (value: boolean): Edit => withSpec({ paused: value });
export const spec = (change: Partial<Rollout["spec"]>): Edit => withSpec(change);

export const annotate =
  (key: string, value: string): Edit =>
  (rollout) => ({
    ...rollout,
    metadata: { ...rollout.metadata, annotations: { ...rollout.metadata.annotations, [key]: value } },
  });

/** Replaces the strategy. */
export const strategy = (next: RolloutStrategy): Edit => withSpec({ strategy: next });

/** `promote`: lifts a pause, or else skips the current step (docs/behaviour/pauses-and-aborts.md#resuming). */
export const promote: Edit = (rollout) => {
  const resumed = rollout.spec.paused === true ? paused(false)(rollout) : rollout;
  const { pauseConditions, ...status } = rollout.status ?? {};
  if ((pauseConditions ?? []).length > 0) return { ...resumed, status };
  const steps = rollout.spec.strategy?.canary?.steps?.length ?? 0;
  if (steps === 0) return resumed;
  return { ...resumed, status: { ...status, currentStepIndex: Math.min(steps, (status.currentStepIndex ?? 0) + 1) } };
};

/** `promote --full`. */
export const promoteFull: Edit = (rollout) => {
  const resumed = rollout.spec.paused === true ? paused(false)(rollout) : rollout;
  const { currentPodHash, stableRS } = rollout.status ?? {};
  return currentPodHash === stableRS ? resumed : withStatus((s) => ({ ...s, promoteFull: true }))(resumed);
};

export const abort: Edit = withStatus((status) => ({ ...status, abort: true }));
export const retry: Edit = withStatus((status) => ({ ...status, abort: false }));
