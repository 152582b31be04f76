/** How header and mirror routes match a value (docs/behaviour/validation.md#canary-steps). */
import { at, type Place, present, text } from "../../kube/validation/place.ts";
import { printedMatch } from "../../kube/validation/printed.ts";
import { helped, invalid, type Violation } from "../../kube/validation/violation.ts";

const MATCH_MISSING = "StringMatch value missed, match value must have one of the following: exact, regex, prefix";
const MATCH_SEVERAL = "StringMatch match value must have exactly one of the following: exact, regex, prefix";

const MATCH_HELP = 'Write one of them with a value, such as exact: "mobile"';
const EXACT_HELP = 'Write the whole value that the header must have, such as headerValue: {exact: "mobile"}';

const matchers = (value: Place): number =>
  ["exact", "regex", "prefix"].filter((kind) => text(at(value, kind)) !== "").length;

/** Reported at the match as a whole; the value shown is the matcher. */
export function oneMatch(match: Place, value: Place): readonly Violation[] {
  const given = matchers(value);
  if (given === 1) return [];
  const detail = given === 0 ? MATCH_MISSING : MATCH_SEVERAL;
  return [helped(invalid("step-route-match", match, detail, printedMatch(value)), MATCH_HELP)];
}

/** The AWS load balancer matches whole values only. */
export function exactMatch(match: Place, value: Place): readonly Violation[] {
  if (!present(value)) return [helped(invalid("step-route-match", match, MATCH_MISSING, null), EXACT_HELP)];
  if (matchers(value) === 1 && text(at(value, "exact")) !== "") return [];
  const detail = "SetHeaderRoute match value invalid. ALB supports 'exact' value only";
  return [helped(invalid("step-route-match", match, detail, printedMatch(value)), EXACT_HELP)];
}
