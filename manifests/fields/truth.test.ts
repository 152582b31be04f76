/** What sentences say of routers and defaults is what the code does. */
import { expect, test } from "bun:test";
import {
  abortScaleDownDelaySeconds,
  desiredReplicas,
  fullWeight,
  maxSurge,
  maxUnavailable,
  progressDeadlineSeconds,
  revisionHistoryLimit,
  scaleDownDelaySeconds,
} from "../../controller/rollout/model/defaults.ts";
import type { Abilities } from "../../providers/traffic/traits.ts";
import { ROUTERS } from "../../providers/traffic/routers.ts";
import { FIELD_SENTENCES } from "../../schema/fieldSentences.ts";
import type { Rollout, RolloutStrategy } from "../../schema/rollout.ts";

const sentenceOf = (path: string): string => FIELD_SENTENCES["Rollout"]?.[path] ?? "";

test.each([
  ["steps.setHeaderRoute", "headerRoutes"],
  ["steps.setMirrorRoute", "mirrorRoutes"],
  ["steps.experiment.templates.weight", "experimentWeights"],
  ["pingPong", "pingPong"],
  ["trafficRouting.maxTrafficWeight", "maxTrafficWeight"],
  ["trafficRouting.sessionAffinity", "sessionAffinity"],
] as const satisfies readonly (readonly [string, keyof Abilities])[])(
  "the sentence for %s names the routers that can, and no other: %s",
  (path, ability) => {
    const sentence = sentenceOf(`spec.strategy.canary.${path}`);
    const named = ROUTERS.filter(({ title }) => sentence.includes(title)).map(({ title }) => title);
    expect(named).toEqual(
      ROUTERS.filter(({ abilities }) => abilities[ability] !== undefined).map(({ title }) => title),
    );
  },
);

const rollout = (strategy: RolloutStrategy, replicas?: number): Rollout => ({
  metadata: { name: "web", namespace: "shop", creationTimestamp: undefined },
  spec: { strategy, ...(replicas !== undefined && { replicas }) },
});
const routed = rollout({ canary: { trafficRouting: { smi: {} } } });
const blueGreen = rollout({ blueGreen: { activeService: "web" } });
/** A hundred pods, so that a percentage is a number of them. */
const many = rollout({ canary: {} }, 100);

test.each([
  ["spec.replicas", desiredReplicas(blueGreen)],
  ["spec.revisionHistoryLimit", revisionHistoryLimit(blueGreen)],
  ["spec.progressDeadlineSeconds", progressDeadlineSeconds(blueGreen)],
  ["spec.strategy.canary.scaleDownDelaySeconds", scaleDownDelaySeconds(routed)],
  ["spec.strategy.blueGreen.scaleDownDelaySeconds", scaleDownDelaySeconds(blueGreen)],
  ["spec.strategy.canary.abortScaleDownDelaySeconds", abortScaleDownDelaySeconds(routed)],
  ["spec.strategy.blueGreen.abortScaleDownDelaySeconds", abortScaleDownDelaySeconds(blueGreen)],
  ["spec.strategy.canary.maxSurge", `${maxSurge(many)}%`],
  ["spec.strategy.canary.maxUnavailable", `${maxUnavailable(many)}%`],
  [
    "spec.strategy.blueGreen.maxUnavailable",
    `${maxUnavailable(rollout({ blueGreen: { activeService: "web" } }, 100))}%`,
  ],
  ["spec.strategy.canary.trafficRouting.maxTrafficWeight", fullWeight(routed)],
])("the sentence for %s says the default that counts: %p", (path, value) => {
  expect(sentenceOf(path)).toEndWith(` Default: ${value}.`);
});
