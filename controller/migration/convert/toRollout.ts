/** Making a Rollout of a Deployment (docs/convert.md#from-deployment-to-rollout). */
import { isObject, type Json } from "../../../kube/object/json.ts";
import { textWithHelp } from "../../../kube/validation/violation.ts";
import { admissionFindings, type Findings, type References } from "../../rules/admission/admissionFindings.ts";
import { controllerOf, metadataForFile } from "./manifest.ts";
import { changed, lost, type Note, refused, todo } from "./note.ts";
import { called, compact, member, objectAt, textAt, without } from "./objects.ts";
import type { Profile } from "./profile.ts";
import { strategyFor } from "./strategy.ts";

/**
 * `adopt`: the template moves into the Rollout. `reference`: the Deployment keeps it, and stays the place to change it;
 * the Rollout names the Deployment in `workloadRef`.
 */
export type Mode = "adopt" | "reference";

export type Conversion =
  | { readonly kind: "made"; readonly object: Json; readonly notes: readonly Note[] }
  | { readonly kind: "refused"; readonly notes: readonly Note[] };

/** Members of a Deployment's spec that mean the same in a Rollout. */
const SAME = [
  "replicas",
  "selector",
  "template",
  "minReadySeconds",
  "revisionHistoryLimit",
  "progressDeadlineSeconds",
  "paused",
];

/** The Rollout, as it goes into a file. It is always one that admission accepts. */
export function toRollout(deployment: Json, profile: Profile, mode: Mode): Conversion {
  const why = whyNot(deployment);
  if (why !== undefined) return { kind: "refused", notes: [refused(why)] };
  const { object, notes, refuse, warn } = judgedRollout(deployment, profile, mode);
  if (refuse.length > 0) {
    const reasons = refuse.map((violation) => refused(`as a Rollout it would be refused: ${textWithHelp(violation)}`));
    return { kind: "refused", notes: reasons };
  }
  const warnings = warn.map((violation) => todo(`the Rollout gets a warning: ${textWithHelp(violation)}`));
  return { kind: "made", object, notes: [...notes, ...specNotes(deployment, mode), ...warnings] };
}

/**
 * The Rollout that would come of a Deployment that can become one, with what admission says of it.
 * @param references what the cluster holds; absent: nothing is known of it
 */
export function judgedRollout(
  deployment: Json,
  profile: Profile,
  mode: Mode,
  references: References = {},
): Findings & { readonly object: Json; readonly notes: readonly Note[] } {
  const { strategy, notes } = strategyOf(deployment, profile);
  const object = mode === "adopt" ? adopting(deployment, strategy) : referring(deployment, strategy);
  return { object, notes, ...findingsOf(object, deployment, mode, references) };
}

function whyNot(deployment: Json): string | undefined {
  const apiVersion = textAt(deployment, "apiVersion");
  if (apiVersion !== "apps/v1") return `apiVersion ${apiVersion} is not served any more: make it apps/v1 first`;
  if (textAt(deployment, "metadata", "name") === "") return "it has no metadata.name";
  // A patch of a Deployment is none.
  const missing = ["selector", "template"].find((key) => !isObject(objectAt(deployment, "spec")[key]));
  if (missing !== undefined) return `it has no spec.${missing}: if it is a patch, give what it is applied to`;
  const owner = controllerOf(deployment);
  if (owner !== undefined) return `it is controlled by ${owner}, which would make it again: convert what makes it`;
  return undefined;
}

function adopting(deployment: Json, strategy: Json): Json {
  const spec = objectAt(deployment, "spec");
  // In the order of the Deployment, and the strategy where its own stood.
  const moved = Object.entries(spec).flatMap(([key, value]): [string, unknown][] => {
    if (key === "strategy") return [[key, strategy]];
    return SAME.includes(key) && value !== null ? [[key, value]] : [];
  });
  return {
    ...without(deployment, ["status"]),
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: metadataForFile(deployment),
    spec: { ...Object.fromEntries(moved), strategy },
  };
}

/** Without a size of its own it takes the Deployment's (docs/behaviour/workload-reference.md#a-size-that-is-missing). */
function referring(deployment: Json, strategy: Json): Json {
  const spec = objectAt(deployment, "spec");
  const { name, namespace, labels } = objectAt(deployment, "metadata");
  const again = ["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds", "paused"];
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: compact({ name, namespace, labels }),
    spec: {
      // A size of 0 is meant; with any other the Rollout takes over the size that the Deployment has by then.
      ...(spec["replicas"] === 0 ? { replicas: 0 } : {}),
      workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name, scaleDown: "progressively" },
      ...Object.fromEntries(
        Object.entries(spec).filter(([key, value]) => again.includes(key) && value !== null && value !== undefined),
      ),
      strategy,
    },
  };
}

/** The profile's strategy; a canary keeps the room that the Deployment's own updates had. */
function strategyOf(deployment: Json, profile: Profile): { readonly strategy: Json; readonly notes: readonly Note[] } {
  const strategy = strategyFor(profile, textAt(deployment, "metadata", "name"));
  const own = objectAt(deployment, "spec", "strategy");
  if (own["type"] === "Recreate") return { strategy, notes: [recreate] };
  const { maxSurge, maxUnavailable } = objectAt(own, "rollingUpdate");
  const room = compact({ maxSurge: maxSurge ?? undefined, maxUnavailable: maxUnavailable ?? undefined });
  const names = Object.keys(room);
  if (names.length === 0) return { strategy, notes: [] };
  const from = names.map((name) => `spec.strategy.rollingUpdate.${name}`).join(" and ");
  const canary = member(strategy, "canary");
  if (canary === undefined) {
    const why = "a blue-green update makes all new pods beside the old ones, and then switches";
    return { strategy, notes: [lost(`${from}: ${why}`)] };
  }
  const settled = ["maxSurge", "maxUnavailable"].filter((name) => member(canary, name) !== undefined);
  if (settled.length > 0)
    return {
      strategy,
      notes: [lost(`${from}: the profile "${profile.name}" has ${settled.join(" and ")} of its own`)],
    };
  return {
    strategy: { ...strategy, canary: { ...room, ...objectAt(strategy, "canary") } },
    notes: [changed(`${from}: in spec.strategy.canary now, for the pods of each step`)],
  };
}

const recreate = lost(
  "spec.strategy.type Recreate: both versions run side by side during an update. If they may not (a ReadWriteOnce volume, " +
    "a lock, a schema that only one of them knows), leave this one a Deployment",
);

function findingsOf(rollout: Json, deployment: Json, mode: Mode, references: References): Findings {
  if (mode === "adopt") return admissionFindings(rollout, "Rollout", { strict: true, references });
  const spec = objectAt(deployment, "spec");
  const found = { template: spec["template"], selector: spec["selector"] };
  const workloads = { find: () => found, scaledBy: () => [] };
  return admissionFindings(rollout, "Rollout", { strict: true, references: { ...references, workloads } });
}

function specNotes(deployment: Json, mode: Mode): readonly Note[] {
  const spec = objectAt(deployment, "spec");
  const name = textAt(deployment, "metadata", "name");
  const unknown = Object.keys(without(spec, [...SAME, "strategy"]));
  const notes: Note[] = unknown.map((key) => lost(`spec.${key}: a Rollout has nothing like it`));
  if (spec["paused"] === true)
    notes.push(changed("spec.paused: true pauses the Rollout, too: it makes no pods until it is false"));
  if (spec["progressDeadlineSeconds"] !== undefined && spec["progressDeadlineSeconds"] !== null)
    notes.push(
      changed("spec.progressDeadlineSeconds: the time of pauses does not count, and the phase becomes Degraded"),
    );
  if (mode === "adopt") notes.push(todo(deleteIt(name, textAt(deployment, "metadata", "namespace"))));
  else if (spec["replicas"] !== 0)
    notes.push(
      todo(
        `when the Rollout is Healthy, ${called(deployment)} is at 0: set its spec.replicas to 0 in this file, too, ` +
          "so that the next apply does not start its pods again",
      ),
    );
  return notes;
}

const deleteIt = (name: string, namespace: string): string =>
  "if the Deployment runs, it goes on beside the Rollout with pods of its own. When the Rollout is Healthy: " +
  `kubectl${namespace === "" ? "" : ` -n ${namespace}`} delete deployment ${name}`;
