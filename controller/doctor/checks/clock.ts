/** Whether clocks agree: pauses, deadlines and Leases are compared with the clock of whoever looks at them. */
import { humanDuration } from "../../../kube/object/humanDuration.ts";
import { postsOf } from "../facts/drivers.ts";
import type { DoctorFacts } from "../facts/facts.ts";
import { aheadMs } from "../facts/serverClock.ts";
import { type Finding, ifKnown } from "../facts/finding.ts";

/** More than any two machines with NTP differ. */
const TOLERATED_MS = 5_000;
/** Half of a Lease: from then on a holder may be taken for gone. */
const GRAVE_MS = 7_500;

const MEND = "timedatectl status   # on the machines named; run NTP there";

export const clock = (facts: DoctorFacts): readonly Finding[] => [...ofServer(facts), ...ofHolders(facts)];

const ofServer = ({ serverClock }: DoctorFacts): readonly Finding[] =>
  ifKnown(
    serverClock,
    { about: "clocks", what: "what time it is at the API server is not known" },
    (read): readonly Finding[] => {
      const ahead = aheadMs(read);
      const offMs = Math.abs(ahead);
      if (offMs <= TOLERATED_MS) return [];
      return [
        {
          severity: "warning",
          about: "clocks",
          what: `the API server's clock is ${humanDuration(offMs)} ${ahead > 0 ? "ahead of" : "behind"} this machine's`,
          why: "ages that are shown here are wrong by that, and what follows from times may be, too",
          mend: MEND,
        },
      ];
    },
  );

/** A Lease that was renewed in the future: the machine of its holder is ahead of the API server. */
function ofHolders({ leases, nowMs }: DoctorFacts): readonly Finding[] {
  if (leases.kind === "unknown") return [];
  return postsOf(leases.value).flatMap(({ namespace, lease }): readonly Finding[] => {
    const ahead = (lease.renewedMs ?? 0) - nowMs;
    if (ahead <= TOLERATED_MS) return [];
    return [
      {
        severity: ahead > GRAVE_MS ? "error" : "warning",
        about: `Lease ${namespace}/${lease.name}`,
        what: `its holder ${lease.holder} renewed it ${humanDuration(ahead)} in the future`,
        why: "the clock of the controller's node is ahead, so that pauses end and deadlines pass too early",
        mend: MEND,
      },
    ];
  });
}
