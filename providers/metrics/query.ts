/** Parameters of a URL as Go's url.Values writes them, so that servers and recordings see the same bytes. */
import { byteOrder } from "../../kube/object/goJson.ts";

type Parameter = readonly [name: string, value: string];

const encoded = (text: string): string =>
  encodeURIComponent(text.toWellFormed())
    .replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");

/** By name, those of one name in their order: `from=1&query=avg%3Ax%7B%2A%7D`. */
export const encodedQuery = (parameters: readonly Parameter[]): string =>
  parameters
    .toSorted(([a], [b]) => byteOrder(a, b))
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .join("&");
