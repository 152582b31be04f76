/** Instants as the API writes them: RFC 3339, UTC, whole seconds (docs/behaviour/objects.md#times). */

/** `2026-01-02T03:04:05Z` for milliseconds since the epoch; the fraction is cut off, as the reference's clock does. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** Milliseconds since the epoch, or undefined when the text is not an RFC 3339 time. */
export function instant(text: string | null | undefined): number | undefined {
  if (text === undefined || text === null) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
