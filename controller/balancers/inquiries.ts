/**
 * Load balancers are asked beside the queue of Rollouts: what this process knows of that, which is the question in
 * flight and the last answer of each kind. A crash or a lost Lease loses it: then it is asked once more, and what waits
 * for the answer goes on waiting (docs/behaviour/traffic.md#alb-verification).
 */
import type { Clock } from "../../kube/clock/clock.ts";
import type { Answered, Inquiry, InquiryAnswer } from "../../providers/traffic/elb/inquiry.ts";
import { UNKNOWN_GROUP } from "../../providers/traffic/elb/inquiry.ts";
import type { Rollout } from "../../schema/rollout.ts";

/** What decisions see of the questions of one Rollout. */
export interface KnownInquiries {
  readonly answers: readonly Answered[];
  /** The key of the one that is in flight. */
  readonly inFlight: string | undefined;
}

export interface Inquiries {
  of(uid: string): KnownInquiries;
  /** Never throws, and waits for nothing. `arrived` is called when there is an answer. */
  ask(rollout: Rollout, inquiry: Inquiry, arrived: () => void): void;
  /** A decision on these has been carried out: their events were emitted. */
  told(uid: string, answers: readonly Answered[]): void;
  /** The Rollout is gone. */
  forget(uid: string): void;
}

export interface InquiryPorts {
  readonly clock: Clock;
  readonly validForMs: () => number;
  /** Never throws in a way that counts: what it throws is reported by its kind alone. */
  readonly answerTo: (namespace: string, inquiry: Inquiry, signal: AbortSignal) => Promise<InquiryAnswer>;
}

interface Entry {
  flight: { readonly key: string; readonly abort: AbortController } | undefined;
  /** The last of each kind. */
  readonly answers: Map<Inquiry["kind"], Answered>;
}

const NOTHING: KnownInquiries = { answers: [], inFlight: undefined };

export function createInquiries({ clock, validForMs, answerTo }: InquiryPorts): Inquiries {
  const known = new Map<string, Entry>();
  return {
    of(uid) {
      const mine = known.get(uid);
      return mine === undefined ? NOTHING : { answers: [...mine.answers.values()], inFlight: mine.flight?.key };
    },
    ask({ metadata }, inquiry, arrived) {
      const uid = metadata.uid ?? "";
      const mine = known.get(uid) ?? { flight: undefined, answers: new Map() };
      known.set(uid, mine);
      if (mine.flight !== undefined) return;
      const flight = { key: inquiry.key, abort: new AbortController() };
      mine.flight = flight;
      const askedAt = clock.now();
      void answerTo(metadata.namespace, inquiry, flight.abort.signal)
        .catch((error: unknown) => mistake(error))
        .then((answer) => {
          if (known.get(uid)?.flight !== flight) return;
          mine.flight = undefined;
          // The next leader asks again.
          if (validForMs() <= 0) return;
          mine.answers.set(inquiry.kind, { key: inquiry.key, askedAt, isNews: true, answer });
          arrived();
        });
    },
    told(uid, answers) {
      const mine = known.get(uid);
      if (mine === undefined) return;
      for (const [kind, answer] of mine.answers)
        if (answer.isNews && answers.includes(answer)) mine.answers.set(kind, { ...answer, isNews: false });
    },
    forget(uid) {
      known.get(uid)?.flight?.abort.abort();
      known.delete(uid);
    },
  };
}

/** Only its kind is shown: what was thrown may quote anything. */
const mistake = (error: unknown): InquiryAnswer => ({
  kind: "failed",
  message: `asking failed by a mistake in Sluice (${error instanceof Error ? error.name : typeof error}); please report it`,
  targetGroup: UNKNOWN_GROUP,
});
