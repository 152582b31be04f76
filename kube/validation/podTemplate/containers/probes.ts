/** Liveness, readiness and startup probes. */
import { at, type Place, present, whole } from "../../place.ts";
import { invalid, type Violation } from "../../violation.ts";
import { probeHandler } from "./handlers.ts";

const COUNTS = ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"];

export function probeViolations(kind: "liveness" | "readiness" | "startup", probe: Place): readonly Violation[] {
  if (!present(probe)) return [];
  return [
    ...probeHandler(probe),
    ...COUNTS.flatMap((member) => notNegative(at(probe, member))),
    ...graceIsPositive(at(probe, "terminationGracePeriodSeconds")),
    ...(kind === "readiness" ? noGrace(probe) : oneSuccess(probe)),
  ];
}

function notNegative(place: Place): readonly Violation[] {
  const given = whole(place) ?? 0;
  return given >= 0 ? [] : [invalid("probe-number", place, "must be greater than or equal to 0")];
}

function graceIsPositive(place: Place): readonly Violation[] {
  const given = whole(place);
  return given === undefined || given > 0 ? [] : [invalid("probe-grace-period", place, "must be greater than 0")];
}

/** One success ends both: 0 and absent mean 1. */
function oneSuccess(probe: Place): readonly Violation[] {
  const place = at(probe, "successThreshold");
  return (whole(place) ?? 0) === 0 || place.value === 1 ? [] : [invalid("probe-one-success", place, "must be 1")];
}

function noGrace(probe: Place): readonly Violation[] {
  const place = at(probe, "terminationGracePeriodSeconds");
  return present(place) ? [invalid("probe-grace-period", place, "must not be set for readinessProbes")] : [];
}
