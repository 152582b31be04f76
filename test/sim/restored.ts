/**
 * Worlds in which nobody knows any more which version is stable: a backup brings the Rollout back without its status,
 * or it is deleted without its ReplicaSets and created again. They are added to the end of a finished script.
 */
import * as user from "../golden/edits.ts";
import type { Chance } from "./script/chance.ts";
import type { Script, Step } from "./script/script.ts";

/** The share of scripts, in percent. */
const RESTORED = 20;

const rest = { kind: "rest" } as const;
const NEXT = "web:9";

export function restored(script: Script, chance: Chance): Script {
  // The template of a Deployment is applied by itself.
  if (script.deployment !== undefined || !chance.percent(RESTORED)) return script;
  const named = chance.percent(60) ? user.image(NEXT) : user.annotate("restored", "true");
  // The canary Ingress of a Rollout that is gone belongs to nobody: NGINX does not take it over.
  const routed = script.manifest.spec.strategy?.canary?.trafficRouting !== undefined;
  const loss = routed || chance.percent(50) ? statusLost(named) : createdAgain(named);
  const asInGit = chance.percent(50) ? script.services.map(reset) : [];
  const readyMs = (image: string): number | undefined => (image === NEXT ? 4_000 : script.readyMs(image));
  const [first, ...more] = [...asInGit, ...loss];
  const added = first === undefined ? [] : [{ ...first, when: rest }, ...more];
  return { ...script, steps: [...script.steps, ...added], readyMs };
}

/** Just before the loss, so that it is not put right. */
const reset = (name: string): Step => ({
  when: { kind: "soon", ms: 0 },
  what: `Service ${name} is applied as in Git`,
  deed: { kind: "service", name, change: "strip" },
});

const statusLost = (named: user.Edit): Step[] => [
  {
    when: { kind: "soon", ms: 0 },
    what: "the status is lost",
    deed: { kind: "edit", edit: (rollout) => ({ ...named(rollout), status: undefined }) },
  },
];

const createdAgain = (named: user.Edit): Step[] => [
  {
    when: { kind: "soon", ms: 0 },
    what: "the Rollout is deleted, its ReplicaSets stay",
    deed: { kind: "deleteRollout", orphan: true },
  },
  { when: { kind: "soon", ms: 500 }, what: "its manifest changes", deed: { kind: "edit", edit: named } },
  { when: { kind: "soon", ms: 0 }, what: "the Rollout is created again", deed: { kind: "createRollout" } },
];
