/** Tries again as the reference's client does (hashicorp/go-retryablehttp). */
import { systemClock } from "../../kube/clock/clock.ts";
import { pause } from "../../kube/clock/sleep.ts";
import { type Answered, refused } from "./row.ts";
import { Busy, type HttpRequest, type SendPorts } from "./service.ts";

export interface Retries {
  /** How often it is tried again; below 1: not at all. */
  readonly most: number;
  readonly waitMinMs: number;
  readonly waitMaxMs: number;
}

const SECONDS = /^\d{1,9}$/;

/** Of one sending, which ends after ten seconds (docs/notifications.md#when-something-is-sent). */
const MOST_WAITED_MS = 8_000;

/**
 * Waits before the next try.
 * @param since when the first try began
 * @param why there has to be one
 * @throws {Busy} when that takes longer than a sending may: whoever has sent it waits, and says why
 */
export async function waitWithin(waitMs: number, since: number, why: string, { now, signal }: SendPorts) {
  if (now() - since + waitMs <= MOST_WAITED_MS) return pause(systemClock, waitMs, signal);
  throw new Busy(`${why} (the next try may be made in ${Math.ceil(waitMs / 1_000)} s)`, waitMs);
}

/** What the server asks for, ms; undefined: nothing. */
export function retryAfterMs(headers: Readonly<Record<string, string>>, nowMs: number): number | undefined {
  const header = headers["retry-after"]?.trim() ?? "";
  if (SECONDS.test(header)) return Number(header) * 1_000;
  const at = header === "" ? Number.NaN : Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

const isTemporary = (status: number): boolean => status === 429 || (status >= 500 && status !== 501);

/**
 * The first answer that is not about the server's being overloaded or broken.
 * @throws {Error} the last reason when there was none
 */
export async function askAgain(request: HttpRequest, ports: SendPorts, retries: Retries): Promise<Answered> {
  const { signal, now } = ports;
  const since = now();
  for (let attempt = 0; ; attempt++) {
    const answer = await ports.http(request, signal);
    if (answer.kind === "answered" && !isTemporary(answer.status)) return answer;
    const isLast = attempt >= retries.most || signal.aborted || (answer.kind === "failed" && answer.refused === true);
    const said = answer.kind === "failed" ? answer.message : refused(request, answer).message;
    const why = attempt === 0 ? said : `${said} (tried ${attempt + 1} times)`;
    if (isLast) throw new Error(why);
    const asked =
      answer.kind === "answered" && (answer.status === 429 || answer.status === 503)
        ? retryAfterMs(answer.headers, now())
        : undefined;
    const waitMs = asked ?? Math.min(retries.waitMaxMs, 2 ** attempt * retries.waitMinMs);
    await waitWithin(waitMs, since, why, ports);
  }
}
