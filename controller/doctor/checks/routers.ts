/** Routers that Rollouts name, whose kinds of objects the cluster does not know. */
import type { DoctorFacts } from "../facts/facts.ts";
import { type Finding, ifKnown, rolloutsNamed } from "../facts/finding.ts";

export const routers = ({ routed }: DoctorFacts): readonly Finding[] =>
  routed.flatMap(({ router, group, plural, users, isServed }) => {
    const full = `${plural}.${group}`;
    const about = rolloutsNamed(users);
    return ifKnown(
      isServed,
      { about, what: `whether the cluster has ${full} for the ${router} router is not known` },
      (is): readonly Finding[] =>
        is
          ? []
          : [
              {
                severity: "error",
                about,
                what: `the ${router} router works by ${full}, which the cluster does not have`,
                why: "its CRDs are not installed, so no weight can be set and updates wait",
                mend: `kubectl api-resources --api-group=${group}   # install ${router} with its CRDs, or take the router out of the Rollout`,
              },
            ],
    );
  });
