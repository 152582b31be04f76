/**
 * Remembers which objects a walk left unchanged. Objects of the simulator are immutable, and objects that are written
 * again and again share most of their parts: a container of a Pod is the very object of its template.
 */
import type { Shape } from "./shape.ts";

export interface Memory {
  /** Whether a walk with this shape would change nothing. */
  knows(shape: Shape, value: object): boolean;
  learn(shape: Shape, value: object): void;
}

/** For shapes with fewer members, checking an object again costs less than looking it up. */
const worthwhile = 12;

export function createMemory(): Memory {
  const known = new WeakMap<object, Shape>();
  return {
    knows: (shape, value) => shape.members.size >= worthwhile && known.get(value) === shape,
    learn: (shape, value) => {
      if (shape.members.size >= worthwhile) known.set(value, shape);
    },
  };
}
