import { at, keys, type Place, present } from "./place.ts";
import { forbidden, type Violation } from "./violation.ts";

export interface Choice {
  readonly member: string;
  readonly check: (place: Place) => readonly Violation[];
  /** The member's name in the message about a second choice, where Kubernetes spells it differently. */
  readonly spelledWhenForbidden?: string;
}

/**
 * Members of which only one may be set: the first in the table's order is checked, every further one is forbidden.
 * @returns undefined when none is set
 */
export function onlyOne(
  rule: string,
  place: Place,
  choices: readonly Choice[],
  detail: string,
): readonly Violation[] | undefined {
  const given = keys(place);
  const [first, ...rest] = choices.filter(({ member }) => given.includes(member) && present(at(place, member)));
  if (first === undefined) return undefined;
  return [
    ...first.check(at(place, first.member)),
    ...rest.map(({ member, spelledWhenForbidden }) =>
      forbidden(rule, at(place, spelledWhenForbidden ?? member), detail),
    ),
  ];
}
