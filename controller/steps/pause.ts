/** Waits for its duration, or without one for a person (docs/behaviour/pauses-and-aborts.md#pause-steps). */
import { durationHelp } from "../../kube/object/durationHelp.ts";
import { pauseSeconds } from "../../kube/object/pauseSeconds.ts";
import { at } from "../../kube/validation/place.ts";
import { helped, invalid } from "../../kube/validation/violation.ts";
import { done, hold, type StepKind } from "./kind.ts";

export const pause: StepKind = {
  isExclusive: true,
  isEndless: true,
  isApartFromSizes: true,
  violations: ({ step }) => {
    const duration = at(step, "pause", "duration");
    const seconds = pauseSeconds(duration.value);
    if (seconds >= 0) return [];
    const help = `${durationHelp(duration.value, "seconds")}; without a duration the step waits for a person`;
    return [helped(invalid("step-pause", duration, "Duration needs to be greater than 0", seconds), help)];
  },
  // Over once resumed or when its time has passed: at the very instant of its end it is not over yet.
  verdict: (step, { now, pause: begun, isResumed }) => {
    if (isResumed) return done;
    if (begun === undefined) return { kind: "hold", reason: "PauseBegins", beginsPause: true };
    const duration = step.pause?.duration;
    if (duration === undefined) return hold("WaitsForPerson");
    if (begun.startedAt === undefined) return hold("PauseNotOver");
    const end = begun.startedAt + pauseSeconds(duration) * 1000;
    return end < now ? done : { kind: "hold", reason: "PauseNotOver", wakeAt: end + 1 };
  },
  waitsForPerson: (step) => step.pause?.duration === undefined,
  words: (step) => (step.pause?.duration === undefined ? "pause" : `pause: ${step.pause.duration}`),
};
