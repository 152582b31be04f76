/**
 * Objects that are too large to be judged. Nobody writes them, but whoever stores one holds up every review and the loop
 * for as long as the rules look at it.
 *
 * The webhook has limits of its own before this one (webhook/http/body.ts, `weigh`): those keep a review from being parsed at
 * all, so they know bytes only, and count both objects and what is around them. These here are for whatever has been
 * parsed already, from a cache, a list or a file, and count the members of the spec alone.
 */
import { at, root } from "./place.ts";
import { invalid, type Violation } from "./violation.ts";

const MAX_MEMBERS = 10_000;
const MAX_DEPTH = 200;

/** Why the rules should not look at an object. Without recursion, and it stops at the limit. */
export function sizeViolations(object: unknown): readonly Violation[] {
  const spec = at(root(object), "spec");
  const excess = excessOf(spec.value);
  return excess === undefined ? [] : [invalid("too-large", spec, `too large to judge: ${excess}`, "…")];
}

function excessOf(value: unknown): string | undefined {
  let level: readonly unknown[] = [value];
  let members = 0;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return `it is nested more than ${MAX_DEPTH} levels deep`;
    const next: unknown[] = [];
    for (const each of level) {
      if (typeof each !== "object" || each === null) continue;
      // Their names are counted before a list of their values is made.
      const inside: readonly unknown[] = Array.isArray(each) ? each : Object.keys(each);
      members += inside.length;
      if (members > MAX_MEMBERS) return `it has more than ${MAX_MEMBERS} members`;
      for (const member of Array.isArray(each) ? each : Object.values(each))
        if (typeof member === "object") next.push(member);
    }
    level = next;
  }
  return undefined;
}
