/** From a request to a response: reading, judging, answering, counting. */
import type { Log } from "../controller/log.ts";
import type { Clock } from "../controller/loop/clock.ts";
import { announcedLength, createLane, headOf, readBody, tooMuch } from "./body.ts";
import type { Reviewed, ReviewOutcome } from "./metrics.ts";
import { type Answer, answerReview, answerUnread, parseReview, type Review } from "./review.ts";
import type { Pause } from "./validate.ts";

export interface HandlerPorts {
  readonly validate: (review: Review, pause: Pause) => Promise<Answer>;
  readonly reviewed: Reviewed;
  readonly clock: Clock;
  readonly log: Log;
}

/** Above so many bytes a review takes its turn in a lane of its own. Usual ones have 5 to 30 kB. */
const largeBytes = 128 * 2 ** 10;
const mostLarge = 8;

interface Outcome {
  readonly response: Response;
  readonly kind: string;
  readonly operation: string;
  readonly verdict: ReviewOutcome;
}

/** The handler never rejects. */
export function createHandler(ports: HandlerPorts): (request: Request) => Promise<Response> {
  const { reviewed, clock, log } = ports;
  const lane = createLane(mostLarge);

  /** A large body is read first: whoever sends slowly must not keep the lane. */
  const handle = async (request: Request): Promise<Outcome> => {
    const length = announcedLength(request);
    const body = await readBody(request, length, clock);
    if (body.kind === "refused") {
      // What is left of the body must not be read as the next request.
      return malformed(body.status, body.reason, { connection: "close" });
    }
    if (body.bytes.length <= largeBytes) return answer(ports, body.bytes, immediately);
    const turn = lane.enter();
    if (turn === undefined)
      return malformed(503, `${mostLarge} large reviews are in work already`, { "retry-after": "1" });
    const leave = await turn;
    try {
      return await answer(ports, body.bytes, others);
    } finally {
      leave();
    }
  };

  return async (request) => {
    const startedMs = performance.now();
    let outcome: Outcome;
    try {
      outcome = await handle(request);
    } catch (error) {
      log.error("Cannot answer an admission review", { error });
      outcome = malformed(500, "internal error: the log has it");
    }
    reviewed(outcome.kind, outcome.operation, outcome.verdict, performance.now() - startedMs);
    return outcome.response;
  };
}

const immediately: Pause = () => undefined;
/** Lets the event loop serve what has come in meanwhile. */
const others: Pause = () => new Promise((resolve) => setImmediate(resolve));

async function answer({ validate }: HandlerPorts, bytes: Uint8Array, pause: Pause): Promise<Outcome> {
  const excess = tooMuch(bytes);
  if (excess !== undefined) return unread(bytes, excess);
  await pause();
  const json = parseJson(bytes);
  if (json === undefined) return malformed(400, "the body is no JSON in UTF-8");
  const parsed = parseReview(json);
  if (parsed.kind === "malformed") return malformed(400, parsed.reason);
  await pause();
  const { review } = parsed;
  const verdict = await validate(review, pause);
  const { kind, operation } = review;
  return { response: Response.json(answerReview(review, verdict)), kind, operation, verdict: verdict.verdict };
}

/**
 * Only what is new is refused unseen. An object that is stored already must stay deletable and repairable, whatever its
 * size: its changes pass with a warning, and the loop judges it.
 */
function unread(bytes: Uint8Array, excess: string): Outcome {
  const head = headOf(bytes);
  if (head === undefined) return malformed(413, `the review cannot be judged: ${excess}`);
  const allowed = head.operation !== "CREATE";
  const reason = `${allowed ? "Not checked" : "The object cannot be judged"}: ${excess}.`;
  const response = Response.json(answerUnread(head.uid, allowed, reason));
  return { response, kind: "", operation: head.operation, verdict: "unread" };
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
}

function malformed(status: number, reason: string, headers: Record<string, string> = {}): Outcome {
  const response = new Response(`Cannot take this review: ${reason}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", ...headers },
  });
  return { response, kind: "", operation: "", verdict: "malformed" };
}
