/** Reviews of Deployments that migrate, or have migrated (docs/behaviour/admission.md#deployments-that-migrate). */
import {
  MANAGED_BY_ROLLOUT,
  MIGRATE,
  PAUSED_FOR_ROLLOUT,
  PROFILE,
  REPLICAS_BEFORE,
  REPLICAS_LEFT,
  REPLICAS_WANTED,
} from "../../schema/labels.ts";
import { equal } from "../../kube/object/equality.ts";
import { inWords } from "../../kube/object/inWords.ts";
import { record } from "../review/record.ts";
import type { Answer, PatchOperation, Review } from "../review/review.ts";
import { admitted, type Migrations, type NamespaceMode, refused, untouched } from "./migrations.ts";
import { annotate, annotationIn, isGoing, isOwned, replicasOf, rolloutOfDeployment } from "./objects.ts";
import { statedReplicas } from "./stated.ts";

export function reviewDeployment(review: Review, migrations: Migrations, namespaceMode?: NamespaceMode): Answer {
  const { operation, object, oldObject } = review;
  if (isOwned(object) || isGoing(object)) return untouched;
  if (operation === "CREATE") return created(review, migrations, namespaceMode);
  const rollout = rolloutOfDeployment(oldObject);
  const isOut = annotationIn(object, MIGRATE) === "none" && annotationIn(oldObject, MANAGED_BY_ROLLOUT) === undefined;
  const warnings = wordsAbout(review);
  if (rollout === undefined || isOut) return warnings.length === 0 ? untouched : admitted([], warnings);
  return updated(review, rollout, warnings);
}

function created(review: Review, migrations: Migrations, namespaceMode: NamespaceMode | undefined): Answer {
  const { object, namespace, name } = review;
  const own = annotationIn(object, MIGRATE);
  const mode = own ?? namespaceMode;
  const warnings = wordsAbout(review);
  if (own === undefined && namespaceMode === "other")
    warnings.push(`The label ${MIGRATE} of Namespace "${namespace}" ${RIGHT_MODES}: this Deployment stays as it is`);
  if (mode !== "reference" && mode !== "adopt") return admitted([], warnings);
  const origin = migrations.originOf(namespace, name);
  if (origin === "adopt") return refused("metadata.name", takenOver(name));
  if (mode === "adopt") return admitted([], warnings);
  if (origin === "own") {
    const kept = `A Rollout "${name}" that no migration made is there already: this Deployment stays as it is`;
    return admitted([], [...warnings, kept]);
  }
  const replicas = replicasOf(object);
  const wanted = replicas === 0 ? (annotationIn(object, REPLICAS_WANTED) ?? "0") : String(replicas);
  const held = `spec.replicas: ${replicas} goes to Rollout "${name}", which gets the pods; the Deployment is stored with 0`;
  return admitted(
    [...at(object, 0), ...paused(object), ...annotate(object, { [REPLICAS_WANTED]: wanted, ...pauseOf(object) })],
    replicas === 0 ? warnings : [...warnings, held],
  );
}

/**
 * A count that does not change is the loop's business: it may be on its way to 0, and pods that Services still need must not
 * go at once.
 */
function updated(review: Review, rollout: string, warnings: readonly string[]): Answer {
  const { object, oldObject } = review;
  const [from, to] = [replicasOf(oldObject), replicasOf(object)];
  const stated = from === to ? statedReplicas(review) : to;
  // Where another has come by without a review, this is the newer word: the controller need not learn of both.
  const left = Number(annotationIn(oldObject, REPLICAS_LEFT) ?? from);
  const before = annotationIn(oldObject, REPLICAS_WANTED);
  const wanted = stated === undefined ? (annotationIn(object, REPLICAS_WANTED) ?? before) : String(stated);
  // A replacement, or a hand, that drops our marks would leave the pods with two owners.
  const kept = [MANAGED_BY_ROLLOUT, REPLICAS_BEFORE, REPLICAS_LEFT, PAUSED_FOR_ROLLOUT].flatMap((mark) => {
    const value = annotationIn(oldObject, mark);
    return value === undefined ? [] : [[mark, value] as const];
  });
  const untold = isUntold(review);
  const marks = {
    ...Object.fromEntries(kept),
    ...(wanted === undefined ? {} : { [REPLICAS_WANTED]: wanted }),
    ...(untold ? pauseOf(object) : {}),
  };
  const carried = `spec.replicas: ${to} goes to Rollout "${rollout}", which has the pods of this Deployment`;
  const isNews = stated !== undefined && String(stated) !== before;
  return admitted(
    [
      ...(to === 0 ? [] : at(object, from === to || Number.isNaN(left) ? from : left)),
      ...(untold ? paused(object) : []),
      ...annotate(object, marks),
    ],
    isNews ? [...warnings, carried] : warnings,
  );
}

const at = (object: unknown, replicas: number) =>
  replicasOf(object) === replicas ? [] : [{ op: "add" as const, path: "/spec/replicas", value: replicas }];

const isPaused = (object: unknown): boolean => record(record(object)?.["spec"])?.["paused"] === true;

/**
 * A Deployment at 0 is complete as soon as its controller has seen it, which tools take for a success. It is not while it is
 * paused; the loop ends that when the Deployment says what its Rollout does.
 */
const paused = (object: unknown): PatchOperation[] =>
  isPaused(object) ? [] : [{ op: "add", path: "/spec/paused", value: true }];

const pauseOf = (object: unknown): Readonly<Record<string, string>> =>
  isPaused(object) ? {} : { [PAUSED_FOR_ROLLOUT]: "true" };

/** It gets another template, and does not say yet that its Rollout is not done. */
function isUntold({ object, oldObject }: Review): boolean {
  const templateOf = (of: unknown) => record(record(of)?.["spec"])?.["template"];
  const conditions = record(record(oldObject)?.["status"])?.["conditions"];
  const said = (Array.isArray(conditions) ? conditions : []).map((each) => record(each));
  const isTold = said.some((each) => each?.["type"] === "Reconciling" || each?.["type"] === "Stalled");
  return replicasOf(oldObject) === 0 && !isTold && !equal(templateOf(object), templateOf(oldObject));
}

const RIGHT_MODES = 'has to be "reference" or "adopt"';

/** Values that nobody acts on. On updates only of what has changed. */
function wordsAbout({ object, oldObject }: Review): string[] {
  const changed = (name: string): string | undefined => {
    const value = annotationIn(object, name);
    return value === annotationIn(oldObject, name) ? undefined : value;
  };
  const [mode, profile, wanted] = [changed(MIGRATE), changed(PROFILE), changed(REPLICAS_WANTED)];
  return [
    ...(mode === undefined || ["reference", "adopt", "none"].includes(mode)
      ? []
      : [`${MIGRATE}: ${inWords(mode)} has to be "reference", "adopt" or "none": this Deployment stays as it is`]),
    ...(profile === undefined || /^[-._a-zA-Z0-9]{1,253}$/.test(profile)
      ? []
      : [`${PROFILE}: ${inWords(profile)} has to be the name of a profile: a key of a ConfigMap, like "careful"`]),
    ...(wanted === undefined || /^\d{1,9}$/.test(wanted)
      ? []
      : [`${REPLICAS_WANTED}: ${inWords(wanted)} has to be a number of replicas, like "3"`]),
  ];
}

const takenOver = (name: string): string =>
  `Rollout "${name}" has taken over the pods of the Deployment of this name, and a second owner of them would fight it. ` +
  `Change the Rollout instead: \`sluice convert -f FILE\` prints it from this manifest. To go back to a Deployment, ` +
  `\`sluice convert --to deployment\` says how, and the Rollout has to go first; to have both, annotate this one ` +
  `with ${MIGRATE}: none and give it another selector`;
