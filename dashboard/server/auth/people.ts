/**
 * Those on whose behalf requests are answered. Somebody with a token is looked up once (TokenReview), looked at again
 * every now and then while in use, and gone as soon as the API server does not take the token any more.
 */
import { createHash } from "node:crypto";
import type { KubeClient } from "../../../kube/client/transport.ts";
import type { Clock } from "../../../kube/clock/clock.ts";
import type { Ended } from "../../model.ts";
import { type Access, accessOf } from "./rights.ts";
import { reviewToken, type User } from "./user.ts";

export interface Person {
  readonly user: User;
  /** Carries the person's own credentials, and nobody else's. */
  readonly client: KubeClient;
  readonly access: Access;
  /** Aborted, with an `Ended["why"]` as its reason, when nothing may be done for this person any more. */
  readonly gone: AbortSignal;
}

export const newPerson = (client: KubeClient, user: User, access: Access, gone: AbortSignal): Person => ({
  client,
  user,
  access,
  gone,
});

export const whyGone = (signal: AbortSignal): Ended["why"] => signal.reason as Ended["why"];

export interface PeoplePorts {
  /** May make TokenReviews and SubjectAccessReviews, and is asked for nothing else. */
  readonly reviewer: KubeClient;
  readonly as: (token: () => string) => KubeClient;
  readonly clock: Clock;
  /** How often a token that is in use is reviewed again. */
  readonly reviewMs: number;
}

/** A token, and whom it was of when it was looked at last. */
interface Held {
  token: string;
  readonly person: Person;
  readonly leave: (why: Ended["why"]) => void;
  reviewedAt: number;
  usedAt: number;
  /** Sessions and streams. */
  users: number;
  /** Asks the identity provider for another token, before this one expires. */
  renew: (() => Promise<string | undefined>) | undefined;
}

export interface Hold {
  readonly person: Person;
  /** It is not needed any more. */
  release(): void;
}

export interface People {
  /** Undefined: the API server does not take it. @throws {ApiError} */
  of(token: string, renew?: () => Promise<string | undefined>): Promise<Person | undefined>;
  /** Whether the API server took this token a moment ago. */
  isKnown(token: string): boolean;
  /** Keeps a person while a session or a stream needs it, and has it looked at again. */
  hold(person: Person): Hold;
  stop(): void;
}

/** What else a token says, such as its own id, is another's with each token. */
const isSamePerson = (a: User, b: User): boolean =>
  a.name === b.name && a.uid === b.uid && JSON.stringify(a.groups) === JSON.stringify(b.groups);

const digest = (token: string): string => createHash("sha256").update(token).digest("base64url");

/** So many looks in a row may fail. */
const MOST_MISSED = 4;
const FORGOTTEN_MS = 60_000;
const MOST_PEOPLE = 2_000;
/** A refusal is remembered for so long, that a client in a loop costs the API server little. */
const REFUSED_MS = 5_000;

/** Those who are known, by the digest of their token. */
interface Registry extends PeoplePorts {
  readonly held: Map<string, Held>;
  /** When tokens were refused. */
  readonly refused: Map<string, number>;
  readonly byPerson: WeakMap<Person, Held>;
}

export function createPeople(ports: PeoplePorts): People {
  const { clock, reviewMs } = ports;
  const registry: Registry = { ...ports, held: new Map(), refused: new Map(), byPerson: new WeakMap() };
  let isStopped = false;
  let cancel = (): void => {};
  const tick = (): void => {
    cancel = clock.after(Math.max(1_000, reviewMs / 4), () => void lookAgain(registry).finally(tick));
  };
  tick();
  return {
    async of(token, renew) {
      const key = renew === undefined ? digest(token) : digest(`${token} ${crypto.randomUUID()}`);
      const known = registry.held.get(key);
      const now = clock.now();
      if (known !== undefined && now - known.reviewedAt < reviewMs) {
        known.usedAt = now;
        return known.person;
      }
      if (isStopped || now - (registry.refused.get(key) ?? Number.NEGATIVE_INFINITY) < REFUSED_MS) return undefined;
      return looked(registry, key, token, renew);
    },
    isKnown: (token) => registry.held.has(digest(token)),
    hold: (person) => holdOf(registry, person),
    stop() {
      isStopped = true;
      cancel();
      for (const [key, one] of registry.held) drop(registry, key, one, "shutdown");
    },
  };
}

function drop({ held }: Registry, key: string, one: Held, why: Ended["why"]): void {
  if (held.get(key) === one) held.delete(key);
  one.leave(why);
}

/** A token that is not known, or was not looked at for a while. */
async function looked(
  registry: Registry,
  key: string,
  token: string,
  renew: Held["renew"],
): Promise<Person | undefined> {
  const { reviewer, clock, held, refused } = registry;
  const user = await reviewToken(reviewer, token);
  const known = held.get(key);
  const now = clock.now();
  if (user !== undefined && known !== undefined && isSamePerson(user, known.person.user)) {
    known.reviewedAt = known.usedAt = now;
    return known.person;
  }
  if (known !== undefined) drop(registry, key, known, "revoked");
  if (user === undefined && refused.size < MOST_PEOPLE) refused.set(key, now);
  return user === undefined || held.size >= MOST_PEOPLE ? undefined : admitted(registry, key, token, user, renew);
}

function admitted(registry: Registry, key: string, token: string, user: User, renew: Held["renew"]): Person {
  const { reviewer, as, clock, held, byPerson } = registry;
  const leaving = new AbortController();
  const one: Held = {
    token,
    person: newPerson(
      as(() => one.token),
      user,
      accessOf(reviewer, clock, user),
      leaving.signal,
    ),
    leave: (why) => leaving.abort(why),
    reviewedAt: clock.now(),
    usedAt: clock.now(),
    users: 0,
    renew,
  };
  held.set(key, one);
  byPerson.set(one.person, one);
  return one.person;
}

async function lookAgain(registry: Registry): Promise<void> {
  const { held, refused, clock, reviewMs } = registry;
  const now = clock.now();
  for (const [key, one] of held) {
    if (one.users === 0 && now - one.usedAt > FORGOTTEN_MS) held.delete(key);
    else if (now - one.reviewedAt >= reviewMs) await review(registry, key, one);
  }
  for (const [key, at] of refused) if (now - at > REFUSED_MS) refused.delete(key);
}

async function review(registry: Registry, key: string, one: Held): Promise<void> {
  const { reviewer, clock, reviewMs } = registry;
  try {
    const renewed = await one.renew?.();
    if (renewed !== undefined) one.token = renewed;
    const user = await reviewToken(reviewer, one.token);
    // Groups that have changed change what the person may do: a new login has the new ones.
    if (user !== undefined && isSamePerson(user, one.person.user)) one.reviewedAt = clock.now();
    else drop(registry, key, one, "revoked");
  } catch {
    // An API server that cannot be asked cannot be used by this person either; not for ever.
    if (clock.now() - one.reviewedAt > MOST_MISSED * reviewMs) drop(registry, key, one, "revoked");
  }
}

function holdOf({ byPerson, clock }: Registry, person: Person): Hold {
  const one = byPerson.get(person);
  if (one !== undefined) one.users += 1;
  let isHeld = true;
  return {
    person,
    release() {
      if (one !== undefined && isHeld) {
        one.users -= 1;
        one.usedAt = clock.now();
      }
      isHeld = false;
    },
  };
}
