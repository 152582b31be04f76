/** All checks of the doctor. A new one is a file of checks/ and a line here. */
import { autoscalers } from "./checks/autoscalers.ts";
import { clock } from "./checks/clock.ts";
import { controllers } from "./checks/controllers.ts";
import { definitions } from "./checks/definitions.ts";
import { drivenRollouts } from "./checks/drivenRollouts.ts";
import { metrics } from "./checks/metrics.ts";
import { objects } from "./checks/objects.ts";
import { plugins } from "./checks/plugins.ts";
import { rights } from "./checks/rights.ts";
import { routers } from "./checks/routers.ts";
import { server } from "./checks/server.ts";
import { webhook } from "./checks/webhook.ts";
import type { DoctorFacts } from "./facts/facts.ts";
import type { Finding } from "./facts/finding.ts";

/** Pure: from what is known of a cluster to what is to be said of it. */
type Check = (facts: DoctorFacts) => readonly Finding[];

/** In the order in which they are told: what others rest on comes first. */
const CHECKS = {
  server,
  clock,
  definitions,
  controllers,
  rights,
  webhook,
  drivenRollouts,
  routers,
  objects,
  autoscalers,
  plugins,
  metrics,
} as const satisfies Readonly<Record<string, Check>>;

export type CheckName = keyof typeof CHECKS;

export interface Told extends Finding {
  readonly check: CheckName;
}

/** Everything that there is to say, in the order of the checks. */
export const examined = (facts: DoctorFacts): readonly Told[] =>
  (Object.entries(CHECKS) as readonly (readonly [CheckName, Check])[]).flatMap(([check, examine]) =>
    examine(facts).map((finding) => ({ check, ...finding })),
  );

/** 1: an error was found; 2: none, but something could not be looked at; 0: all is well, or there are warnings alone. */
export function exitCodeOf(findings: readonly Finding[]): 0 | 1 | 2 {
  if (findings.some(({ severity }) => severity === "error")) return 1;
  return findings.some(({ severity }) => severity === "unknown") ? 2 : 0;
}
