/**
 * What keeps the controller from working until the cluster is repaired: kinds, a namespace or rights that are missing.
 * Each is one sentence with the command that repairs it, for the log (once, not at every try) and for /readyz.
 */
import { ApiError } from "../../kube/client/apiError.ts";
import type { Log } from "./log.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { createRepetitions } from "./repetition.ts";

type Cause =
  | { readonly kind: "kinds" }
  | { readonly kind: "namespace"; readonly name: string }
  | { readonly kind: "terminating"; readonly name: string }
  | { readonly kind: "credentials" }
  | { readonly kind: "rights"; readonly right: Right };

interface Right {
  readonly user: string;
  readonly verb: string;
  /** "rollouts.argoproj.io", "services", "rollouts.argoproj.io/status". */
  readonly resource: string;
  /** Undefined: all namespaces. */
  readonly namespace: string | undefined;
}

/** Listing or watching a kind that is not served gets a 404; the path's group is not in the error's text. */
const ourKinds = /^Cannot (list|watch) (rollouts|experiments|analysis(runs|templates)|clusteranalysistemplates)\b/;

/** @returns undefined where time alone may repair it, or it is not known what would */
function causeOf(error: unknown): Cause | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const message = error.message;
  if (error.status === 401) return { kind: "credentials" };
  if (error.status === 404) {
    const name = /namespaces? "([^"]+)" not found/.exec(message)?.[1];
    if (name !== undefined) return { kind: "namespace", name };
    return ourKinds.test(message) ? { kind: "kinds" } : undefined;
  }
  if (error.status !== 403) return undefined;
  const ending = /namespace ([^ ]+) because it is being terminated/.exec(message)?.[1];
  if (ending !== undefined) return { kind: "terminating", name: ending };
  const right = rightIn(message);
  return right && { kind: "rights", right };
}

/** An authorizer's `User "u" cannot list resource "rollouts" in API group "argoproj.io" at the cluster scope`. */
function rightIn(message: string): Right | undefined {
  const found =
    /User "([^"]*)" cannot (\w+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)")?/.exec(
      message,
    );
  if (found === null) return undefined;
  const [, user = "", verb = "", plural = "", group = "", namespace] = found;
  const [resource = "", subresource] = plural.split("/");
  const named = group === "" ? resource : `${resource}.${group}`;
  return { user, verb, resource: subresource === undefined ? named : `${named}/${subresource}`, namespace };
}

/** The sentences of several causes; all that is missing for one kind is one sentence. */
function sentencesOf(causes: readonly Cause[], source: string): string[] {
  const sentences = causes.flatMap((cause) => (cause.kind === "rights" ? [] : [sentenceOf(cause, source)]));
  const rights = causes.flatMap((cause) => (cause.kind === "rights" ? [cause.right] : []));
  return [...new Set([...sentences, ...rightsSentence(rights)])];
}

function sentenceOf(cause: Exclude<Cause, { kind: "rights" }>, source: string): string {
  switch (cause.kind) {
    case "kinds":
      return "The cluster does not know Rollouts yet: `kubectl apply -f manifests/crds` installs the kinds of argoproj.io";
    case "namespace":
      return (
        `There is no namespace "${cause.name}", where the Lease is kept: ` +
        `\`kubectl create namespace ${cause.name}\` makes it, and POD_NAMESPACE names another one`
      );
    case "terminating":
      return `The namespace "${cause.name}", where the Lease is kept, is being deleted: \`kubectl create namespace ${cause.name}\` makes it anew once it has gone`;
    case "credentials":
      return `The API server does not accept the credentials of ${source} (HTTP 401): check with \`kubectl auth whoami\`, and log in again`;
    default:
      return cause satisfies never;
  }
}

function rightsSentence(rights: readonly Right[]): string[] {
  const [first] = rights;
  if (first === undefined) return [];
  const can = (right: Right): string => `${right.verb} ${right.resource}`;
  const where = first.namespace === undefined ? "--all-namespaces" : `-n ${first.namespace}`;
  const missing = [...new Set(rights.map(can))].toSorted().join(", ");
  return [
    `"${first.user}" is not allowed to ${missing}: grant what manifests/install.yaml grants, ` +
      `and check with \`kubectl auth can-i ${can(first)} ${where} --as=${first.user}\``,
  ];
}

export interface TroubleOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Where our credentials come from, for messages. */
  readonly source: string;
}

/**
 * Reports a failure.
 * @param what names it; the next failure of the same name replaces this one
 * @param still called later: whether the failure still stands; if missing, it stands until `over`
 * @returns whether it is logged here: then it need not be logged elsewhere
 */
export type Trouble = (what: string, error: unknown, still?: () => boolean) => boolean;

export interface Troubles {
  readonly met: Trouble;
  /** To be called when it works. */
  over(what: string): void;
  /** The failures that stand now, a sentence each. */
  sentences(): string[];
  stop(): void;
}

/** What starts together fails together: it is logged together. */
const gatherMs = 500;
/** For readers of the end of a log: logged again after this time, and then after twice as long each time. */
const remindMs = 600_000;
const longestRemindMs = 6 * 3_600_000;

export function createTroubles({ clock, log, source }: TroubleOptions): Troubles {
  const standing = new Map<string, { readonly cause: Cause; readonly still: () => boolean }>();
  const said = createRepetitions({
    clock,
    isDue: ({ logged, loggedAtMs }, nowMs) =>
      nowMs >= loggedAtMs + Math.min(remindMs * 2 ** (logged - 1), longestRemindMs),
  });
  let cancel: (() => void) | undefined;

  const sentences = (): string[] => {
    const causes = [...standing.values()].filter(({ still }) => still()).map(({ cause }) => cause);
    return sentencesOf(causes, source);
  };
  const logStanding = (): void => {
    cancel = undefined;
    for (const sentence of sentences()) {
      if (said.meet(sentence) !== undefined) log.warn(sentence);
    }
  };
  return {
    met(what, error, still = () => true) {
      const cause = causeOf(error);
      if (cause === undefined) {
        standing.delete(what);
        return false;
      }
      standing.set(what, { cause, still });
      cancel ??= clock.after(gatherMs, logStanding);
      return true;
    },
    over: (what) => void standing.delete(what),
    sentences,
    stop: () => cancel?.(),
  };
}
