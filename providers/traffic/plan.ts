/** Combines what a router has to do at each of its objects. */
import type { RoutedWrite, RouterEvent, RoutingPlan } from "./router.ts";

export interface Fault {
  readonly message: string;
  readonly missing: boolean;
  readonly event?: RouterEvent;
}

/** What is to be done at one object; without a write and a fault nothing is. */
export interface Part {
  readonly write?: RoutedWrite;
  /** Carried out after it. */
  readonly next?: RoutedWrite;
  readonly fault?: Fault;
}

export const faulty = (message: string, missing = false): { readonly fault: Fault } => ({
  fault: { message, missing },
});

/** The same, but its write only after those before it have succeeded. */
export const relying = (part: Part): Part =>
  part.write === undefined ? part : { ...part, write: { ...part.write, relies: true } };

/** All the writes, and the first of the faults. */
export function planOf(parts: readonly Part[]): RoutingPlan {
  const writes = parts.flatMap(({ write, next }) => [write ?? [], next ?? []].flat());
  const fault = parts.find((part) => part.fault !== undefined)?.fault;
  return fault === undefined ? { kind: "plan", writes } : { kind: "fault", writes, ...fault };
}
