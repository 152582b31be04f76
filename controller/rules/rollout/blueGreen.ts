/** The blue-green strategy (docs/behaviour/validation.md#blue-green). */
import { flatMap } from "../../../kube/object/flatMap.ts";
import { antiAffinityViolations } from "./antiAffinity.ts";
import { revisionHistoryLimitOf, type RolloutPlaces } from "./input.ts";
import { at, text, whole } from "../../../kube/validation/place.ts";
import { invalid, type Violation } from "../../../kube/validation/violation.ts";

type Rule = (rollout: RolloutPlaces) => readonly Violation[];

const SAME_SERVICE =
  "This rollout uses the same service for the active and preview services, but two different services are required.";
const LIMIT_OVER_HISTORY =
  "This rollout's revision history limit can not be smaller than the rollout's scale down limit";

/** Also refuses a missing activeService: both names are then "". */
const differentServices: Rule = ({ blueGreen }) => {
  const active = at(blueGreen, "activeService");
  if (text(active) !== text(at(blueGreen, "previewService"))) return [];
  return [invalid("blue-green-same-service", active, SAME_SERVICE, text(active))];
};

const limitWithinHistory: Rule = ({ spec, blueGreen }) => {
  const place = at(blueGreen, "scaleDownDelayRevisionLimit");
  const limit = whole(place);
  if (limit === undefined || revisionHistoryLimitOf(spec) >= limit) return [];
  return [invalid("blue-green-revision-limit", place, LIMIT_OVER_HISTORY)];
};

const RULES: readonly Rule[] = [
  differentServices,
  limitWithinHistory,
  ({ blueGreen }) => antiAffinityViolations(at(blueGreen, "antiAffinity")),
];

export const blueGreenViolations: Rule = (rollout) => flatMap(RULES, (rule) => rule(rollout));
