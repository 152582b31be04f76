/** Services whose recipients are names of addresses or keys in the settings. */

/** @throws {Error} `what`: "recipientUrls" */
export function ofRecipient(known: ReadonlyMap<string, string>, recipient: string, what: string): string {
  const found = known.get(recipient);
  if (found !== undefined) return found;
  throw new Error(`no recipient ${JSON.stringify(recipient)}: ${what} of its settings has no such name`);
}
