/** From a request to a response: reading, judging, answering, counting. */
import type { Complaints } from "../../controller/process/complaints.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import {
  announcedLength,
  headOf,
  type ReadBody,
  type RefusedBody,
  readLarge,
  readSmall,
  tooLong,
  unannounced,
  weigh,
} from "./body.ts";
import { answerProbe } from "./probe.ts";
import { type Claim, createLane, createSmallReads, intake, type Lane, type SmallReads } from "./intake.ts";
import type { Reviewed, ReviewOutcome } from "./webhookMetrics.ts";
import { type Answer, answerReview, answerUnread, parseReview, type Review } from "../review/review.ts";
import type { Pause } from "../review/validate.ts";

export interface HandlerPorts {
  readonly validate: (review: Review, pause: Pause) => Promise<Answer>;
  readonly reviewed: Reviewed;
  readonly clock: Clock;
  readonly complaints: Complaints;
  /** Whether a new object that is too large to be read is refused. */
  readonly refusesUnread?: boolean;
  /** Frees the memory that large reviews have left behind; for tests. */
  readonly collect?: () => void;
}

/** Takes some 8 ms. By itself, the engine would let two hundred MiB accumulate first. */
const collectGarbage = (): void => Bun.gc(true);

/**
 * A small review with more values than this takes its turn with the large ones. Usual ones have some hundred values.
 */
const heavyValues = 2_500;

/**
 * The API server hangs up after 2 s, but Bun notices that only for bodies that it does not hold back. Other clients may
 * never hang up.
 */
const turnTimeoutMs = 10_000;

/** What memory holds of bodies, for all paths of a server together. */
export interface Intake {
  readonly reads: SmallReads;
  readonly lane: Lane;
}

export const createIntake = (): Intake => ({
  reads: createSmallReads(intake.smallBodies),
  lane: createLane(intake.large, intake.largeBodies),
});

interface Outcome {
  readonly response: Response;
  readonly kind: string;
  readonly operation: string;
  readonly verdict: ReviewOutcome;
}

/** The handler never rejects. */
export function createHandler(ports: HandlerPorts, { reads, lane }: Intake): (request: Request) => Promise<Response> {
  const { reviewed, clock, complaints, collect = collectGarbage } = ports;
  let judged = 0;
  let uncollected = 0;

  /** Small reviews are answered at once, even while large ones are being worked on. */
  const light = async (bytes: Uint8Array): Promise<Outcome> => {
    if (judged + bytes.length > intake.judged) return busy("too many reviews are in work");
    judged += bytes.length;
    try {
      return await answer(ports, bytes, immediately);
    } finally {
      judged -= bytes.length;
    }
  };
  const heavy = async (request: Request, claim: Claim, read: () => Promise<ReadBody>): Promise<Outcome> => {
    const late = new AbortController();
    const cancel = clock.after(turnTimeoutMs, () => late.abort());
    const leave = await lane.enter(claim, AbortSignal.any([request.signal, late.signal]))?.catch(() => "gone" as const);
    cancel();
    if (leave === undefined) return busy("large reviews wait already");
    if (leave === "gone") return busy("its turn did not come in time");
    try {
      const body = await read();
      return body.kind === "refused" ? refused(body) : await answerHeavy(ports, body.bytes);
    } finally {
      uncollected += claim.whole;
      if (uncollected >= intake.uncollected) {
        uncollected = 0;
        collect();
      }
      leave();
    }
  };
  const handle = async (request: Request): Promise<Outcome> => {
    const length = announcedLength(request);
    if (length === undefined) return refused(unannounced);
    const excess = tooLong(length);
    if (excess !== undefined) return refused(excess);
    if (length > intake.smallBody) {
      const claim = { waiting: Math.min(length, intake.unread), whole: length };
      return heavy(request, claim, () => readLarge(request, length, () => lane.waiting() > 0, clock));
    }
    const body = await readSmall(request, length, reads, clock);
    if (body.kind === "refused") return refused(body);
    const { values, excess: tooMuch } = weigh(body.bytes);
    if (tooMuch !== undefined) return unread(ports, body.bytes, tooMuch);
    if (values <= heavyValues) return light(body.bytes);
    return heavy(request, { waiting: length, whole: length }, async () => body);
  };

  return async (request) => {
    const startedMs = performance.now();
    let outcome: Outcome;
    try {
      outcome = await handle(request);
    } catch (error) {
      // The client that triggers a bug of ours may be unknown, and can send the same again any number of times.
      const message = "Cannot answer an admission review";
      complaints.report({ about: "answering", level: "error", message, error });
      outcome = malformed(500, "internal error: the log has it");
    }
    reviewed(outcome.kind, outcome.operation, outcome.verdict, performance.now() - startedMs);
    return outcome.response;
  };
}

const immediately: Pause = () => undefined;
/** Lets the event loop handle what has arrived meanwhile. */
const others = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function answerHeavy(ports: HandlerPorts, bytes: Uint8Array): Promise<Outcome> {
  await others();
  const { excess } = weigh(bytes);
  if (excess !== undefined) return unread(ports, bytes, excess);
  await others();
  return answer(ports, bytes, others);
}

async function answer({ validate }: HandlerPorts, bytes: Uint8Array, pause: Pause): Promise<Outcome> {
  const json = parseJson(bytes);
  if (json === undefined) return malformed(400, "the body is not JSON in UTF-8");
  const parsed = parseReview(json);
  if (parsed.kind === "malformed") return malformed(400, parsed.reason);
  await pause();
  const { review } = parsed;
  const verdict = await validate(review, pause);
  const { kind, operation } = review;
  return { response: Response.json(answerReview(review, verdict)), kind, operation, verdict: verdict.verdict };
}

/**
 * Only a new object is refused without being read. A stored one must stay deletable and repairable, whatever its size:
 * an update of it passes with a warning, and the loop judges it.
 */
function unread({ refusesUnread = true }: HandlerPorts, bytes: Uint8Array, excess: string): Outcome {
  const head = headOf(bytes);
  if (head === undefined) return malformed(413, `too large to judge: ${excess}`);
  const allowed = !refusesUnread || head.operation !== "CREATE";
  const reason = `${allowed ? "Not checked, since it is too" : "Too"} large to judge: ${excess}.`;
  const response = Response.json(answerUnread(head.uid, allowed, reason));
  return { response, kind: "", operation: head.operation, verdict: "unread" };
}

/** Answers the keeper's probe, which tests whether the API server reaches us. */
export function createProbeHandler(clock: Clock, { reads }: Intake): (request: Request) => Promise<Response> {
  return async (request) => {
    const length = announcedLength(request);
    if (length === undefined) return refused(unannounced).response;
    const excess = tooLong(length, largestProbe);
    if (excess !== undefined) return refused(excess).response;
    const body = await readSmall(request, length, reads, clock);
    if (body.kind === "refused") return refused(body).response;
    return Response.json(answerProbe(parseJson(body.bytes)));
  };
}

/** The size of a Lease with a label, generously. */
const largestProbe = 64 * 2 ** 10;

const decoder = new TextDecoder("utf-8", { fatal: true });

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
}

/** Closes the connection, so that the rest of the body is not read as the next request. */
function refused({ status, reason }: RefusedBody): Outcome {
  const headers = { connection: "close" };
  return malformed(status, reason, status === 503 ? { ...headers, "retry-after": "1" } : headers);
}

const busy = (reason: string): Outcome => refused({ kind: "refused", status: 503, reason });

function malformed(status: number, reason: string, headers: Record<string, string> = {}): Outcome {
  const response = new Response(`Cannot take this review: ${reason}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", ...headers },
  });
  return { response, kind: "", operation: "", verdict: "malformed" };
}
