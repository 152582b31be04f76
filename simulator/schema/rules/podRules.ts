/** Rules of Pods: what a new one must have, and the few members of a running one that may change. */
import { at, count, items, type Place, present, text, whole } from "../../../kube/validation/place.ts";
import { podSpecViolations } from "../../../kube/validation/podTemplate/podSpec.ts";
import { forbidden, type Violation } from "../../../kube/validation/violation.ts";
import { equal } from "../../../kube/object/equality.ts";
import { isList, isObject, type Json } from "../../../kube/object/json.ts";
import { missing, type Rule, wrong } from "./rule.ts";
import { relaxed } from "./relaxed.ts";

export const pod: Rule = (object, old) => {
  const spec = at(object, "spec");
  if (old === undefined) return specViolations(spec);
  const stored = at(old, "spec");
  if (equal(spec.value, stored.value)) return [];
  return [...specViolations(spec), ...changes(spec, stored)];
};

/** Specs in which nothing is wrong, by their containers, which the many Pods of one template share. */
const sound = new WeakMap<object, Json>();

function specViolations(spec: Place): readonly Violation[] {
  const { value } = spec;
  const containers = isObject(value) ? value["containers"] : undefined;
  if (!isObject(value) || !isList(containers)) return relaxed(podSpecViolations(spec));
  const known = sound.get(containers);
  if (known !== undefined && sharesAll(known, value)) return [];
  const violations = relaxed(podSpecViolations(spec));
  if (violations.length === 0) sound.set(containers, value);
  return violations;
}

/** Whether the members are identical. */
function sharesAll(a: Json, b: Json): boolean {
  for (const name in a) if (!Object.is(a[name], b[name])) return false;
  for (const name in b) if (!Object.is(a[name], b[name])) return false;
  return true;
}

const lists = ["containers", "initContainers"] as const;

function changes(spec: Place, old: Place): readonly Violation[] {
  const resized = lists.filter((name) => count(at(spec, name)) !== count(at(old, name)));
  if (resized.length > 0) {
    return resized.map((name) => forbidden("api", at(spec, name), `pod updates may not add or remove containers`));
  }
  const violations = [...images(spec), ...deadline(spec, old), ...tolerations(spec, old)];
  // The API server's message also has the difference between its internal objects, whose members have other names.
  const others = equal(withoutChangeable(spec, old), withoutChangeable(old, old))
    ? []
    : [forbidden("api", spec, `pod updates may not change fields other than ${changeable}\n`)];
  return [...violations, ...others];
}

const changeable = [
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
].join(",");

const images = (spec: Place): readonly Violation[] =>
  lists.flatMap((name) =>
    items(at(spec, name)).flatMap((container) => {
      const image = at(container, "image");
      return text(image) === "" ? [missing(image)] : [];
    }),
  );

/** It may be set, and then only be lowered. */
function deadline(spec: Place, old: Place): readonly Violation[] {
  const place = at(spec, "activeDeadlineSeconds");
  const [next, before] = [whole(place), whole(at(old, "activeDeadlineSeconds"))];
  if (before === undefined || next === undefined || next <= before) return [];
  return [wrong(place, "must be less than or equal to previous value")];
}

function tolerations(spec: Place, old: Place): readonly Violation[] {
  const place = at(spec, "tolerations");
  const kept = items(place).map(({ value }) => withoutSeconds(value));
  const lost = items(at(old, "tolerations")).some(
    ({ value }) => !kept.some((one) => equal(one, withoutSeconds(value))),
  );
  return lost ? [forbidden("api", place, "existing toleration can not be modified except its tolerationSeconds")] : [];
}

const withoutSeconds = (toleration: unknown): unknown =>
  isObject(toleration) ? { ...toleration, tolerationSeconds: undefined } : toleration;

/** The spec without what may change; a grace period may become 1 when it was negative. */
function withoutChangeable(spec: Place, old: Place): unknown {
  const value = spec.value;
  if (!isObject(value)) return value;
  const grace = at(old, "terminationGracePeriodSeconds");
  const mayEnd = present(grace) && (whole(grace) ?? 0) < 0 && value["terminationGracePeriodSeconds"] === 1;
  return {
    ...value,
    containers: withoutImages(value, "containers"),
    initContainers: withoutImages(value, "initContainers"),
    activeDeadlineSeconds: undefined,
    tolerations: undefined,
    ...(mayEnd ? { terminationGracePeriodSeconds: grace.value } : {}),
  };
}

function withoutImages(spec: Json, name: string): unknown {
  const list = spec[name];
  return isList(list) ? list.map((one) => (isObject(one) ? { ...one, image: undefined } : one)) : list;
}
