/**
 * What is done next about a Deployment that is to become a Rollout, has become one, or is to be a Deployment again
 * (docs/migration.md). One write a decision: what it changes comes back by a watch, and the next decision follows from the
 * state alone. So a crash after any write goes on where it was.
 */
import { inWords } from "../../../kube/object/inWords.ts";
import { MANAGED_BY_ROLLOUT, MIGRATE, REFERENCE_MARKS } from "../../../schema/labels.ts";
import { isHeldAtBirth } from "../facts/caches.ts";
import type { MigrationFacts } from "../facts/facts.ts";
import { blocked, type MigrationDecision, nothing } from "./decision.ts";
import { begin, goOn, letGo, reverse, stampAgain } from "./reference.ts";

export function decideMigration(facts: MigrationFacts): MigrationDecision {
  const { deployment, wish, rollout } = facts;
  if (isHeldForNobody(facts)) return reverse(facts);
  if (deployment.deleting || rollout?.migrated === "adopt") return nothing;
  // Mode adopt is a row of its own: it goes on when the Deployment is gone, and begins when mode reference has ended.
  if (wish?.mode === "adopt") return isOfReference(facts) ? reverse(facts) : nothing;
  // What has begun follows the stamp, not the wish: so that it is reversed in order where the wish is taken back.
  if (deployment.marks[MANAGED_BY_ROLLOUT] !== undefined) {
    return wish?.mode === "reference" ? goOn(facts) : reverse(facts);
  }
  // Its marks were lost in a replacement that the webhook has not seen: what has begun is gone on with, or reversed.
  if (rollout?.migrated === "reference") return rollout.deleting ? nothing : stampAgain(deployment);
  if (wish === undefined || wish.mode === "none") return nothing;
  if (deployment.owner !== undefined) return blockedWhereAsked(facts, `${deployment.owner} makes it: migrate that`);
  if (rollout !== undefined) {
    return blockedWhereAsked(facts, "a Rollout of its name that no migration made is there: delete it, or rename one");
  }
  if (wish.mode === "reference") return isHeldAtBirth(deployment) ? orLetGo(facts, begin(facts)) : begin(facts);
  return blocked(`${MIGRATE} has to be "reference", "adopt" or "none", and is ${inWords(wish.mode)}`);
}

const isOfReference = ({ deployment: { marks }, rollout }: MigrationFacts): boolean =>
  rollout?.migrated === "reference" || REFERENCE_MARKS.some((mark) => marks[mark] !== undefined);

/** The webhook has held it at 0 when it was created, and nothing that it asks for, any more, makes its pods. */
const isHeldForNobody = ({ deployment, wish, rollout }: MigrationFacts): boolean =>
  rollout === undefined &&
  !deployment.deleting &&
  wish?.mode !== "reference" &&
  isHeldAtBirth(deployment) &&
  deployment.marks[MANAGED_BY_ROLLOUT] === undefined;

/** The webhook holds it at 0 for a Rollout that cannot be made: it runs as a Deployment until that is mended. */
function orLetGo({ deployment, obstacles }: MigrationFacts, decision: MigrationDecision): MigrationDecision {
  const isBlocked = obstacles.length > 0 || decision.events.some(({ reason }) => reason === "MigrationBlocked");
  return isBlocked ? { ...decision, actions: [letGo(deployment)] } : decision;
}

/** A Namespace asks for all that can; only who asks for this one Deployment is answered. */
const blockedWhereAsked = ({ wish }: MigrationFacts, message: string): MigrationDecision =>
  wish?.from === "Deployment" ? blocked(`Not migrated: ${message}`) : nothing;
