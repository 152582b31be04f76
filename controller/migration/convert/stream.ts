/**
 * Converting all that is read at once, so that what belongs together is changed together: a Deployment and its
 * autoscaler, a Rollout and the Deployment that it takes its template from (docs/convert.md). Pure.
 */
import { isObject, type Json } from "../../../kube/object/json.ts";
import { PROFILE } from "../../../schema/labels.ts";
import { retargeted } from "./autoscalers.ts";
import { metadataForFile } from "./manifest.ts";
import { changed, type Note, refused, todo } from "./note.ts";
import { called, inSameNamespace, isDeployment, isRollout, member, objectAt, textAt } from "./objects.ts";
import type { Profile } from "./profile.ts";
import { toDeployment } from "./toDeployment.ts";
import { type Conversion, type Mode, toRollout } from "./toRollout.ts";

export interface Wanted {
  readonly to: "rollout" | "deployment";
  readonly mode: Mode;
  /** Whether autoscalers are pointed at what they scale now. */
  readonly withHpa: boolean;
  /** The profile for all; undefined: the one that the Deployment names in its annotation, or the first. */
  readonly profile: string | undefined;
  /** At least one. */
  readonly profiles: readonly [Profile, ...Profile[]];
}

/** What becomes of one object that was read. */
export interface Outcome {
  /**
   * What stands in its place: the first of them is the object itself where it is only changed; nothing, where it goes.
   * Undefined: it stays as it is.
   */
  readonly becomes?: readonly Json[];
  /** `Deployment "web" is a Rollout now`; undefined where there is nothing to tell. */
  readonly headline?: string;
  readonly notes: readonly Note[];
}

const UNTOUCHED: Outcome = { notes: [] };

/** One outcome for each object, in their order. */
export function convertAll(objects: readonly unknown[], wanted: Wanted): readonly Outcome[] {
  const first = objects.map((object) =>
    !isObject(object)
      ? UNTOUCHED
      : wanted.to === "rollout"
        ? asRollout(object, objects, wanted)
        : asDeployment(object, objects),
  );
  const converted = objects.filter((object, n) => becameAnother(object, first[n]));
  return objects.map((object, n) =>
    first[n] === undefined || first[n] === UNTOUCHED ? besideThem(object, converted, wanted) : first[n],
  );
}

/** It is driven by the other kind from now on. */
const becameAnother = (object: unknown, outcome: Outcome | undefined): boolean =>
  (isDeployment(object) || isRollout(object)) && outcome?.becomes !== undefined && outcome.headline !== undefined;

function asRollout(object: Json, objects: readonly unknown[], wanted: Wanted): Outcome {
  if (!isDeployment(object)) return UNTOUCHED;
  const driver = objects.find((other) => isRollout(other) && refersTo(other, object));
  if (driver !== undefined)
    return {
      headline: `${called(object)} stays as it is`,
      notes: [todo(`${called(driver)} takes its template already`)],
    };
  const namesake = objects.find((other) => isRollout(other) && hasSameName(other, object));
  if (namesake !== undefined) return failed(object, [refused(`there is a ${called(namesake)} beside it already`)]);
  const name = wanted.profile ?? textAt(object, "metadata", "annotations", PROFILE);
  const profile = name === "" ? wanted.profiles[0] : wanted.profiles.find((one) => one.name === name);
  if (profile === undefined) {
    const known = wanted.profiles.map((one) => one.name).join(", ");
    return failed(object, [
      refused(`there is no profile "${name}": there is ${known}. Give more with --profiles FILE`),
    ]);
  }
  const conversion = toRollout(object, profile, wanted.mode);
  const how = wanted.mode === "adopt" ? "a Rollout now" : "driven by a Rollout now";
  const made = outcomeOf(object, conversion, `${called(object)} is ${how}, by profile "${profile.name}"`);
  return wanted.mode === "adopt" || made.becomes === undefined ? made : { ...made, becomes: [object, ...made.becomes] };
}

function asDeployment(object: Json, objects: readonly unknown[]): Outcome {
  if (isDeployment(object)) {
    const driver = objects.find((other) => isRollout(other) && refersTo(other, object));
    return driver === undefined ? UNTOUCHED : freed(object, driver);
  }
  if (!isRollout(object)) return UNTOUCHED;
  const ref = objectAt(object, "spec", "workloadRef");
  if (textAt(ref, "name") === "")
    return outcomeOf(object, toDeployment(object), `${called(object)} is a Deployment now`);
  const workload = `${textAt(ref, "kind")} "${textAt(ref, "name")}"`;
  if (textAt(ref, "kind") !== "Deployment")
    return failed(object, [
      refused(`its template is in ${workload}: move that into the Rollout's spec.template first`),
    ]);
  if (!objects.some((other) => isDeployment(other) && refersTo(object, other)))
    return failed(object, [refused(`its template is in ${workload}: give that, too`)]);
  const notes = [todo(wayBack(object, workload))];
  return { becomes: [], headline: `${called(object)} is left out: ${workload} runs the pods again`, notes };
}

/** A Rollout that scales its Deployment down would do so again after whoever scales it up. */
function wayBack(rollout: Json, workload: string): string {
  const name = textAt(rollout, "metadata", "name");
  const namespace = textAt(rollout, "metadata", "namespace");
  const kubectl = namespace === "" ? "kubectl" : `kubectl -n ${namespace}`;
  const scalesIt = ["onsuccess", "progressively"].includes(textAt(rollout, "spec", "workloadRef", "scaleDown"));
  return scalesIt
    ? `in this order: ${kubectl} annotate rollout ${name} sluice.dev/restore-workload=true, ${kubectl} delete rollout ${name} ` +
        `(it ends when ${workload} has its pods again), then apply this`
    : `apply this, and when ${workload} is available: ${kubectl} delete rollout ${name}`;
}

const hasSameName = (a: unknown, b: unknown): boolean =>
  textAt(a, "metadata", "name") === textAt(b, "metadata", "name") && inSameNamespace(a, b);

const refersTo = (rollout: unknown, deployment: unknown): boolean =>
  textAt(rollout, "spec", "workloadRef", "kind") === "Deployment" &&
  textAt(rollout, "spec", "workloadRef", "name") === textAt(deployment, "metadata", "name") &&
  inSameNamespace(rollout, deployment);

/** A Deployment that a Rollout has stood in for: with the Rollout's size. */
function freed(deployment: Json, rollout: unknown): Outcome {
  const replicas = member(objectAt(rollout, "spec"), "replicas");
  const spec = objectAt(deployment, "spec");
  const metadata = metadataForFile(deployment);
  const headline = `${called(deployment)} runs its own pods again`;
  if (replicas === undefined || replicas === spec["replicas"]) {
    const notes = spec["replicas"] === 0 ? [todo("its spec.replicas is 0: set the size that it shall have")] : [];
    return { becomes: [{ ...deployment, metadata }], headline, notes };
  }
  const text = `spec.replicas is ${JSON.stringify(replicas)}, as the Rollout has it`;
  return { becomes: [{ ...deployment, metadata, spec: { ...spec, replicas } }], headline, notes: [changed(text)] };
}

const outcomeOf = (object: Json, conversion: Conversion, headline: string): Outcome =>
  conversion.kind === "made"
    ? { becomes: [conversion.object], headline, notes: conversion.notes }
    : failed(object, conversion.notes);

const failed = (object: Json, notes: readonly Note[]): Outcome => ({
  headline: `${called(object)} is not converted, and printed as it was`,
  notes,
});

/** What names something that was converted. */
function besideThem(object: unknown, converted: readonly unknown[], { to, withHpa }: Wanted): Outcome {
  for (const one of converted) {
    const found = retargeted(object, one, to);
    if (found === undefined) continue;
    const { place, line, changed: after, isHpa } = found;
    const target = to === "rollout" ? "Rollout" : "Deployment";
    if (isHpa && withHpa)
      return { becomes: [after], headline: `${called(object)} scales the ${target} now`, notes: [] };
    const how = isHpa ? "give --with-hpa, or write" : "write";
    const notes = [todo(`${place} names what is a ${target} now: ${how} ${line}`)];
    return { headline: `${called(object)} is printed as it was`, notes };
  }
  return UNTOUCHED;
}
