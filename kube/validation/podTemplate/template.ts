/**
 * The pod template (docs/behaviour/validation.md#pod-template): the checks of Kubernetes 1.34 in its order and words,
 * with every relaxation off, as the reference runs them.
 *
 * They apply to the defaulted template. Nothing is copied for that: where an empty member has a default, the rule
 * that reads it names the default.
 */
import { at, count, entries, pathOf, type Place, placed, present, text, textMap } from "../place.ts";
import { labelViolations, mismatch, printedMap, selects, selectsEverything } from "../labelSelector.ts";
import { byteLength, qualifiedName } from "../syntax.ts";
import { forbidden, helped, invalid, notSupported, tooLong, type Violation } from "../violation.ts";
import { securityAnnotations, securityAnnotationsAgree } from "./security/annotations.ts";
import { podSpecViolations } from "./podSpec.ts";

const MAX_ANNOTATION_BYTES = 262_144;
const MIRROR = "kubernetes.io/config.mirror";

interface Selected {
  /** The selector of the workload: it has to select the pods. */
  readonly selector: Place;
  readonly template: Place;
}

export function podTemplateViolations({ selector, template }: Selected): readonly Violation[] {
  const spec = at(template, "spec");
  return [
    ...selected(selector, template),
    ...labels(template),
    ...annotations(template),
    ...podSpecViolations(spec),
    ...securityAnnotationsAgree(template),
    ...noEphemeralContainers(spec),
    ...restartsAlways(spec),
    ...noDeadline(spec),
  ];
}

/** Pods that do not match the selector would never be counted. An absent selector matches nothing. */
function selected(selector: Place, template: Place): readonly Violation[] {
  const place = at(template, "metadata", "labels");
  const given = textMap(place);
  if (present(selector) && (selectsEverything(selector) || selects(selector, given))) return [];
  const found = invalid("template-selected", place, "`selector` does not match template `labels`", printedMap(place));
  if (!present(selector)) return [helped(found, "There is no selector: write one that selects these labels")];
  const difference = mismatch(selector, given);
  return [helped(found, difference === undefined ? undefined : `${difference}: make the two agree`)];
}

/** The reference leaves `metadata` out of the paths of labels and annotations. */
function reported(template: Place, member: string): Place {
  const place = at(template, "metadata", member);
  return placed(place.value, `${pathOf(template)}.${member}`, pathOf(place));
}

const labels = (template: Place): readonly Violation[] =>
  labelViolations("template-label", reported(template, "labels"));

function annotations(template: Place): readonly Violation[] {
  const place = reported(template, "annotations");
  const bytes = entries(place).reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(text(value)), 0);
  return [
    ...entries(place).flatMap(([key]) =>
      qualifiedName(key.toLowerCase()).map((message) => invalid("template-annotation", place, message, key)),
    ),
    ...(bytes > MAX_ANNOTATION_BYTES ? [tooLong("template-annotations-size", place, MAX_ANNOTATION_BYTES)] : []),
    ...mirrorPod(place, template),
    ...securityAnnotations(place, at(template, "spec")),
  ];
}

function mirrorPod(place: Place, template: Place): readonly Violation[] {
  const mirror = entries(place).find(([key]) => key === MIRROR)?.[1];
  if (mirror === undefined || text(at(template, "spec", "nodeName")) !== "") return [];
  return [invalid("template-mirror-pod", mirror, "must set spec.nodeName if mirror pod annotation is set")];
}

function noEphemeralContainers(spec: Place): readonly Violation[] {
  const place = at(spec, "ephemeralContainers");
  if (count(place) === 0) return [];
  const found = forbidden("ephemeral-containers", place, "ephemeral containers not allowed in pod template");
  return [helped(found, "Add them to a running pod with kubectl debug, and remove them here")];
}

/** An unknown policy was reported with the pod's spec already and is reported here again. */
function restartsAlways(spec: Place): readonly Violation[] {
  const place = at(spec, "restartPolicy");
  if ((text(place) || "Always") === "Always") return [];
  const found = notSupported("restart-policy-always", place, ["Always"]);
  return [helped(found, "Pods that should end are made by a Job; for a Rollout leave restartPolicy out")];
}

function noDeadline(spec: Place): readonly Violation[] {
  const place = at(spec, "activeDeadlineSeconds");
  if (!present(place)) return [];
  const found = forbidden("active-deadline", place, "activeDeadlineSeconds in ReplicaSet is not Supported");
  return [helped(found, "Pods of a Rollout run until they are replaced: remove it")];
}
