/**
 * One answer for all who ask the same within a second, so that a question is asked once: by reviews of the same template
 * that arrive together, by the review that follows a dry run, and where the API server tries a write again.
 */
import type { Clock } from "../../kube/clock/clock.ts";

export interface SharedAnswers<T> {
  /** The answer to the question with this key; `isOwn`: `question` was asked for it, and nobody else's answer served. */
  ask(key: string, question: () => Promise<T>): { readonly answer: Promise<T>; readonly isOwn: boolean };
}

interface SharedAnswersPorts<T> {
  readonly clock: Clock;
  /** Whether those who come later in the same second may have this answer, too; else only those who wait for it already. */
  readonly keeps: (answer: T) => boolean;
}

/** From the time of the question: what the answer rests on (quotas, policies) may have changed since then. */
const SHARED_FOR_MS = 1_000;

/** With more, those that were given first are forgotten: they would have been soon. */
export const MOST_KEPT = 64;

/** `question` must not reject. Nothing is kept, and no timer runs, a second after the last question. */
export function shareAnswers<T>({ clock, keeps }: SharedAnswersPorts<T>): SharedAnswers<T> {
  const asked = new Map<string, Promise<T>>();
  /** By key, how to stop the timer of an answer that is kept. In the order in which they were given. */
  const kept = new Map<string, () => void>();

  const forget = (key: string): void => {
    kept.get(key)?.();
    kept.delete(key);
    asked.delete(key);
  };
  const keep = (key: string, forMs: number): void => {
    const [first] = kept.keys();
    if (first !== undefined && kept.size >= MOST_KEPT) forget(first);
    kept.set(
      key,
      clock.after(forMs, () => forget(key)),
    );
  };
  const answered = async (key: string, question: () => Promise<T>): Promise<T> => {
    const askedAtMs = clock.now();
    const answer = await question();
    // No longer, even if somebody has set the machine's clock back meanwhile.
    const leftMs = Math.min(SHARED_FOR_MS, askedAtMs + SHARED_FOR_MS - clock.now());
    if (leftMs > 0 && keeps(answer)) keep(key, leftMs);
    else forget(key);
    return answer;
  };

  return {
    ask(key, question) {
      const known = asked.get(key);
      if (known !== undefined) return { answer: known, isOwn: false };
      const answer = answered(key, question);
      asked.set(key, answer);
      return { answer, isOwn: true };
    },
  };
}
