/**
 * Ratcheting: an object that was stored before a rule existed can still be changed
 * (docs/behaviour/admission.md#only-new-mistakes-refuse).
 */
import { isWhole } from "./judgement.ts";
import type { Violation } from "./violation.ts";

/**
 * Those violations of the new object that the old object did not have. Two are the same when rule, path and text agree,
 * whatever the indices in them: a step that moves is not a new mistake, and neither is another wrong value in the same
 * place. Two where the old object had one count as one new violation.
 *
 * An old object that was too large or too costly to judge may have had all of them: no violation counts as new then, so
 * that the object can be made smaller step by step.
 */
export function newViolations(before: readonly Violation[], after: readonly Violation[]): readonly Violation[] {
  if (!isWhole(before)) return [];
  const left = new Map<string, number>();
  for (const violation of before) {
    const key = identity(violation);
    left.set(key, (left.get(key) ?? 0) + 1);
  }
  return after.filter((violation) => {
    const key = identity(violation);
    const count = left.get(key) ?? 0;
    left.set(key, count - 1);
    return count <= 0;
  });
}

/** Where the text is empty, the value identifies the mistake: which name is there twice, which volume is not found. */
function identity({ rule, type, path, exactPath, detail, value }: Violation): string {
  const what = detail === "" && typeof value === "string" ? value : withoutIndices(detail);
  return JSON.stringify([rule, type, withoutIndices(exactPath ?? path), what]);
}

const withoutIndices = (text: string): string => text.replaceAll(/\[\d+\]|(?<=\bindex )\d+/g, "[*]");
