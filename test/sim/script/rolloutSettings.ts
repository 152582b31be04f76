/** Settings that any Rollout may have in addition to its strategy's own; they are added to a finished script. */
import type { RolloutStrategy } from "../../../schema/rollout.ts";
import type { Chance } from "./chance.ts";
import type { Script } from "./script.ts";

type Canary = NonNullable<RolloutStrategy["canary"]>;
type Apart = Pick<Canary, "antiAffinity">;
type Enough = Pick<Canary, "replicaProgressThreshold">;

const FAR_APART: Apart = { antiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: {} } };
const RATHER_APART: Apart = { antiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: { weight: 50 } } };
const HALF: Enough = { replicaProgressThreshold: { type: "Percent", value: 50 } };
const ONE_POD: Enough = { replicaProgressThreshold: { type: "Pod", value: 1 } };

const labelled = (role: string) => ({ labels: { role } });

/** Some Rollouts get anti-affinity, labels for canary and stable pods, or a replicaProgressThreshold. */
export function withSettings(script: Script, chance: Chance): Script {
  const { strategy } = script.manifest.spec;
  const apart = chance.percent(12) ? chance.pick([FAR_APART, RATHER_APART]) : {};
  const next =
    strategy?.blueGreen === undefined ? canaryWith(chance, strategy, apart) : blueGreenWith(chance, strategy, apart);
  if (next === undefined) return script;
  return { ...script, manifest: { ...script.manifest, spec: { ...script.manifest.spec, strategy: next } } };
}

function canaryWith(chance: Chance, strategy: RolloutStrategy | undefined, apart: Apart): RolloutStrategy | undefined {
  if (strategy?.canary === undefined) return strategy;
  // With a router the user allows so few pods to carry all of the traffic: there is nothing to judge.
  const basic = strategy.canary.trafficRouting === undefined;
  const enough = basic && chance.percent(10) ? chance.pick([HALF, ONE_POD]) : {};
  return { canary: { ...strategy.canary, ...apart, ...enough } };
}

function blueGreenWith(chance: Chance, { blueGreen }: RolloutStrategy, apart: Apart): RolloutStrategy | undefined {
  if (blueGreen === undefined) return undefined;
  const metadata = chance.percent(15)
    ? { previewMetadata: labelled("canary"), activeMetadata: labelled("stable") }
    : {};
  return { blueGreen: { ...blueGreen, ...apart, ...metadata } };
}
