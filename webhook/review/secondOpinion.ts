/**
 * The API server's own judgement of a pod template: a ReplicaSet with it, created as a dry run, is refused with the
 * very paths that a Rollout has. Only what would always be refused counts: validation errors and unknown fields.
 * Quotas, policies, permissions and missing answers never refuse; they may be different when the ReplicaSet is really
 * created.
 */
import type { Log } from "../../controller/process/log.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { equal } from "../../kube/object/equality.ts";
import { canBeName, collectionPath } from "../../kube/client/path.ts";
import { REPLICA_SETS } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { type Cause, causeText, type Review } from "./review.ts";
import { shareAnswers } from "./sharedAnswers.ts";
import { type Examination, readRefusal } from "./secondOpinionAnswer.ts";
import { refusalText, warningText } from "./policies.ts";
import { type PodTemplate, podTemplatesOf, replicaSetOf } from "./podTemplates.ts";

export type OpinionClient = Pick<KubeClient, "request">;

export interface Opinion {
  readonly causes: readonly Cause[];
  readonly warnings: readonly string[];
}

export interface SecondOpinion {
  /**
   * Asks about the pod templates of an object that are new or changed; undefined: it has no such template. Never
   * rejects, and answers by `untilMs` (of the clock).
   */
  ask(review: Review, untilMs: number): Promise<Opinion> | undefined;
}

export interface SecondOpinionPorts {
  readonly client: OpinionClient;
  readonly clock: Clock;
  readonly log: Log;
}

/** Requests in flight; a burst of reviews must not become a burst of dry runs. */
const mostInFlight = 64;
/** Only the first templates of an Experiment; no real one has more. */
const mostTemplates = 8;

interface Answered {
  readonly examination: Examination;
  /** What others say of pods that they let pass. */
  readonly warnings: readonly string[];
}

type Strictness = "Ignore" | "Strict";
type Post = (template: PodTemplate, fieldValidation: Strictness) => Promise<Answered>;

const silent: Answered = { examination: { kind: "silent" }, warnings: [] };

/** Characters of an answer that is kept for reviews to come. Usual ones have some hundred. */
const mostKeptChars = 16 * 2 ** 10;

/** What did not answer may do so a moment later; the longest answers would take too much memory. */
function isKept({ examination, warnings }: Answered): boolean {
  if (examination.kind === "silent" || (examination.kind === "refused" && examination.isOutage)) return false;
  return JSON.stringify([examination, warnings]).length <= mostKeptChars;
}

type Send = (namespace: string, body: object, strictness: Strictness, timeoutMs: number) => Promise<Answered>;

/** Sends a ReplicaSet as a dry run, if there are not too many already; the answer comes in time, and never rejects. */
function dryRunner({ client, clock, log }: SecondOpinionPorts): Send {
  let inFlight = 0;
  const warnedOf = new Set<string>();

  /** For the operator to solve, not for the user: logged once. */
  const logOnce = (message: string): void => {
    if (warnedOf.has(message) || warnedOf.size >= 20) return;
    warnedOf.add(message);
    log.warn("The API server does not let us check pod templates by dry runs", { reason: message });
  };

  return async (namespace, body, strictness, timeoutMs) => {
    if (inFlight >= mostInFlight) return silent;
    inFlight++;
    const warnings: string[] = [];
    const answered = client
      .request({
        method: "POST",
        path: collectionPath(REPLICA_SETS, namespace),
        query: { dryRun: "All", fieldValidation: strictness },
        body,
        // Only the contents of a refusal are read.
        accept: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json",
        timeoutMs,
        retry: false,
        urgent: true,
        warned: (more) => void warnings.push(...more),
      })
      .then(
        (): Examination => ({ kind: "fine" }),
        (error: unknown) => readRefusal(error),
      )
      .then((examination): Answered => ({ examination, warnings }));
    // The client has the same time limit, but what it waits for beforehand (a credential plugin) has no limit.
    const { examination } = await inTime(clock, timeoutMs, answered).finally(() => inFlight--);
    if (examination.kind === "notAllowed") logOnce(examination.message);
    return { examination, warnings };
  };
}

export function createSecondOpinion(ports: SecondOpinionPorts): SecondOpinion {
  const { clock } = ports;
  const send = dryRunner(ports);
  const shared = shareAnswers<Answered>({ clock, keeps: isKept });

  /** Each review has its own time limit, whoever has asked. */
  const post = async (review: Review, untilMs: number, template: PodTemplate, strictness: Strictness) => {
    // An invalid namespace has no ReplicaSets to ask about; a path with it would lead elsewhere.
    if (!canBeName(review.namespace)) return silent;
    const body = replicaSetOf(template, review.namespace);
    const key = keyOf(review.namespace, strictness, body);
    const tried = async () => {
      const timeoutMs = untilMs - clock.now();
      if (timeoutMs <= 0) return { ...silent, isOwn: true };
      const { answer, isOwn } = shared.ask(key, () => send(review.namespace, body, strictness, timeoutMs));
      return { ...(await (isOwn ? answer : inTime(clock, timeoutMs, answer))), isOwn };
    };
    const first = await tried();
    // Another's question may have run out of time, or have been lost: then it is asked again, once.
    return first.examination.kind === "silent" && !first.isOwn ? tried() : first;
  };

  return {
    ask(review, untilMs) {
      const changed = changedTemplates(review);
      if (changed.length === 0) return undefined;
      const ask: Post = async (template, strictness) => {
        const { examination, warnings } = await post(review, untilMs, template, strictness);
        return { examination, warnings: warnings.map((warning) => warningText(warning, template.path)) };
      };
      return Promise.all(changed.slice(0, mostTemplates).map((each) => judge(ask, review, each))).then((opinions) => ({
        causes: opinions.flatMap(({ causes }) => causes),
        warnings: opinions.flatMap(({ warnings }) => warnings),
      }));
    },
  };
}

/**
 * All that the API server is told, so that whoever asks the same may have the same answer: it is always the controller
 * who asks, and not the user whose write is reviewed. A digest, since templates are long.
 */
const keyOf = (namespace: string, strictness: Strictness, body: object): string =>
  new Bun.CryptoHasher("sha256").update(JSON.stringify([namespace, strictness, body])).digest("base64");

async function inTime(clock: Clock, timeoutMs: number, answer: Promise<Answered>): Promise<Answered> {
  const late = Promise.withResolvers<Answered>();
  const cancel = clock.after(timeoutMs, () => late.resolve(silent));
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    cancel();
  }
}

interface Changed {
  readonly template: PodTemplate;
  /** The template before the update. */
  readonly old: PodTemplate | undefined;
}

function changedTemplates({ kind, object, oldObject, operation }: Review): Changed[] {
  const before = operation === "UPDATE" ? podTemplatesOf(kind, oldObject) : [];
  // Of several templates with the same name, the first.
  const named = new Map(before.toReversed().map((template) => [template.name, template]));
  return podTemplatesOf(kind, object)
    .map((template): Changed => ({ template, old: named.get(template.name) }))
    .filter(({ template, old }) => {
      return old === undefined || !equal(template.template, old.template) || !equal(template.selector, old.selector);
    });
}

/** On an update only new refusals count, not those of the old template: a stored object must stay repairable. */
async function judge(post: Post, review: Review, { template, old }: Changed): Promise<Opinion> {
  const opinion = await examine(post, review, template);
  if (opinion.causes.length === 0 || old === undefined) return opinion;
  const before = await examine(post, review, old);
  if (before.silent) return { causes: [], warnings: [...opinion.causes.map(causeText), ...opinion.warnings] };
  const known = new Map<string, number>();
  for (const kind of before.causes.map(kindOf)) known.set(kind, (known.get(kind) ?? 0) + 1);
  const causes = opinion.causes.filter((cause) => {
    const kind = kindOf(cause);
    const left = known.get(kind) ?? 0;
    known.set(kind, left - 1);
    return left <= 0;
  });
  return { causes, warnings: opinion.warnings };
}

/** The cause without list indexes: items may move in lists. */
const kindOf = ({ field, message }: Cause): string => `${field.replaceAll(/\[\d+\]/g, "[]")}: ${message}`;

/** All mistakes: when the API server reports unknown fields it does not validate, so then a second request follows. */
async function examine(
  post: Post,
  { fieldValidation }: Review,
  template: PodTemplate,
): Promise<Opinion & { readonly silent: boolean }> {
  const { examination: first, warnings: told } = await post(
    template,
    fieldValidation === "Ignore" ? "Ignore" : "Strict",
  );
  if (first.kind !== "unknownFields") {
    const { causes, warnings } = opinionOf(first, template);
    return { causes, warnings: [...warnings, ...told], silent: first.kind === "silent" };
  }
  const unknown = first.causes.map((cause) => placed(cause, template));
  const rest = await post(template, "Ignore");
  const { causes, warnings: own } = opinionOf(rest.examination, template);
  const warnings = [...own, ...rest.warnings];
  return fieldValidation === "Strict"
    ? { causes: [...unknown, ...causes], warnings, silent: false }
    : { causes, warnings: [...unknown.map(causeText), ...warnings], silent: false };
}

function opinionOf(examination: Examination, template: PodTemplate): Opinion {
  switch (examination.kind) {
    case "fine":
    case "notAllowed":
      return { causes: [], warnings: [] };
    case "invalid":
    case "unknownFields": {
      const causes = examination.causes.map((cause) => placed(cause, template));
      const policies = examination.policies.map((cause) => causeText(placed(cause, template)));
      return { causes, warnings: policies };
    }
    case "refused":
      return { causes: [], warnings: [refusalText(examination.message, `${template.path}.template`)] };
    case "silent":
      return { causes: [], warnings: ["The API server did not check the pod template in time."] };
    default:
      return examination satisfies never;
  }
}

/** With the path in the object that holds the template. */
const placed = (cause: Cause, { path }: PodTemplate): Cause => ({
  ...cause,
  field: cause.field.replace(/^spec\b/, () => path),
});
