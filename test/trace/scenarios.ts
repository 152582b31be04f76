import type { Scenario } from "./scenario.ts";
import { antiAffinity } from "./scenarios/antiAffinity.ts";
import { blueGreenScenarios } from "./scenarios/blueGreen.ts";
import { canaryLife } from "./scenarios/canaryLife.ts";
import { canarySteps } from "./scenarios/canarySteps.ts";
import { examples } from "./scenarios/examples.ts";
import { istio } from "./scenarios/istio.ts";
import { rolling } from "./scenarios/rolling.ts";
import { routed } from "./scenarios/routed.ts";
import { routers } from "./scenarios/routers.ts";
import { workloadRef } from "./scenarios/workloadRef.ts";

/** All scenarios. */
export const scenarios: readonly Scenario[] = [
  ...antiAffinity,
  ...blueGreenScenarios,
  ...canaryLife,
  ...canarySteps,
  ...examples,
  ...istio,
  ...rolling,
  ...routed,
  ...routers,
  ...workloadRef,
];
