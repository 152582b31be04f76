/** Sessions of people who have logged in: random ids in a cookie; all else stays in this process. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../../kube/clock/clock.ts";
import type { Ended, Session as SessionView } from "../../model.ts";
import { type Hold, type People, type Person, whyGone } from "./people.ts";

export interface Session {
  readonly person: Person;
  readonly how: SessionView["how"];
  /** Bound to this session: another one's is of no use. */
  readonly csrf: string;
  /** ms since the epoch: it ends then whatever happens. */
  readonly endsAt: number;
  /** Aborted, with an `Ended["why"]` as its reason. */
  readonly ended: AbortSignal;
}

interface Kept extends Session {
  usedAt: number;
  readonly hold: Hold;
  readonly end: (why: Ended["why"]) => void;
}

export interface SessionLimits {
  /** Without a request for so long, it ends. */
  readonly idleMs: number;
  /** So long after the login it ends. */
  readonly mostMs: number;
}

export interface Sessions {
  /** @returns the session, and the id for its cookie */
  open(person: Person, how: Session["how"]): { readonly session: Session; readonly id: string };
  /** @param isUse whether it counts as a request of the person; an open stream does not */
  of(id: string, isUse?: boolean): Session | undefined;
  end(id: string, why: Ended["why"]): void;
  readonly size: number;
  stop(): void;
}

const MOST_SESSIONS = 1_000;
/** Of one person: the oldest ends. */
const MOST_OF_ONE = 20;
const LOOK_MS = 5_000;

export const randomId = (): string => randomBytes(32).toString("base64url");

/** Ids are compared as digests, so that how long it takes tells nothing of them. */
const digest = (text: string): string => createHash("sha256").update(text).digest("base64url");

/** In a time that does not depend on where they differ. */
export const isSame = (a: string, b: string): boolean =>
  timingSafeEqual(createHash("sha256").update(a).digest(), createHash("sha256").update(b).digest());

interface Keeping {
  readonly kept: Map<string, Kept>;
  readonly clock: Clock;
  readonly limits: SessionLimits;
}

export function createSessions(people: People, clock: Clock, limits: SessionLimits): Sessions {
  const keeping: Keeping = { kept: new Map(), clock, limits };
  const { kept } = keeping;
  let cancel = (): void => {};
  const tick = (): void => {
    cancel = clock.after(LOOK_MS, () => {
      for (const [key, one] of kept) endIfOver(keeping, key, one);
      tick();
    });
  };
  tick();
  return {
    get size() {
      return kept.size;
    },
    open(person, how) {
      makeRoom(keeping, person);
      const id = randomId();
      const key = digest(id);
      const session = newSession(keeping, person, how, people.hold(person));
      kept.set(key, session);
      person.gone.addEventListener("abort", () => end(keeping, key, whyGone(person.gone)), { once: true });
      return { session, id };
    },
    of(id, isUse = true) {
      const key = digest(id);
      const one = kept.get(key);
      if (one === undefined || endIfOver(keeping, key, one)) return undefined;
      if (isUse) one.usedAt = clock.now();
      return one;
    },
    end: (id, why) => end(keeping, digest(id), why),
    stop() {
      cancel();
      for (const key of kept.keys()) end(keeping, key, "shutdown");
    },
  };
}

function newSession({ clock, limits }: Keeping, person: Person, how: Session["how"], hold: Hold): Kept {
  const now = clock.now();
  const ending = new AbortController();
  return {
    person,
    how,
    csrf: randomId(),
    endsAt: now + limits.mostMs,
    ended: ending.signal,
    usedAt: now,
    hold,
    end: (why) => ending.abort(why),
  };
}

function end({ kept }: Keeping, key: string, why: Ended["why"]): void {
  const one = kept.get(key);
  kept.delete(key);
  one?.hold.release();
  one?.end(why);
}

function endIfOver(keeping: Keeping, key: string, { endsAt, usedAt, person }: Kept): boolean {
  const now = keeping.clock.now();
  const isIdle = now - usedAt >= keeping.limits.idleMs;
  if (!person.gone.aborted && now < endsAt && !isIdle) return false;
  end(keeping, key, person.gone.aborted ? whyGone(person.gone) : isIdle && now < endsAt ? "idle" : "expired");
  return true;
}

/** The oldest ends. Insertion order is that of the logins. */
function makeRoom(keeping: Keeping, person: Person): void {
  const { kept } = keeping;
  const own = [...kept].filter(([, one]) => one.person.user.name === person.user.name);
  for (const [key] of own.slice(0, Math.max(0, own.length - MOST_OF_ONE + 1))) end(keeping, key, "expired");
  for (const [key] of [...kept].slice(0, Math.max(0, kept.size - MOST_SESSIONS + 1))) end(keeping, key, "expired");
}
