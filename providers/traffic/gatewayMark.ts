/**
 * What a Rollout notes on a route while it divides its traffic, so that nothing of it is left behind when routing ends
 * (docs/behaviour/traffic.md#routing-that-ends). Once stable has all again the note goes.
 */
import { type Json, listIn, parsed, recordIn, textIn } from "./gatewayObject.ts";
import type { RoutedObject } from "./router.ts";

/** An annotation: JSON, by the Rollout's name; NAMESPACE/NAME for one of another namespace. */
export const GATEWAY_MARKS = "rollouts.argoproj.io/managed-gateway-routes";

export interface GatewayMark {
  readonly stable: string;
  readonly canary: string;
  /** Stable's weight before; undefined: the total. */
  readonly was?: number;
  /** Names of header and mirror routes. */
  readonly routes: readonly string[];
  /** The matches of each rule that was made: kinds before version 1.4 of the Gateway API keep no names of rules. */
  readonly made?: readonly unknown[];
  /** Services of experiments. */
  readonly experiments: readonly string[];
  /** The key of the label of routes in progress. */
  readonly label?: string;
  /** The name of the cookie by which sessions stay with the canary. */
  readonly cookie?: string;
}

/** None where the annotation cannot be read. */
export function marksOf({ metadata }: RoutedObject): ReadonlyMap<string, GatewayMark> {
  const marks = parsed(metadata.annotations?.[GATEWAY_MARKS] ?? "{}");
  return new Map(Object.entries(recordIn(marks)).map(([name, mark]) => [name, markIn(recordIn(mark))]));
}

function markIn(mark: Json): GatewayMark {
  const names = (member: string): readonly string[] => listIn(mark, member).filter((name) => typeof name === "string");
  const { was, label, cookie } = mark;
  return {
    stable: textIn(mark, "stable"),
    canary: textIn(mark, "canary"),
    ...(typeof was === "number" ? { was } : {}),
    routes: names("routes"),
    ...(listIn(mark, "made").length === 0 ? {} : { made: listIn(mark, "made") }),
    experiments: names("experiments"),
    ...(typeof label === "string" ? { label } : {}),
    ...(typeof cookie === "string" ? { cookie } : {}),
  };
}

/** Null for no marks: the annotation goes. */
export const marksText = (marks: ReadonlyMap<string, GatewayMark>): string | null =>
  marks.size === 0
    ? null
    : JSON.stringify(Object.fromEntries([...marks].toSorted(([one], [other]) => (one < other ? -1 : 1))));
