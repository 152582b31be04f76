/** The boards of one person: shared by all that looks at the same namespace, and ended when nobody does. */
import type { Clock } from "../../../kube/clock/clock.ts";
import type { Person } from "../auth/people.ts";
import { type Board, openBoard } from "./board.ts";
import { openFeed } from "./feed.ts";

export interface Lookout {
  readonly board: Board;
  /** Nobody looks any more. */
  leave(): void;
}

export interface Boards {
  /** @param namespace undefined: all */
  look(person: Person, namespace: string | undefined): Lookout;
  /** Boards that are open now. */
  readonly size: number;
  stop(): void;
}

/** A page that is loaded again finds its watches still there. */
const REST_MS = 10_000;

interface Open {
  readonly board: Board;
  readonly ending: AbortController;
  users: number;
}

export function createBoards(clock: Clock): Boards {
  const all = new Map<Person, Map<string, Open>>();
  const close = (person: Person, key: string, one: Open): void => {
    one.ending.abort();
    const own = all.get(person);
    if (own?.get(key) === one) own.delete(key);
    if (own?.size === 0) all.delete(person);
  };
  const open = (person: Person, namespace: string | undefined, key: string): Open => {
    const ending = new AbortController();
    const feed = openFeed({ client: person.client, clock, namespace, signal: ending.signal });
    const one: Open = { board: openBoard(feed), ending, users: 0 };
    const own = all.get(person) ?? new Map<string, Open>();
    own.set(key, one);
    all.set(person, own);
    person.gone.addEventListener("abort", () => close(person, key, one), { once: true });
    return one;
  };
  return {
    get size() {
      return [...all.values()].reduce((sum, own) => sum + own.size, 0);
    },
    look(person, namespace) {
      const key = namespace ?? "";
      const one = all.get(person)?.get(key) ?? open(person, namespace, key);
      one.users += 1;
      let isOver = false;
      return {
        board: one.board,
        leave() {
          if (isOver) return;
          isOver = true;
          one.users -= 1;
          if (one.users > 0) return;
          clock.after(REST_MS, () => {
            if (one.users === 0) close(person, key, one);
          });
        },
      };
    },
    stop() {
      for (const [person, own] of all) for (const [key, one] of own) close(person, key, one);
    },
  };
}
