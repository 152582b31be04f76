/**
 * All kinds of canary steps, a line each. The order counts where a step has several members: the first decides when
 * it is done and how it is written; and kinds that are not driven are reported in this order.
 */
import type { CanaryStep } from "../../schema/rollout.ts";
import { analysis } from "./analysis.ts";
import { experiment } from "./experiment.ts";
import type { StepKind } from "./kind.ts";
import { pause } from "./pause.ts";
import { plugin } from "./plugin.ts";
import { setCanaryScale } from "./setCanaryScale.ts";
import { setHeaderRoute } from "./setHeaderRoute.ts";
import { setMirrorRoute } from "./setMirrorRoute.ts";
import { setWeight } from "./setWeight.ts";
import { stepTable } from "./stepTable.ts";

export const stepKinds = {
  setWeight,
  pause,
  analysis,
  experiment,
  setCanaryScale,
  plugin,
  setHeaderRoute,
  setMirrorRoute,
} as const satisfies { readonly [Member in keyof Required<CanaryStep>]: StepKind };

export const STEPS = stepTable(stepKinds);
