/** The verdict over a review (docs/behaviour/admission.md#refuse-or-warn). */
import { isAdmitted } from "../../kube/client/resources.ts";
import type { Complaints } from "../../controller/process/complaints.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { equal } from "../../kube/object/equality.ts";
import type { AdmittedKind, Findings, References } from "../../controller/rules/admission/admissionFindings.ts";
import type { Violation } from "../../kube/validation/violation.ts";
import { isProfileMap, judgeProfiles, type ProfileFacts } from "./profileReview.ts";
import { record } from "./record.ts";
import { type Answer, type Cause, causesOf, causeText, type Review, warningsOf } from "./review.ts";
import { BREAK_GLASS } from "../../schema/labels.ts";
import type { Opinion, SecondOpinion } from "./secondOpinion.ts";

/** The rules, with the facts about the cluster that they need. Neither function throws. */
export interface Rules {
  /** `namespace` is "" for cluster-scoped kinds. */
  findings(object: unknown, kind: AdmittedKind, namespace: string, found?: Found): Findings;
  /**
   * Reads what these objects name and the caches do not hold; undefined: there is no such object. Never rejects, and
   * answers by `untilMs` (of the clock).
   */
  find?(
    objects: readonly unknown[],
    kind: AdmittedKind,
    namespace: string,
    untilMs: number,
  ): Promise<Found> | undefined;
  /** What is known of a ConfigMap of profiles; absent: such reviews pass. Never rejects, and answers by `untilMs`. */
  profileFacts?(review: Review, untilMs: number): Promise<ProfileFacts>;
  /** The violations of an object that it did not have `before`. */
  newViolations(before: readonly Violation[], after: readonly Violation[]): readonly Violation[];
}

export type Found = Pick<References, "workloads" | "before" | "routes">;

/** The annotation has let an object through. */
export interface Override {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly user: string;
  /** Why it would have been refused, each a text. */
  readonly refusals: readonly string[];
}

/** Called between two pieces of work; for large objects it lets other work have a turn. */
export type Pause = () => Promise<void> | undefined;

export interface ValidatorPorts {
  readonly rules: Rules;
  readonly secondOpinion: SecondOpinion | undefined;
  readonly clock: Clock;
  readonly complaints: Complaints;
  readonly overridden: (override: Override, spec: unknown) => void;
  /**
   * Reviews certainly come from the API server; otherwise objects that are named in a review, but not part of it, are
   * not quoted.
   */
  readonly authenticated?: boolean;
}

/** The API server gives up after 2 s without a reason; by answering earlier we can name what is missing. */
const deadlineMs = 1_000;

const group = "argoproj.io";
const passed: Answer = { verdict: "passed", causes: [], warnings: [] };

/** The validator never rejects, and answers within a second. */
export function createValidator(ports: ValidatorPorts): (review: Review, pause: Pause) => Promise<Answer> {
  return async (review, pause) => {
    try {
      return await validate(ports, review, pause);
    } catch (error) {
      // A bug of ours must not keep a user from working; the loop has the same rules.
      const { kind, namespace, name } = review;
      const message = "Cannot validate an object";
      ports.complaints.report({ about: "judging", level: "error", message, error, fields: { kind, namespace, name } });
      return { verdict: "failed", causes: [], warnings: ["Not checked: Sluice failed over this object."] };
    }
  };
}

async function validate(ports: ValidatorPorts, review: Review, pause: Pause): Promise<Answer> {
  const untilMs = ports.clock.now() + deadlineMs;
  const { kind } = review;
  if (isProfileMap(review)) return profilesAnswer(ports, review, untilMs);
  if (isNoneOfOurs(review)) return passed;
  if (review.group !== group || !isAdmitted(kind)) {
    // A kind that we do not know: our webhook configuration matches too much, or is of a newer version. Without a
    // warning that would stay hidden; a refusal would block objects that are not ours.
    return { ...passed, warnings: [`Not checked: Sluice does not know the kind ${kind}.${review.group}.`] };
  }
  // This request is in flight while the rules run.
  const asked = ports.secondOpinion?.ask(review, untilMs);
  await pause();
  const found = await ports.rules.find?.([review.object, review.oldObject], kind, review.namespace, untilMs);
  const judgement = await judged(ports.rules, review, kind, found, pause);
  const { refuse, warn } = ports.authenticated === true ? judgement : unquoted(judgement, review);
  const opinion = (await asked) ?? noOpinion;
  return answerOf(ports, review, {
    causes: merged(causesOf(refuse), opinion.causes),
    warnings: [...annotationWarning(review), ...warningsOf(warn), ...opinion.warnings],
  });
}

/** There is no way round these refusals: without the label a ConfigMap is none of ours. */
async function profilesAnswer({ rules }: ValidatorPorts, review: Review, untilMs: number): Promise<Answer> {
  const facts = await rules.profileFacts?.(review, untilMs);
  if (facts === undefined || isLeaving(review.object)) return passed;
  const { refuse, warn } = await judgeProfiles(review, facts, turn);
  const verdict = refuse.length === 0 ? "allowed" : "refused";
  return { verdict, causes: causesOf(refuse), warnings: warningsOf(warn) };
}

/**
 * Reports what is wrong with the pod template of a workload that a Rollout names without quoting it: any client may
 * have written this review, even one without permission to read the workload. The Rollout's status has the full text.
 */
function unquoted({ refuse, warn }: Findings, { kind, object }: Review): Findings {
  const spec = record(record(object)?.["spec"]);
  if (kind !== "Rollout" || spec?.["workloadRef"] === undefined) return { refuse, warn };
  const cover = (violation: Violation): Violation => {
    const [, member = ""] = /^spec\.(template|selector)\b/.exec(violation.exactPath ?? violation.path) ?? [];
    if (member === "" || spec[member] !== undefined) return violation;
    // The list of supported values is not a secret.
    const detail =
      violation.type === "NotSupported" ? violation.detail : violation.detail.replaceAll(/"(?:[^"\\]|\\.)*"/g, '"…"');
    const { help: _, ...rest } = violation;
    const covered = { ...rest, detail };
    return "value" in violation ? { ...covered, value: "…" } : covered;
  };
  return { refuse: refuse.map(cover), warn: warn.map(cover) };
}

/** Deletions, finalizers, status, scale, and whatever else does not change the spec: never refused. */
function isNoneOfOurs({ operation, subResource, object, oldObject }: Review): boolean {
  if (subResource !== "") return true;
  if (operation === "CREATE") return false;
  if (operation !== "UPDATE") return true;
  if (isLeaving(object)) return true;
  // Removing the annotation is a reason to report again what is wrong.
  if (annotationOf(object) !== annotationOf(oldObject)) return false;
  return equal(record(object)?.["spec"], record(oldObject)?.["spec"]);
}

function isLeaving(object: unknown): boolean {
  const { deletionTimestamp } = record(record(object)?.["metadata"]) ?? {};
  return deletionTimestamp !== undefined && deletionTimestamp !== null;
}

/** On updates only new violations refuse; the rest become warnings, since the loop still stops the object for them. */
async function judged(
  rules: Rules,
  review: Review,
  kind: AdmittedKind,
  found: Found | undefined,
  pause: Pause,
): Promise<Findings> {
  const { object, oldObject, namespace, operation } = review;
  const stored = operation === "CREATE" ? {} : { before: oldObject };
  const after = rules.findings(object, kind, namespace, { ...found, ...stored });
  if (operation === "CREATE" || (after.refuse.length === 0 && after.warn.length === 0)) return after;
  // Judging twice must not be one piece of work, whatever the size of the objects: a small one may cost as much as any.
  await (pause() ?? turn());
  const before = rules.findings(oldObject, kind, namespace, found);
  await (pause() ?? turn());
  const refuse = rules.newViolations(before.refuse, after.refuse);
  const isNew = new Set(refuse);
  const known = after.refuse.filter((violation) => !isNew.has(violation));
  return { refuse, warn: [...known, ...rules.newViolations(before.warn, after.warn)] };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const noOpinion: Opinion = { causes: [], warnings: [] };

/** Often both report the same path: then only our cause is kept. */
function merged(ours: readonly Cause[], theirs: readonly Cause[]): Cause[] {
  const paths = new Set(ours.map(({ field }) => field));
  return [...ours, ...theirs.filter(({ field }) => !paths.has(field))];
}

/** The value of the break-glass annotation, of which only "warn" has a meaning. */
function annotationOf(object: unknown): unknown {
  return record(record(record(object)?.["metadata"])?.["annotations"])?.[BREAK_GLASS];
}

function annotationWarning(review: Review): string[] {
  const value = annotationOf(review.object);
  return value === undefined || value === "warn" ? [] : [`${BREAK_GLASS}: the only value with a meaning is "warn"`];
}

function answerOf(
  ports: ValidatorPorts,
  review: Review,
  { causes, warnings }: { readonly causes: readonly Cause[]; readonly warnings: readonly string[] },
): Answer {
  if (causes.length === 0) return { verdict: "allowed", causes, warnings };
  if (annotationOf(review.object) !== "warn") return { verdict: "refused", causes, warnings };
  const refusals = causes.map(causeText);
  if (!review.dryRun) ports.overridden(overrideOf(review, refusals), record(review.object)?.["spec"]);
  return {
    verdict: "overridden",
    causes: [],
    warnings: [...refusals, ...warnings],
    annotations: { overridden: refusals.join("; ") },
  };
}

function overrideOf({ kind, namespace, name, user, object }: Review, refusals: readonly string[]): Override {
  const uid = record(record(object)?.["metadata"])?.["uid"];
  return { kind, namespace, name, uid: typeof uid === "string" ? uid : "", user, refusals };
}
