/** Making a Deployment of a Rollout again (docs/convert.md#from-rollout-to-deployment). */
import { HASH_LABEL, MIGRATE, MIGRATED } from "../../../schema/labels.ts";
import type { Json } from "../../../kube/object/json.ts";
import { controllerOf, metadataForFile } from "./manifest.ts";
import { changed, lost, type Note, refused, todo } from "./note.ts";
import { called, compact, member, objectAt, textAt, without } from "./objects.ts";
import type { Conversion } from "./toRollout.ts";

/** Members of a Rollout's spec that mean the same in a Deployment. */
const SAME = ["replicas", "selector", "template", "minReadySeconds", "revisionHistoryLimit", "paused"];

/** What only a Rollout can do, in the words of what is lost. */
const ONLY_HERE: Readonly<Record<string, string>> = {
  rollbackWindow: "undoing goes through a whole update",
  progressDeadlineAbort: "a Deployment does not go back by itself",
  restartAt: "use kubectl rollout restart",
  analysis: "there are no analyses to keep",
};

/** A Rollout with a template of its own as a Deployment, as it goes into a file. */
export function toDeployment(rollout: Json): Conversion {
  const owner = controllerOf(rollout);
  if (owner !== undefined)
    return refusal(`it is controlled by ${owner}, which would make it again: convert what makes it`);
  const spec = objectAt(rollout, "spec");
  if (member(spec, "template") === undefined) return refusal("it has no spec.template, and so no pods to run");
  const { strategy, notes } = strategyOf(spec);
  const pods = podsOf(rollout);
  const kept = Object.entries({ ...spec, template: pods.template }).flatMap(([key, value]): [string, unknown][] => {
    if (key === "strategy") return strategy === undefined ? [] : [[key, strategy]];
    return value !== null && (SAME.includes(key) || key === "progressDeadlineSeconds") ? [[key, value]] : [];
  });
  const object = {
    ...without(rollout, ["status"]),
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: isAdopted(rollout) ? keptOut(metadataForFile(rollout)) : metadataForFile(rollout),
    spec: Object.fromEntries(kept),
  };
  const out = isAdopted(rollout)
    ? [changed(`annotated ${MIGRATE}: none, so that it is not adopted at once again`)]
    : [];
  return { kind: "made", object, notes: [...notes, ...specNotes(spec), ...out, ...pods.notes] };
}

/** Its Namespace may ask for mode adopt still. */
const isAdopted = (rollout: Json): boolean => textAt(rollout, "metadata", "annotations", MIGRATED) === "adopt";

const keptOut = (metadata: Json): Json => ({
  ...metadata,
  annotations: { ...objectAt(metadata, "annotations"), [MIGRATE]: "none" },
});

const refusal = (why: string): Conversion => ({ kind: "refused", notes: [refused(why)] });

function specNotes(spec: Json): readonly Note[] {
  const known = [...SAME, "strategy", "progressDeadlineSeconds"];
  return Object.keys(without(spec, known)).map((key) =>
    lost(`spec.${key}: ${ONLY_HERE[key] ?? "a Deployment has nothing like it"}`),
  );
}

function strategyOf(spec: Json): { readonly strategy: Json | undefined; readonly notes: readonly Note[] } {
  if (member(objectAt(spec, "strategy"), "canary") === undefined) {
    const { activeService, previewService } = objectAt(spec, "strategy", "blueGreen");
    const notes = [lost("spec.strategy.blueGreen: the Deployment replaces its pods a few at a time")];
    if (typeof activeService === "string" && typeof previewService === "string" && previewService !== "")
      notes.push(lost(`Service "${previewService}" has the same pods as "${activeService}" now`));
    return { strategy: undefined, notes };
  }
  const canary = objectAt(spec, "strategy", "canary");
  const { maxSurge, maxUnavailable } = canary;
  const room = compact({ maxSurge: maxSurge ?? undefined, maxUnavailable: maxUnavailable ?? undefined });
  const others = Object.keys(without(canary, ["maxSurge", "maxUnavailable"]));
  const notes: Note[] = others.map((key) =>
    lost(`spec.strategy.canary.${key}: ${WITHOUT[key] ?? "not used any more"}`),
  );
  if (Object.keys(room).length === 0) return { strategy: undefined, notes };
  const strategy = { type: "RollingUpdate", rollingUpdate: room };
  const text = `spec.strategy.canary.${Object.keys(room).join(" and ")}: in spec.strategy.rollingUpdate now`;
  return { strategy, notes: [changed(text), ...notes] };
}

const WITHOUT: Readonly<Record<string, string>> = {
  steps: "the Deployment replaces all pods, a few at a time, without a stop",
  trafficRouting: "the routed objects keep their last weights; end the update first, and point them at one Service",
  canaryService: "the Service has all pods now",
  stableService: "the Service has all pods now",
  analysis: "nothing judges an update",
  canaryMetadata: "no pod is marked as canary",
  stableMetadata: "no pod is marked as stable",
  antiAffinity: "write it into the template if it is to go on",
};

/** What of the strategy is written into the template of the ReplicaSet that runs, beside the hash. */
const INTO_TEMPLATE: readonly (readonly [strategy: string, member: string])[] = [
  ["canary", "stableMetadata"],
  ["canary", "canaryMetadata"],
  ["canary", "antiAffinity"],
  ["blueGreen", "activeMetadata"],
  ["blueGreen", "previewMetadata"],
  ["blueGreen", "antiAffinity"],
];

/**
 * The template, and whether pods will restart. A Deployment takes over a ReplicaSet without an owner when its own
 * template is the same but for `pod-template-hash`. That of a Rollout's ReplicaSet has the label of its hash, too, since
 * its selector asks for it; so the Deployment's has to have it (docs/convert.md#whether-pods-restart).
 */
function podsOf(rollout: Json): { readonly template: unknown; readonly notes: readonly Note[] } {
  const template = objectAt(rollout, "spec", "template");
  const kubectl = kubectlFor(rollout);
  const restart = (why: string): readonly Note[] => [
    todo(`all pods will be replaced, a few at a time: ${why}`),
    todo(
      `apply the Deployment, and when it is available: ${kubectl} delete rollout ${textAt(rollout, "metadata", "name")}`,
    ),
  ];
  const stable = textAt(rollout, "status", "stableRS");
  if (stable === "") {
    const live = `${kubectl} get rollout ${textAt(rollout, "metadata", "name")} -o yaml | sluice convert --to deployment -f -`;
    return {
      template,
      notes: restart(
        `what is given does not say which ReplicaSet runs. To keep the pods, give what is stored: ${live}`,
      ),
    };
  }
  if (stable !== textAt(rollout, "status", "currentPodHash"))
    return { template, notes: restart("an update is under way. Promote or undo it first, and convert then") };
  const marks = INTO_TEMPLATE.filter(
    ([strategy, key]) => member(objectAt(rollout, "spec", "strategy", strategy), key) !== undefined,
  );
  if (marks.length > 0) {
    const names = marks.map((path) => `spec.strategy.${path.join(".")}`).join(" and ");
    return { template, notes: restart(`${names} is written into the ReplicaSet's template`) };
  }
  return { template: labelled(template, stable), notes: keptNotes(rollout, stable) };
}

const labelled = (template: Json, hash: string): Json => ({
  ...template,
  metadata: {
    ...objectAt(template, "metadata"),
    labels: { ...objectAt(template, "metadata", "labels"), [HASH_LABEL]: hash },
  },
});

const kubectlFor = (object: Json): string => {
  const namespace = textAt(object, "metadata", "namespace");
  return namespace === "" ? "kubectl" : `kubectl -n ${namespace}`;
};

const autoscalersOf = (name: string): string =>
  `a HorizontalPodAutoscaler that scales Rollout "${name}" scales nothing after that, until it is applied again, or names ` +
  "the Deployment in its spec.scaleTargetRef";

function keptNotes(rollout: Json, hash: string): readonly Note[] {
  const name = textAt(rollout, "metadata", "name");
  return [
    changed(
      `no pod restarts: the template has the label ${HASH_LABEL}: ${hash} as the ReplicaSet that runs has it, so that the ` +
        "Deployment takes that over. Take the label out with the next change of the template",
    ),
    todo(
      `in this order: ${kubectlFor(rollout)} delete rollout ${name} --cascade=orphan, then apply ${called({ ...rollout, kind: "Deployment" })}. ` +
        "The other way round the Deployment makes pods of its own",
    ),
    // Mode adopt has pointed them at the Rollout.
    ...(isAdopted(rollout) ? [todo(autoscalersOf(name))] : []),
  ];
}
