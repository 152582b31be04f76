/** What a field takes, in a few words. Pure. */
import type { Structural } from "../../schema/crd.ts";

export function typeWords(node: Structural): string {
  if (node.items) return `list of ${plural(node.items)}`;
  if (node.additionalProperties) return `map of ${plural(node.additionalProperties)}`;
  const words = wordsOf(node);
  const range = rangeOf(node);
  return range === "" ? words : `${words}, ${range}`;
}

function wordsOf(node: Structural): string {
  if (node.enum) return node.enum.join(", ");
  if (node["x-kubernetes-int-or-string"])
    return node.pattern?.endsWith("%?$") ? "number or percentage" : "number or text";
  switch (node.type) {
    case "string":
      return node.format === "date-time" ? "time" : "text";
    case "boolean":
      return "true or false";
    case "integer":
      return "number";
    case "object":
      return node.properties ? "object" : "any object";
    default:
      return "anything";
  }
}

const plural = (node: Structural): string =>
  node.type === "string" ? "texts" : node.type === "integer" ? "numbers" : "objects";

function rangeOf({ minimum, maximum, pattern }: Structural): string {
  if (minimum === undefined || pattern !== undefined) return "";
  return maximum === undefined ? `${minimum} or more` : `${minimum} to ${maximum.toLocaleString("en-US")}`;
}
