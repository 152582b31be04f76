/**
 * Remembers which objects a walk left as they are. Objects of the simulator are immutable, and what is written again and
 * again shares most of its parts: a container of a Pod is that of the template, whoever made the Pod.
 */
import type { Shape } from "./shape.ts";

export interface Memory {
  /** Whether a walk with this shape would change nothing. */
  knows(shape: Shape, value: object): boolean;
  learn(shape: Shape, value: object): void;
}

/** Below this many members, to look at an object again costs less than to look it up. */
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
