/**
 * The values that a Rollout gives its analyses: its own, the hash of a version, or a field of the Rollout
 * (docs/behaviour/rollout-analysis.md#values-of-the-rollout).
 */
import { goQuoted } from "../../../../kube/object/goQuoted.ts";
import { argumentPathProblem, parseFieldPath } from "../../../../kube/validation/downwardApi.ts";
import type { Argument } from "../../../../schema/analysis.ts";
import type { Rollout, RolloutAnalysis } from "../../../../schema/rollout.ts";

/** Pod template hashes of the two versions. */
export interface Hashes {
  readonly latest: string;
  readonly stable: string;
}

export type Resolved =
  | { readonly kind: "resolved"; readonly args: readonly Argument[] }
  /** Why one of them has no value, in one sentence. */
  | { readonly kind: "unresolved"; readonly why: string };

export function resolveArguments(args: RolloutAnalysis["args"], rollout: Rollout, hashes: Hashes): Resolved {
  const resolved: Argument[] = [];
  for (const { name, value = "", valueFrom } of args ?? []) {
    const { podTemplateHashValue: which, fieldRef } = valueFrom ?? {};
    if (which !== undefined) resolved.push({ name, value: hashNamed(which, hashes) ?? value });
    else if (fieldRef === undefined) resolved.push({ name, value });
    else {
      const read = fieldOf(rollout, fieldRef.fieldPath);
      if ("why" in read) return { kind: "unresolved", why: `args.${name}: ${read.why}` };
      resolved.push({ name, value: read.value });
    }
  }
  return { kind: "resolved", args: resolved };
}

const hashNamed = (which: string, { latest, stable }: Hashes): string | undefined =>
  which === "Latest" ? latest : which === "Stable" ? stable : undefined;

type Read = { readonly value: string } | { readonly why: string };

/** A key that no label or annotation has gives "", as the downward API of Kubernetes does. */
function fieldOf(rollout: Rollout, fieldPath: string): Read {
  if (!fieldPath.startsWith("metadata")) return specField(rollout, fieldPath);
  if (argumentPathProblem(fieldPath) !== undefined) return { why: `unsupported fieldPath: ${fieldPath}` };
  const { name, namespace, uid = "", labels = {}, annotations = {} } = rollout.metadata;
  const { path, subscript } = parseFieldPath(fieldPath);
  const map = path === "metadata.labels" ? labels : annotations;
  if (subscript !== undefined) return { value: (Object.hasOwn(map, subscript) ? map[subscript] : undefined) ?? "" };
  switch (path) {
    case "metadata.name":
      return { value: name };
    case "metadata.namespace":
      return { value: namespace };
    case "metadata.uid":
      return { value: uid };
    default:
      return { value: linesOf(map) };
  }
}

const linesOf = (map: Readonly<Record<string, string>>): string =>
  Object.keys(map)
    .toSorted()
    .map((key) => `${key}=${goQuoted(map[key] ?? "")}`)
    .join("\n");

/** Such as `spec.replicas` or `spec.template.spec.containers[0].image`; only texts, numbers and booleans are values. */
function specField(rollout: Rollout, path: string): Read {
  let found: unknown = rollout;
  for (const section of path.split(/[.[\]]+/).filter((part) => part !== "")) {
    if (Array.isArray(found)) {
      if (!/^\d+$/.test(section)) return { why: `invalid index '${section}'` };
      if (Number(section) >= found.length) return { why: `index ${section} out of range` };
      found = found[Number(section)] as unknown;
    } else if (typeof found === "object" && found !== null && Object.hasOwn(found, section)) {
      found = (found as Readonly<Record<string, unknown>>)[section];
    } else return { why: `invalid path ${path} in rollout` };
  }
  if (typeof found === "string" || typeof found === "number" || typeof found === "boolean")
    return { value: String(found) };
  return {
    why:
      found === undefined || found === null
        ? `invalid path ${path} in rollout`
        : `path ${path} in rollout must terminate in a primitive value`,
  };
}
