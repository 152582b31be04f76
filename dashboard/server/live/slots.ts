/** How many streams one person may have open at a time, of our API and the reference's together. */
import { Failed } from "../failures/failure.ts";
import type { Person } from "../auth/people.ts";

export interface Slots {
  /** @returns gives it back; calling it again does nothing. @throws {Failed} when none is left */
  take(person: Person): () => void;
}

const MOST_STREAMS = 40;

export function createSlots(): Slots {
  const taken = new Map<Person, number>();
  return {
    take(person) {
      const before = taken.get(person) ?? 0;
      if (before >= MOST_STREAMS) throw new Failed("rate", "Too many pages of yours are open: close some.");
      taken.set(person, before + 1);
      let isGiven = false;
      return () => {
        if (isGiven) return;
        isGiven = true;
        const now = (taken.get(person) ?? 1) - 1;
        if (now > 0) taken.set(person, now);
        else taken.delete(person);
      };
    },
  };
}
