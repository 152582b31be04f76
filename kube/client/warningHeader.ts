/** `Warning: 299 - "text"`: what the API server, its admission and policies say of a request that they let pass. */

/** The texts, in their order; several headers arrive joined by commas. */
export function warningsIn(header: string | null): readonly string[] {
  if (header === null) return [];
  return [...header.matchAll(/\b\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) =>
    text.replaceAll(/\\(.)/g, "$1"),
  );
}
