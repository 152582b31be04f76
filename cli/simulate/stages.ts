/** Stages of an update in sentences. Pure. */

/** "2/5 pause 10m" as "step 2/5 (pause 10m)"; the stages that are no step in quotes. */
export function stepless(text: string): string {
  const [, number, rest] = /^(\d+\/\d+) (.*)$/.exec(text) ?? [];
  return number === undefined ? `"${text}"` : `step ${number} (${rest})`;
}
