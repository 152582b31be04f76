/** The strategy of a profile: what it looks like, and what it is for one Deployment. */
import { isList, isObject, type Json } from "../../../kube/object/json.ts";
import type { Profile } from "./profile.ts";

/** In a text of a profile it stands for the name of the Deployment. */
export const PLACEHOLDER = "$(name)";

export const isStrategy = (value: unknown): value is Json =>
  isObject(value) && ("canary" in value || "blueGreen" in value);

/** The strategy for the Deployment of this name. */
export const strategyFor = ({ strategy }: Profile, name: string): Json => named(strategy, name) as Json;

function named(value: unknown, name: string): unknown {
  if (typeof value === "string") return value.replaceAll(PLACEHOLDER, () => name);
  if (isList(value)) return value.map((item) => named(item, name));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, named(inner, name)]));
}
