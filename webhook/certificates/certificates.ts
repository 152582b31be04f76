/**
 * Which certificates the webhook has and when they are replaced. The Secret holds everything, so that any replica can
 * continue from it; deciding is pure, and time is an argument.
 *
 * Two things make sure that no review fails because of a rotation:
 * - A new CA signs nothing until it has been in the Secret for `settleMs`. By then the leader has put it beside the old
 *   one in the caBundle, and every API server has received that. Only an emergency (nothing usable is left) is faster.
 * - An old CA stays trusted until everything that it may have signed has expired. So a replica that is cut off may go
 *   on serving its old certificate for any time, and no check for such replicas is needed.
 */
import type { Certificate, KeyedCertificate, Validity } from "./x509.ts";

/** What is in the Secret and fits together; what does not fit is left out, and listed in `problems`. */
export interface Stored {
  /** The CA that signs. */
  readonly authority: KeyedCertificate | undefined;
  /** Its predecessors, newest first, whose keys are deleted. */
  readonly previous: readonly Certificate[];
  /** Signed by `authority` or by one of `previous`. */
  readonly serving: KeyedCertificate | undefined;
  /** Serial of the CA that has signed `serving`. */
  readonly signer: string | undefined;
  /** Why something was left out: sentences that contain no secrets. */
  readonly problems: readonly string[];
}

/** Durations in milliseconds. */
export interface Lifetimes {
  readonly authorityMs: number;
  readonly servingMs: number;
  /** How long a CA is in the caBundle before it signs. */
  readonly settleMs: number;
}

const dayMs = 86_400_000;

export const lifetimes: Lifetimes = { authorityMs: 365 * dayMs, servingMs: 30 * dayMs, settleMs: 60_000 };

/** Certificates are valid from this long before they are made, for clocks that disagree. */
export const backdateMs = 3_600_000;

/** When a certificate is replaced a third of its life is left: time enough for a human to notice if that fails. */
const renewedAfter = 2 / 3;

/** More than two rotations of the CA within the life of a serving certificate happen only when they are forced. */
const previousLimit = 3;
/** At reissue the names that other replicas asked for are kept; at most this many in all. */
const nameLimit = 16;

export type CertificatePlan =
  /** Nothing to do until `wakeAtMs`. */
  | { readonly kind: "keep"; readonly wakeAtMs: number }
  /** Write a Secret made of these. */
  | {
      readonly kind: "write";
      /** One sentence for the log. */
      readonly reason: string;
      readonly authority: Choice;
      readonly serving: Choice & { readonly names: readonly string[] };
      /** CAs that stay trusted beside the one that signs, newest first. */
      readonly previous: readonly Certificate[];
    };

/** Keep the present certificate, or make a new one with this validity. */
type Choice = { readonly kind: "keep" } | { readonly kind: "make"; readonly validity: Validity };

/**
 * What to do about the certificates now. Total: for whatever is stored, executing the plan leads to a Secret that is
 * kept.
 * @param stored undefined: there is no Secret
 * @param names that the serving certificate must have (it may have more)
 */
export function decideCertificates(
  stored: Stored | undefined,
  nowMs: number,
  names: readonly string[],
  life: Lifetimes = lifetimes,
): CertificatePlan {
  const authorityProblem = needsAuthority(stored, nowMs);
  const previous = stillTrusted(stored, nowMs, life, authorityProblem !== undefined);
  const servingProblem = needsServing(stored, nowMs, names, life, authorityProblem !== undefined, previous);
  const gone = stored !== undefined && authorityProblem === undefined && previous.length < stored.previous.length;
  if (authorityProblem === undefined && servingProblem === undefined && !gone) {
    return { kind: "keep", wakeAtMs: wakeAt(stored, nowMs, life) };
  }
  const authority: Choice =
    authorityProblem === undefined
      ? { kind: "keep" }
      : { kind: "make", validity: { notBeforeMs: nowMs - backdateMs, notAfterMs: nowMs + life.authorityMs } };
  const caEndMs = authority.kind === "make" ? authority.validity.notAfterMs : (stored?.authority?.notAfterMs ?? nowMs);
  const serving: Choice =
    servingProblem === undefined
      ? { kind: "keep" }
      : {
          kind: "make",
          // Not valid for longer than its CA: everything that the CA has signed expires with it.
          validity: { notBeforeMs: nowMs - backdateMs, notAfterMs: Math.min(nowMs + life.servingMs, caEndMs) },
        };
  const reasons = [authorityProblem, servingProblem, gone ? "a CA that was replaced is needed no more" : undefined];
  return {
    kind: "write",
    reason: reasons.filter((reason) => reason !== undefined).join("; "),
    authority,
    serving: { ...serving, names: [...new Set([...names, ...(stored?.serving?.names ?? [])])].slice(0, nameLimit) },
    previous,
  };
}

/**
 * When the Secret was deleted or its CA's key is lost, the CA must be replaced at once, but no client knows the new one
 * yet. A replica that remembers the old serving certificate goes on with it meanwhile, and keeps its CA trusted.
 */
export function salvaged(stored: Stored | undefined, remembered: Stored | undefined): Stored | undefined {
  if (stored?.authority !== undefined || remembered?.authority === undefined) return stored;
  const { key: _, ...authority } = remembered.authority;
  return {
    authority: undefined,
    previous: [authority, ...remembered.previous],
    serving: remembered.serving,
    signer: remembered.signer,
    problems: stored === undefined ? ["the Secret is missing"] : stored.problems,
  };
}

/** All CAs to trust, newest first: the caBundle. */
export const trustedBy = ({ authority, previous }: Stored): readonly Certificate[] =>
  authority === undefined ? previous : [authority, ...previous];

const madeAtMs = (certificate: Certificate): number => certificate.notBeforeMs + backdateMs;

const renewAtMs = (certificate: Certificate): number =>
  madeAtMs(certificate) + (certificate.notAfterMs - madeAtMs(certificate)) * renewedAfter;

const settledAtMs = (authority: Certificate, life: Lifetimes): number => madeAtMs(authority) + life.settleMs;

function needsAuthority(stored: Stored | undefined, nowMs: number): string | undefined {
  if (stored === undefined) return "the Secret is missing";
  const { authority } = stored;
  if (authority === undefined) return stored.problems.join("; ") || "the Secret has no CA";
  if (nowMs < authority.notBeforeMs) return "the CA is not valid yet";
  if (nowMs >= authority.notAfterMs) return "the CA has expired";
  if (nowMs >= renewAtMs(authority)) return "the CA has reached two thirds of its life";
  return undefined;
}

/** Checks in order; those above the line of dashes cannot wait for a new CA to settle. */
function needsServing(
  stored: Stored | undefined,
  nowMs: number,
  names: readonly string[],
  life: Lifetimes,
  renewing: boolean,
  previous: readonly Certificate[],
): string | undefined {
  const serving = stored?.serving;
  if (stored === undefined || serving === undefined) return "there is no usable serving certificate";
  if (nowMs < serving.notBeforeMs) return "the serving certificate is not valid yet";
  if (nowMs >= serving.notAfterMs) return "the serving certificate has expired";
  const signedByPrevious = previous.some(({ serial }) => serial === stored.signer);
  const signedByCurrent = stored.authority?.serial === stored.signer;
  if (!signedByPrevious && !signedByCurrent) return "nobody trusts the serving certificate's CA any more";
  const missing = names.filter((name) => !serving.names.includes(name));
  if (missing.length > 0) return `the serving certificate does not name ${missing.join(", ")}`;
  // ——
  if (renewing || stored.authority === undefined || nowMs < settledAtMs(stored.authority, life)) return undefined;
  if (!signedByCurrent) return "the new CA is known by now";
  if (nowMs >= renewAtMs(serving)) return "the serving certificate has reached two thirds of its life";
  return undefined;
}

/** Those of the old CAs (and the present one, when it is being replaced) that may have signed what is still valid. */
function stillTrusted(
  stored: Stored | undefined,
  nowMs: number,
  life: Lifetimes,
  renewing: boolean,
): readonly Certificate[] {
  if (stored === undefined) return [];
  const { authority, previous } = stored;
  const all = authority === undefined ? previous : [authority, ...previous];
  const needed = all.filter((certificate, index) => {
    if (certificate === authority && !renewing) return false;
    return nowMs < untrustedAtMs(certificate, all[index - 1], life);
  });
  return needed.slice(0, previousLimit);
}

/** When everything that a CA has signed has expired. `successor` has signed in its place since it settled. */
function untrustedAtMs(authority: Certificate, successor: Certificate | undefined, life: Lifetimes): number {
  const { notAfterMs } = authority;
  if (successor === undefined) return notAfterMs;
  return Math.min(notAfterMs, settledAtMs(successor, life) + life.servingMs);
}

function wakeAt(stored: Stored | undefined, nowMs: number, life: Lifetimes): number {
  if (stored?.authority === undefined || stored.serving === undefined) return nowMs;
  const { authority, serving, previous } = stored;
  const all = [authority, ...previous];
  const times = [
    renewAtMs(authority),
    renewAtMs(serving),
    settledAtMs(authority, life),
    ...previous.map((certificate, index) => untrustedAtMs(certificate, all[index], life)),
  ];
  // A settling time in the past does not matter; if anything were due now, the plan would not have been to keep.
  return Math.min(...times.filter((at) => at > nowMs));
}
