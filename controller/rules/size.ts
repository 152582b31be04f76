/**
 * Objects that are too large to be judged. Nobody writes them, but whoever sends one holds up every other review and
 * the loop for as long as the rules look at it.
 */
import { at, root } from "./place.ts";
import { invalid, type Violation } from "./violation.ts";

const MAX_MEMBERS = 10_000;
const MAX_DEPTH = 200;

/** Why the rules should not look at an object. Without recursion, and it stops at the limit. */
export function sizeViolations(object: unknown): readonly Violation[] {
  const spec = at(root(object), "spec");
  const detail = excess(spec.value);
  return detail === undefined ? [] : [invalid("too-large", spec, detail, "…")];
}

function excess(value: unknown): string | undefined {
  let level: readonly unknown[] = [value];
  let members = 0;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH} levels`;
    const next: unknown[] = [];
    for (const each of level) {
      if (typeof each !== "object" || each === null) continue;
      const inside: readonly unknown[] = Array.isArray(each) ? each : Object.values(each);
      members += inside.length;
      if (members > MAX_MEMBERS) return `has more than ${MAX_MEMBERS} members`;
      for (const member of inside) if (typeof member === "object") next.push(member);
    }
    level = next;
  }
  return undefined;
}
