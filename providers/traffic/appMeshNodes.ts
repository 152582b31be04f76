/**
 * Which pods the two VirtualNodes of App Mesh select (docs/behaviour/traffic.md#app-mesh): those of one revision, by a label
 * beside the user's. A VirtualNode bears the mark of its Rollout as long as that routes by it.
 */
import { at, root } from "../../kube/validation/place.ts";
import { HASH_LABEL, TRAFFIC_SPLIT } from "../../schema/labels.ts";
import type { ObjectRef, ReleaseWrite, RoutedObject, RoutedWrite, RoutingInput } from "./router.ts";
import { marksOn, type Split } from "./splitMarks.ts";

/** Selects nobody; the reference's words. */
const NO_STABLE = "stable-hash";
const NO_CANARY = "canary-hash";

/** Two VirtualNodes never select the same pods: those of one revision are stable's. */
function hashFor(ref: ObjectRef, { stable }: Split, { stableHash, canaryHash }: RoutingInput["traffic"]): string {
  if (ref.name === stable) return stableHash === "" ? NO_STABLE : stableHash;
  return canaryHash === "" || canaryHash === stableHash ? NO_CANARY : canaryHash;
}

/** Undefined when it is right already. */
export function nodeWrite(
  { rollout, traffic }: RoutingInput,
  ref: ObjectRef,
  node: RoutedObject,
  split: Split,
): RoutedWrite | undefined {
  const hash = hashFor(ref, split, traffic);
  const mark = JSON.stringify({ [rollout.metadata.name]: { stable: split.stable, canary: split.canary } });
  const patch = {
    ...(node.metadata.annotations?.[TRAFFIC_SPLIT] === mark
      ? {}
      : { metadata: { annotations: { [TRAFFIC_SPLIT]: mark } } }),
    ...(labelOn(node) === hash ? {} : { spec: { podSelector: { matchLabels: { [HASH_LABEL]: hash } } } }),
  };
  if (Object.keys(patch).length === 0) return undefined;
  const resourceVersion = node.metadata.resourceVersion ?? "";
  return { kind: "patch", ref, resourceVersion, patch, failure: `error updating VirtualNode \`${ref.name}\`` };
}

const labelOn = ({ spec }: RoutedObject): unknown => at(root(spec), "podSelector", "matchLabels", HASH_LABEL).value;

/** Stable's selects the pods of all revisions again, and the canary's nobody: both would select the same. */
export function nodeRelease(ref: ObjectRef, node: RoutedObject, gone: ReadonlySet<string>): ReleaseWrite | undefined {
  const marks = [...marksOn(node)];
  if (marks.length === 0 || marks.some(([name]) => !gone.has(name))) return undefined;
  const isStable = marks.some(([, { stable }]) => stable === ref.name);
  return {
    kind: "patch",
    ref,
    resourceVersion: node.metadata.resourceVersion ?? "",
    patch: {
      metadata: { annotations: { [TRAFFIC_SPLIT]: null } },
      spec: { podSelector: { matchLabels: { [HASH_LABEL]: isStable ? null : NO_CANARY } } },
    },
    failure: `error releasing VirtualNode \`${ref.name}\``,
  };
}
