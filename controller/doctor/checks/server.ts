/** Whether Sluice supports the API server's version (docs/install.md#installing-sluice). */
import { type Finding, ifKnown } from "../facts/finding.ts";
import type { DoctorFacts } from "../facts/facts.ts";

const OLDEST_MINOR = 28;

export const server = ({ version }: DoctorFacts): readonly Finding[] =>
  ifKnown(
    version,
    { about: "API server", what: "its version is not known", mend: "kubectl version" },
    (text): readonly Finding[] => {
      const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(text) ?? [];
      if (major === undefined || Number(major) > 1 || Number(minor) >= OLDEST_MINOR) return [];
      return [
        {
          severity: "error",
          about: "API server",
          what: `it is Kubernetes ${text}`,
          why: `Sluice supports Kubernetes 1.${OLDEST_MINOR} and later`,
          mend: "upgrade the cluster, then: kubectl version",
        },
      ];
    },
  );
