/**
 * The pod template (docs/behaviour/validation.md#pod-template): the checks of Kubernetes 1.34 in its order and words,
 * with every relaxation off, as the reference runs them.
 *
 * They apply to the defaulted template. Nothing is copied for that: where an empty member has a default, the rule
 * that reads it names the default.
 */
import { at, count, entries, pathOf, type Place, placed, present, text, textMap } from "../place.ts";
import { labelViolations, printedMap, selects, selectsEverything } from "../selector.ts";
import { byteLength, qualifiedName } from "../syntax.ts";
import { forbidden, invalid, notSupported, tooLong, type Violation } from "../violation.ts";
import { securityAnnotations, securityAnnotationsAgree } from "./annotations.ts";
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
  if (present(selector) && (selectsEverything(selector) || selects(selector, textMap(place)))) return [];
  return [invalid("template-selected", place, "`selector` does not match template `labels`", printedMap(place))];
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
  return [forbidden("ephemeral-containers", place, "ephemeral containers not allowed in pod template")];
}

/** An unknown policy was reported with the pod's spec already and is reported here again. */
function restartsAlways(spec: Place): readonly Violation[] {
  const place = at(spec, "restartPolicy");
  if ((text(place) || "Always") === "Always") return [];
  return [notSupported("restart-policy-always", place, ["Always"])];
}

function noDeadline(spec: Place): readonly Violation[] {
  const place = at(spec, "activeDeadlineSeconds");
  if (!present(place)) return [];
  return [forbidden("active-deadline", place, "activeDeadlineSeconds in ReplicaSet is not Supported")];
}
