/** From a request to a response: reading, judging, answering, counting. */
import type { Log } from "../controller/log.ts";
import type { Clock } from "../controller/loop/clock.ts";
import { announcedLength, createLane, headOf, readBody, weigh } from "./body.ts";
import { answerProbe } from "./configurationProbe.ts";
import type { Reviewed, ReviewOutcome } from "./metrics.ts";
import { type Answer, answerReview, answerUnread, parseReview, type Review } from "./review.ts";
import type { Pause } from "./validate.ts";

export interface HandlerPorts {
  readonly validate: (review: Review, pause: Pause) => Promise<Answer>;
  readonly reviewed: Reviewed;
  readonly clock: Clock;
  readonly log: Log;
}

/** From here on a review takes its turn in a lane of its own. Usual ones have 5 to 30 kB and some hundred values. */
const heavy = { bytes: 128 * 2 ** 10, values: 2_500 };
/** So many may wait there: memory for their bodies, and what fits into the API server's patience. */
const mostHeavy = 16;

interface Outcome {
  readonly response: Response;
  readonly kind: string;
  readonly operation: string;
  readonly verdict: ReviewOutcome;
}

/** The handler never rejects. */
export function createHandler(ports: HandlerPorts): (request: Request) => Promise<Response> {
  const { reviewed, clock, log } = ports;
  const lane = createLane(mostHeavy);

  const handle = async (request: Request): Promise<Outcome> => {
    const body = await readBody(request, announcedLength(request), clock);
    // What is left of the body must not be read as the next request.
    if (body.kind === "refused") return malformed(body.status, body.reason, { connection: "close" });
    const { bytes } = body;
    if (bytes.length <= heavy.bytes) {
      const { values, excess } = weigh(bytes);
      if (excess !== undefined) return unread(bytes, excess);
      if (values <= heavy.values) return answer(ports, bytes, immediately);
    }
    const turn = lane.enter();
    if (turn === undefined) return malformed(503, `${mostHeavy} large reviews wait already`, { "retry-after": "1" });
    const leave = await turn;
    try {
      return await answerHeavy(ports, bytes);
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
const others = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function answerHeavy(ports: HandlerPorts, bytes: Uint8Array): Promise<Outcome> {
  await others();
  const { excess } = weigh(bytes);
  if (excess !== undefined) return unread(bytes, excess);
  await others();
  return answer(ports, bytes, others);
}

async function answer({ validate }: HandlerPorts, bytes: Uint8Array, pause: Pause): Promise<Outcome> {
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
  if (head === undefined) return malformed(413, `too large to judge: ${excess}`);
  const allowed = head.operation !== "CREATE";
  const reason = `${allowed ? "Not checked, since it is too" : "Too"} large to judge: ${excess}.`;
  const response = Response.json(answerUnread(head.uid, allowed, reason));
  return { response, kind: "", operation: head.operation, verdict: "unread" };
}

/** Answers the keeper's question whether the API server gets here. */
export function createProbeHandler(clock: Clock): (request: Request) => Promise<Response> {
  return async (request) => {
    const body = await readBody(request, announcedLength(request), clock, largestProbe);
    if (body.kind === "refused") return malformed(body.status, body.reason, { connection: "close" }).response;
    return Response.json(answerProbe(parseJson(body.bytes)));
  };
}

/** A Lease with a label. */
const largestProbe = 64 * 2 ** 10;

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
