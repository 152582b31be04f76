/** JSON objects that servers answer. */
import { isFields } from "../../kube/object/goJson.ts";

/** @throws {Error} `otherwise`, for what is no JSON object */
export function answerObject(body: string, otherwise: string): Readonly<Record<string, unknown>> {
  const value = parsed(body);
  if (isFields(value)) return value;
  throw new Error(`${otherwise}: its answer is not JSON`);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
