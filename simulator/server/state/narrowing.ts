/**
 * Most updates change one member of a spec, for example the number of replicas. Where the members of a kind's spec get
 * their defaults independently of each other, only those that changed have to be checked.
 */
import type { Kind } from "./kinds.ts";
import type { ApiObject, Draft } from "../../model/model.ts";

type Members = Readonly<Record<string, unknown>>;

const isIndependent = ({ key, custom }: Kind): boolean =>
  custom || key === "replicasets.apps" || key === "deployments.apps";

const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The members of the new spec that differ from the old one; undefined when some old ones are missing. */
const changed = (old: Members, next: Members): Members | undefined => {
  for (const name in old) if (next[name] === undefined) return undefined;
  const members: Record<string, unknown> = {};
  for (const name in next) if (next[name] !== old[name]) members[name] = next[name];
  return members;
};

/** The draft with only the changed members in its spec; undefined when more than the spec changes, or all of it. */
export const narrowed = (kind: Kind, old: ApiObject, draft: Draft): Draft | undefined => {
  if (!isIndependent(kind)) return undefined;
  for (const field in draft) {
    if (field !== "spec" && field !== "metadata" && draft[field] !== old[field]) return undefined;
  }
  const { spec } = draft;
  const before = old["spec"];
  if (!isMembers(spec) || !isMembers(before)) return undefined;
  const members = changed(before, spec);
  if (members === undefined) return undefined;
  return { ...(draft.metadata === undefined ? {} : { metadata: draft.metadata }), spec: members };
};

/** The draft, with the members of its spec that are in `part` taken from `filled`, or dropped when absent there. */
export const widened = (draft: Draft, part: Draft, filled: Draft): Draft => {
  const spec: Record<string, unknown> = { ...(draft["spec"] as Members) };
  const given = (filled["spec"] ?? {}) as Members;
  for (const name in part["spec"] as Members) {
    if (given[name] === undefined) delete spec[name];
    else spec[name] = given[name];
  }
  return { ...draft, spec };
};
