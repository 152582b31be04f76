/** How long the API server takes to answer a write, as the writes about Rollouts find it: while it is slow, what can wait does. */
import type { Clock } from "../../../kube/clock/clock.ts";
import type { KubeClient } from "../../../kube/client/transport.ts";

/** What is remembered of the answers so far. Times in ms. */
export interface AnswerTime {
  readonly meanMs: number;
  /** When the last answer came, since the epoch. */
  readonly at: number;
}

/** Each answer counts for so much of the figure: some ten writes, which are one or two updates, are its memory. */
const SHARE = 1 / 8;

/** What was measured longer ago says nothing about now. */
const FORGOTTEN_AFTER_MS = 10_000;

const isKnown = (known: AnswerTime | undefined, now: number): known is AnswerTime =>
  known !== undefined && now - known.at < FORGOTTEN_AFTER_MS;

/** The figure after an answer that came at `now`, `tookMs` after its request. */
export function withAnswer(known: AnswerTime | undefined, tookMs: number, now: number): AnswerTime {
  const meanMs = isKnown(known, now) ? known.meanMs + (tookMs - known.meanMs) * SHARE : tookMs;
  return { meanMs, at: now };
}

/** The mean at `now`; 0: nothing was written lately. */
export const answerMs = (known: AnswerTime | undefined, now: number): number =>
  isKnown(known, now) ? known.meanMs : 0;

export interface TimedClient {
  readonly client: KubeClient;
  /** How long a write takes now, ms. */
  readonly answerMs: () => number;
}

/** Times the writes that go through a client; refusals count as well, and what its own retries wait for. */
export function timedClient(inner: KubeClient, clock: Clock): TimedClient {
  let known: AnswerTime | undefined;
  const client: KubeClient = {
    ...inner,
    async request<T>(request: Parameters<KubeClient["request"]>[0]) {
      if (request.method === "GET") return inner.request<T>(request);
      const from = clock.now();
      try {
        return await inner.request<T>(request);
      } finally {
        const now = clock.now();
        known = withAnswer(known, Math.max(0, now - from), now);
      }
    },
  };
  return { client, answerMs: () => answerMs(known, clock.now()) };
}
