/**
 * What looks at the pods of a Deployment, or names it, and how that goes on when they are a Rollout's
 * (docs/convert.md#what-looks-at-the-pods). Pure.
 */
import { isObject, type Json } from "../../../kube/object/json.ts";
import { matchesSelector } from "../../../kube/object/selector.ts";
import type { LabelSelector } from "../../../schema/kube.ts";
import { retargeted } from "../convert/autoscalers.ts";
import { controllerOf } from "../convert/manifest.ts";
import { called, inSameNamespace, objectAt, textAt } from "../convert/objects.ts";

export interface Follower {
  /** `PodDisruptionBudget "shop/web"` */
  readonly object: string;
  /**
   * `goes-on`: nothing is to be done. `rewritten`: by Sluice. `change`: somebody has to change it, as `line` has it.
   * `check`: it loses the pods as it is.
   */
  readonly kind: "goes-on" | "rewritten" | "change" | "check";
  /** A sentence without the full stop. */
  readonly text: string;
  /** What to write, with its place: `spec.targetRef: {…}`. */
  readonly line?: string;
}

type Labels = Readonly<Record<string, string>>;

interface Selecting {
  readonly group: string;
  readonly selector: readonly string[];
  /** What an empty selector selects. */
  readonly empty: "all" | "none";
  /** A map of labels, as a Service has it. */
  readonly plain?: true;
}

/** By kind: where its selector of pods stands. */
const SELECTING: Readonly<Record<string, Selecting>> = {
  Service: { group: "v1", selector: ["spec", "selector"], empty: "none", plain: true },
  PodDisruptionBudget: { group: "policy/", selector: ["spec", "selector"], empty: "all" },
  NetworkPolicy: { group: "networking.k8s.io/", selector: ["spec", "podSelector"], empty: "all" },
  PodMonitor: { group: "monitoring.coreos.com/", selector: ["spec", "selector"], empty: "all" },
};

/** A label of a Deployment's pods that those of a Rollout do not have. */
const DEPLOYMENT_HASH = "pod-template-hash";

/** One for each object of `beside` that has to do with the Deployment, in their order. */
export function followersOf(deployment: Json, beside: readonly Json[]): readonly Follower[] {
  const labels = objectAt(deployment, "spec", "template", "metadata", "labels") as Labels;
  const services = beside.filter((object) => isSelecting(object, "Service") && selects(object, deployment, labels));
  return beside.flatMap((object): readonly Follower[] => {
    const naming = namingFollower(object, deployment);
    if (naming !== undefined) return [naming];
    if (textAt(object, "kind") === "ServiceMonitor") return monitoringFollower(object, services);
    const found = selects(object, deployment, labels);
    return found === undefined ? [] : [{ object: called(object), ...found }];
  });
}

function namingFollower(object: Json, deployment: Json): Follower | undefined {
  const found = retargeted(object, deployment, "rollout");
  if (found === undefined) return undefined;
  const name = called(object);
  const owner = controllerOf(object);
  if (found.isHpa && owner !== undefined)
    return { object: name, kind: "goes-on", text: `${owner} made it, and makes it anew when that is changed` };
  if (found.isHpa) return { object: name, kind: "rewritten", text: "Sluice points it at the Rollout, and back" };
  const why =
    textAt(object, "kind") === "ScaledObject"
      ? "it scales the Deployment, which has no pods then"
      : "it looks for pods of the Deployment, which has none then";
  return { object: name, kind: "change", text: why, line: `${found.place}: ${found.line}` };
}

const isSelecting = (object: Json, kind: string): boolean =>
  textAt(object, "kind") === kind && textAt(object, "apiVersion").startsWith(SELECTING[kind]?.group ?? "");

/** Undefined: it has nothing to do with these pods. */
function selects(object: Json, deployment: Json, labels: Labels): Omit<Follower, "object"> | undefined {
  const kind = textAt(object, "kind");
  const row = Object.hasOwn(SELECTING, kind) ? SELECTING[kind] : undefined;
  if (row === undefined || !isSelecting(object, kind) || !looksInto(object, deployment)) return undefined;
  const given = objectAt(object, ...row.selector);
  const present = isObject(row.selector.reduce<unknown>((of, key) => (isObject(of) ? of[key] : undefined), object));
  if (!present) return undefined;
  const selector = (row.plain === true ? { matchLabels: given } : given) as LabelSelector;
  const rest = withoutHash(selector);
  const isEmpty = keysOf(rest).length === 0;
  const namesHash = keysOf(selector).includes(DEPLOYMENT_HASH);
  if (isEmpty && !namesHash && row.empty === "none") return undefined;
  if (!isEmpty && !matchesSelector(rest, labels)) return undefined;
  return namesHash
    ? {
        kind: "check",
        text: `its selector names ${DEPLOYMENT_HASH}, which pods of a Rollout do not have`,
        line: `${row.selector.join(".")}: without ${DEPLOYMENT_HASH}`,
      }
    : { kind: "goes-on", text: "it selects the pods by labels that stay" };
}

const keysOf = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector): readonly string[] => [
  ...Object.keys(matchLabels),
  ...matchExpressions.map(({ key }) => key),
];

function withoutHash({ matchLabels = {}, matchExpressions = [] }: LabelSelector): LabelSelector {
  const { [DEPLOYMENT_HASH]: _, ...rest } = matchLabels;
  return {
    ...(Object.keys(matchLabels).length === 0 ? {} : { matchLabels: rest }),
    ...(matchExpressions.length === 0
      ? {}
      : { matchExpressions: matchExpressions.filter(({ key }) => key !== DEPLOYMENT_HASH) }),
  };
}

/** A monitor may look into other namespaces than its own. */
function looksInto(object: Json, deployment: unknown): boolean {
  const { any, matchNames } = objectAt(object, "spec", "namespaceSelector");
  if (any === true) return true;
  if (Array.isArray(matchNames) && matchNames.length > 0)
    return matchNames.includes(textAt(deployment, "metadata", "namespace"));
  return inSameNamespace(object, deployment);
}

/** It selects Services, which stay as they are. */
function monitoringFollower(monitor: Json, services: readonly Json[]): readonly Follower[] {
  const selector = objectAt(monitor, "spec", "selector") as LabelSelector;
  const isEmpty = keysOf(selector).length === 0;
  const found = services.find(
    (service) =>
      looksInto(monitor, service) &&
      (isEmpty || matchesSelector(selector, objectAt(service, "metadata", "labels") as Labels)),
  );
  if (found === undefined) return [];
  return [{ object: called(monitor), kind: "goes-on", text: `it looks at ${called(found)}, which stays` }];
}
