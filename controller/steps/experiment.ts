/** Runs an Experiment and waits for its end (docs/behaviour/experiments.md#an-experiment-as-a-step). */
import { durationHelp } from "../../kube/object/durationHelp.ts";
import { pauseSeconds } from "../../kube/object/pauseSeconds.ts";
import { at, items, type Place, present, text } from "../../kube/validation/place.ts";
import { helped, invalid, notSupported, type Violation } from "../../kube/validation/violation.ts";
import { whoCan } from "../../providers/traffic/whoCan.ts";
import { done, hold, type StepKind, type StepRule } from "./kind.ts";

const weightsNeedRouter: StepRule = ({ step, routing, routers }) => {
  const weights = items(at(step, "experiment", "templates")).map((template) => at(template, "weight"));
  if (routers.some(({ experimentWeights }) => experimentWeights)) return [];
  const detail = present(routing)
    ? "Experiment template weight is only available for TrafficRouting with SMI, ALB, Istio and Plugins at this time"
    : "Experiment template weight cannot be set unless TrafficRouting is enabled";
  const help = whoCan("Weights of experiments", ({ experimentWeights }) => experimentWeights === true);
  return weights
    .filter(present)
    .map((weight) => helped(invalid("step-experiment-weight", weight, detail), `Leave the weight out. ${help}`));
};

const specRefs = (step: Place): readonly Violation[] =>
  items(at(step, "experiment", "templates"))
    .map((template) => at(template, "specRef"))
    .filter((place) => text(place) !== "stable" && text(place) !== "canary")
    .map((place) => notSupported("experiment-spec-ref", place, ["canary", "stable"], text(place)));

/** An experiment whose duration cannot be read never ends. */
function durations(step: Place): readonly Violation[] {
  const place = at(step, "experiment", "duration");
  if (!present(place) || pauseSeconds(place.value) >= 0) return [];
  const found = invalid("experiment-duration", place, "must be a duration such as 10m, or the experiment never ends");
  return [helped(found, durationHelp(place.value, "seconds"))];
}

export const experiment: StepKind = {
  isExclusive: true,
  isEndless: true,
  lastViolations: weightsNeedRouter,
  arguments: (step) => items(at(step, "experiment", "analyses")).flatMap((analysis) => items(at(analysis, "args"))),
  verdict(_, { experimentPhase }) {
    const phase = experimentPhase();
    if (phase === undefined) return hold("ExperimentNotStarted");
    // One that failed aborts the update, and an inconclusive one pauses it.
    return phase === "Successful" ? done : hold("ExperimentNotOver");
  },
  warnings: [specRefs, durations],
  words: () => "experiment",
};
