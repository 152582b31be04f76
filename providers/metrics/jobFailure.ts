/** Why a Job failed, for people: its pod, and the end of its log (docs/behaviour/providers.md#the-log-of-a-failed-job). */
import { isFinite, memberAt, shortened } from "./conversation.ts";
import { listAt, textAt } from "./kubeQuestions.ts";

/** A pod whose log says why, and which of its containers. */
export interface Culprit {
  readonly pod: unknown;
  readonly name: string;
  readonly container: string;
  /** The log of the run before: the container has been started again since. */
  readonly previous: boolean;
  /** `exit code 1 (Error)`; empty: not known. */
  readonly end: string;
}

interface Ended {
  readonly container: string;
  readonly previous: boolean;
  readonly state: unknown;
}

function endedBadly(pod: unknown): Ended | undefined {
  const statuses = ["initContainerStatuses", "containerStatuses"].flatMap((member) => listAt(pod, "status", member));
  for (const member of ["state", "lastState"]) {
    for (const status of statuses) {
      const state = memberAt(status, member, "terminated");
      const code = memberAt(state, "exitCode");
      if (isFinite(code) && code !== 0)
        return { container: textAt(status, "name"), previous: member !== "state", state };
    }
  }
  return undefined;
}

const endText = (state: unknown): string => {
  const [code, reason] = [memberAt(state, "exitCode"), textAt(state, "reason")];
  return isFinite(code) ? `exit code ${code}${reason === "" ? "" : ` (${reason})`}` : "";
};

/** The youngest pod that failed; otherwise the youngest one. */
export function culpritOf(pods: readonly unknown[]): Culprit | undefined {
  const young = pods.toSorted((a, b) =>
    textAt(b, "metadata", "creationTimestamp") < textAt(a, "metadata", "creationTimestamp") ? -1 : 1,
  );
  const pod = young.find((each) => endedBadly(each) !== undefined) ?? young[0];
  if (pod === undefined) return undefined;
  const ended = endedBadly(pod);
  const [first] = listAt(pod, "spec", "containers");
  return {
    pod,
    name: textAt(pod, "metadata", "name"),
    container: ended?.container ?? textAt(first, "name"),
    previous: ended?.previous ?? false,
    end: endText(ended?.state),
  };
}

const LINES = 10;
const LONGEST_LINE = 300;
const LONGEST_LOG = 1_500;

/** Its last lines that say something, as far as a message has room. */
export function lastLines(log: string): string {
  // No terminal reads a message, and nothing in it shall look like one.
  const lines = log
    // oxlint-disable-next-line no-control-regex
    .replaceAll(/\u001B\[[\d;]*[A-Za-z]/g, "")
    .split(/\r?\n|\r/)
    // oxlint-disable-next-line no-control-regex
    .map((line) => line.replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F]/g, " ").trimEnd())
    .filter((line) => line !== "")
    .slice(-LINES)
    .map((line) => shortened(line, LONGEST_LINE));
  while (lines.length > 1 && lines.join("\n").length > LONGEST_LOG) lines.shift();
  return lines.join("\n");
}

/** `Job NAME failed (BackoffLimitExceeded: Job has reached the specified backoff limit)` */
export function failureText(name: string, condition: unknown): string {
  const [reason, message] = [textAt(condition, "reason"), shortened(textAt(condition, "message"), 300)];
  const why = [reason, message].filter((part) => part !== "").join(": ");
  return `Job ${name} failed${why === "" ? "" : ` (${why})`}`;
}

/** What is known of the pod. @param log its last lines, or why they are not shown */
export function culpritText(
  culprit: Culprit | undefined,
  log: { readonly lines: string } | { readonly why: string },
): string {
  if (culprit === undefined) return "; its pods are gone, and their logs with them";
  const { name, container, end } = culprit;
  const where = `pod ${name}, container ${container}${end === "" ? "" : ` ended with ${end}`}`;
  if ("why" in log) return `; ${where}; its log is not shown: ${log.why}`;
  return log.lines === "" ? `; ${where}; its log is empty` : `; ${where}; its log ends with:\n${log.lines}`;
}
