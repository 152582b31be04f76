/** Names and values in queries and forms, as Go's url.Values writes them. */

const percent = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;

const escaped = (text: string): string =>
  encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, percent)
    .replaceAll("%20", "+");

/** Sorted by name: `a=1&b=x+y`. */
export const formText = (fields: readonly (readonly [name: string, value: string])[]): string =>
  fields
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .join("&");
