/** The blue-green strategy (docs/behaviour/validation.md#blue-green). */
import { flatMap } from "../../../kube/object/flatMap.ts";
import { antiAffinityViolations } from "./antiAffinity.ts";
import { revisionHistoryLimitOf, type RolloutPlaces } from "./input.ts";
import { at, present, text, whole } from "../../../kube/validation/place.ts";
import { helped, invalid, type Violation } from "../../../kube/validation/violation.ts";

type Rule = (rollout: RolloutPlaces) => readonly Violation[];

const SAME_SERVICE =
  "This rollout uses the same service for the active and preview services, but two different services are required.";
const LIMIT_OVER_HISTORY =
  "This rollout's revision history limit can not be smaller than the rollout's scale down limit";

/** Also refuses a missing activeService: both names are then "". */
const differentServices: Rule = ({ blueGreen }) => {
  const active = at(blueGreen, "activeService");
  if (text(active) !== text(at(blueGreen, "previewService"))) return [];
  const help =
    text(active) === ""
      ? "Name the Service that users reach in activeService; previewService, for tests of the new version, may be left out"
      : "Name another Service in previewService, or leave it out";
  return [helped(invalid("blue-green-same-service", active, SAME_SERVICE, text(active)), help)];
};

const limitWithinHistory: Rule = ({ spec, blueGreen }) => {
  const place = at(blueGreen, "scaleDownDelayRevisionLimit");
  const limit = whole(place);
  const history = revisionHistoryLimitOf(spec);
  if (limit === undefined || history >= limit) return [];
  const byDefault = present(at(spec, "revisionHistoryLimit")) ? "" : " by default";
  const help = `spec.revisionHistoryLimit is ${history}${byDefault}: raise it to ${limit}, or lower this limit to ${history}`;
  return [helped(invalid("blue-green-revision-limit", place, LIMIT_OVER_HISTORY), help)];
};

const RULES: readonly Rule[] = [
  differentServices,
  limitWithinHistory,
  ({ blueGreen }) => antiAffinityViolations(at(blueGreen, "antiAffinity")),
];

export const blueGreenViolations: Rule = (rollout) => flatMap(RULES, (rule) => rule(rollout));
