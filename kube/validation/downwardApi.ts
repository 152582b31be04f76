/** Field paths of the downward API: `metadata.name`, `metadata.labels['key']`, … */
import { qualifiedName } from "./syntax.ts";

export interface FieldPath {
  readonly path: string;
  /** The key in `path['key']`. */
  readonly subscript?: string;
}

export function parseFieldPath(fieldPath: string): FieldPath {
  const start = fieldPath.indexOf("['", 1);
  const end = fieldPath.length - "']".length;
  if (start < 0 || start + 2 > end || !fieldPath.endsWith("']")) return { path: fieldPath };
  return { path: fieldPath.slice(0, start), subscript: fieldPath.slice(start + 2, end) };
}

/** Messages for the key of `metadata.labels['key']` or `metadata.annotations['key']`; the latter ignores case. */
export function subscriptMessages({ path, subscript = "" }: FieldPath): readonly string[] {
  return qualifiedName(path === "metadata.annotations" ? subscript.toLowerCase() : subscript);
}

const PLAIN = new Set([
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
]);

/**
 * Why an analysis argument's path cannot be read from a Rollout. Paths outside `metadata` are read when the analysis
 * starts and are not judged here (docs/behaviour/validation.md#arguments-that-read-the-rollout).
 */
export function argumentPathProblem(fieldPath: string): string | undefined {
  if (!fieldPath.startsWith("metadata")) return undefined;
  const parsed = parseFieldPath(fieldPath);
  if (parsed.subscript === undefined) return PLAIN.has(fieldPath) ? undefined : "unsupported path";
  if (parsed.path !== "metadata.annotations" && parsed.path !== "metadata.labels") return "does not support subscript";
  return subscriptMessages(parsed)[0];
}
