/** A Rollout to begin with, and what people do to it, named like the commands of the plugin. */
import * as aborting from "../../controller/rollout/verbs/abort.ts";
import * as pausing from "../../controller/rollout/verbs/pause.ts";
import * as promoting from "../../controller/rollout/verbs/promote.ts";
import { setImage } from "../../controller/rollout/verbs/setImage.ts";
import type { VerbOutcome } from "../../controller/rollout/verbs/verb.ts";
import { applyJsonPatch } from "../../simulator/patch/jsonPatch.ts";
import { applyMergePatch } from "../../simulator/patch/applyMergePatch.ts";
import type { CanaryStep, Rollout, RolloutStrategy } from "../../schema/rollout.ts";

export type Edit = (rollout: Rollout) => Rollout;

/** A Rollout of five pods with one container, image `web:1`. */
export function rolloutOf(spec: Partial<Rollout["spec"]>): Rollout {
  const { template: _, ...plain } = spec;
  return onlyContainer("web:1")({
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

/** With the Services `active` and, by default, `preview`. */
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

/** Applies a verb's patches like the API server; a golden Rollout has the template of its workload in its spec. */
export const by =
  (verb: (rollout: Rollout) => VerbOutcome): Edit =>
  (rollout) => {
    const outcome = verb(rollout);
    if (outcome.kind === "impossible") throw new Error(outcome.why);
    if (outcome.kind === "nothing") return rollout;
    return outcome.patches.reduce(
      (changed, { contentType, body }) =>
        contentType === "application/merge-patch+json"
          ? applyMergePatch(changed, body)
          : (applyJsonPatch(changed, body) as Rollout),
      rollout,
    );
  };

/** Several edits in one write. */
export const both =
  (...edits: readonly Edit[]): Edit =>
  (rollout) =>
    edits.reduce((changed, edit) => edit(changed), rollout);

const onlyContainer = (name: string): Edit =>
  withSpec({
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: name }] } },
  });

export const image =
  (name: string): Edit =>
  (rollout) =>
    rollout.spec.template === undefined
      ? onlyContainer(name)(rollout)
      : by((changed) => setImage(changed, "*", name))(rollout);

export const scale = (replicas: number): Edit => withSpec({ replicas });
export const paused = (value: boolean): Edit => by(value ? pausing.pause : pausing.resume);
/** @param at ms since the epoch */
export const restart = (at: number): Edit => by(() => pausing.restart(at));
export const spec = (change: Partial<Rollout["spec"]>): Edit => withSpec(change);

export const annotate =
  (key: string, value: string): Edit =>
  (rollout) => ({
    ...rollout,
    metadata: { ...rollout.metadata, annotations: { ...rollout.metadata.annotations, [key]: value } },
  });

/** Replaces the strategy. */
export const strategy = (next: RolloutStrategy): Edit => withSpec({ strategy: next });

export const promote: Edit = by(promoting.promote);
export const promoteFull: Edit = by(promoting.promoteFull);
export const abort: Edit = by(aborting.abort);
export const retry: Edit = by(aborting.retry);
