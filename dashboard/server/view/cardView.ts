/** One Rollout in the overview, and its steps. Pure. */
import type { Explanation } from "../../../controller/rollout/explain/explain.ts";
import { currentStepOf, fullWeight, stepIndexOf, stepsOf } from "../../../controller/rollout/model/defaults.ts";
import { STEPS } from "../../../controller/steps/stepKinds.ts";
import { kindOf, textOf, weightAfter } from "../../../controller/steps/stepTable.ts";
import type { RolloutInfo } from "../../../controller/view/info.ts";
import { revisionOf } from "../../../controller/view/objectInfo.ts";
import type { CanaryStep, Rollout } from "../../../schema/rollout.ts";
import type { Card, StepState, StepView } from "../../model.ts";

const whole = (text: string): number | undefined => (/^\d+$/.test(text) ? Number(text) : undefined);

/** A person has to look: as the reference's page of all Rollouts has it. */
const needsAttention = ({ status, message }: RolloutInfo): boolean =>
  ["Degraded", "Unknown", "Error", "InvalidSpec"].includes(status) ||
  (status === "Paused" && message !== "CanaryPauseStep");

/** What is said where the explanation is not to be had. */
const plainSentence = ({ objectMeta: { name }, status, message }: RolloutInfo): string =>
  `Rollout "${name}" is ${status === "" ? "new" : status}${message === "" ? "" : `: ${message.replace(/\.$/, "")}`}.`;

/** @param explanation undefined: not all that it is made of can be read */
export function cardView(rollout: Rollout, info: RolloutInfo, explanation: Explanation | undefined): Card {
  const { objectMeta, replicaSets, containers } = info;
  const step = currentStepOf(rollout);
  const index = stepIndexOf(rollout);
  const [setWeight, actualWeight] = [whole(info.setWeight), whole(info.actualWeight)];
  const own = containers.map(({ image }) => image);
  return {
    namespace: objectMeta.namespace,
    name: objectMeta.name,
    uid: objectMeta.uid,
    labels: objectMeta.labels,
    phase: info.status,
    icon: info.icon,
    message: info.message,
    needsAttention: needsAttention(info),
    strategy: info.strategy as Card["strategy"],
    ...(index === undefined ? {} : { step: index }),
    steps: stepsOf(rollout).length,
    stepText: step === undefined ? "" : textOf(STEPS, step),
    ...(setWeight === undefined ? {} : { setWeight }),
    ...(actualWeight === undefined ? {} : { actualWeight }),
    fullWeight: fullWeight(rollout),
    pods: {
      desired: info.desired,
      current: info.current,
      updated: info.updated,
      ready: info.ready,
      available: info.available,
    },
    images: own.length > 0 ? own : (replicaSets[0]?.images ?? []),
    revision: revisionOf(rollout.metadata),
    sentence: explanation?.sentence ?? plainSentence(info),
    createdAt: objectMeta.creationTimestamp,
  };
}

/** The member of a step that says what kind it is. */
const memberOf = (step: CanaryStep): string => {
  const kind = kindOf(STEPS, step);
  return STEPS.kinds.find((each) => each === kind)?.member ?? "";
};

/** What belongs to one step of the revision that is being brought in. */
export interface StepObjects {
  readonly run?: string | undefined;
  readonly experiment?: string | undefined;
}

export function stepViews(
  rollout: Rollout,
  explanation: Explanation | undefined,
  objects: ReadonlyMap<number, StepObjects>,
): readonly StepView[] {
  const steps = stepsOf(rollout);
  // An update that was aborted begins again at its first step.
  const at = rollout.status?.abort === true ? -1 : (stepIndexOf(rollout) ?? -1);
  return steps.map((step, index): StepView => {
    const state: StepState = index < at ? "done" : index === at ? "current" : "ahead";
    const { run, experiment } = objects.get(index) ?? {};
    const isHeld = state === "current" && explanation !== undefined && explanation.standing !== "done";
    return {
      index,
      kind: memberOf(step),
      text: textOf(STEPS, step),
      state,
      weight: weightAfter(STEPS, steps, index + 1),
      ...(isHeld && { why: explanation.sentence }),
      ...(isHeld && explanation.until !== undefined && { until: explanation.until }),
      ...(run === undefined ? {} : { run }),
      ...(experiment === undefined ? {} : { experiment }),
    };
  });
}
