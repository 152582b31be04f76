/** Worlds in which tools that know no Rollouts wait for one, and what must hold of it there. */
import { KSTATUS } from "../../schema/labels.ts";
import type { RolloutStatus } from "../../schema/rollout.ts";
import type { ApiObject } from "../../simulator/model/model.ts";
import * as user from "../golden/edits.ts";
import { kstatus } from "../kstatus.ts";
import type { Chance } from "./script/chance.ts";
import type { Script } from "./script/script.ts";

/** The share of scripts, in percent. */
const ASKED = 30;

/** Some end with nobody asking any more. */
export function askedByTools(script: Script, chance: Chance): Script {
  if (!chance.percent(ASKED)) return script;
  const { metadata } = script.manifest;
  const annotations = { ...metadata.annotations, [KSTATUS]: "true" };
  const manifest = { ...script.manifest, metadata: { ...metadata, annotations } };
  if (!chance.percent(30)) return { ...script, manifest };
  const edit = user.annotate(KSTATUS, "false");
  const last = { when: { kind: "rest" }, what: "no tool waits any more", deed: { kind: "edit", edit } } as const;
  return { ...script, manifest, steps: [...script.steps, last] };
}

/** A status that tells generic tools something else than people, if this one does. */
export function untoldProblem({ metadata }: ApiObject, status: RolloutStatus): string | undefined {
  const { phase, conditions = [] } = status;
  if (metadata.annotations?.[KSTATUS] !== "true")
    return conditions.some(({ type }) => type === "Ready") ? "tells generic tools what nobody asked for" : undefined;
  if (phase === undefined) return undefined;
  if (status.observedGeneration !== undefined) return "writes a generation that kstatus fails on";
  // The generation of the object is that of its last write, and the status may be about an earlier one.
  const told = kstatus({ metadata: {}, status }).status;
  const isInvalid = conditions.some(({ type }) => type === "InvalidSpec");
  const meant: Readonly<Record<string, readonly string[]>> = {
    Healthy: ["Current"],
    Degraded: isInvalid ? ["Failed", "InProgress"] : ["Failed"],
    Paused: ["InProgress", "Current"],
  };
  const allowed = meant[phase] ?? ["InProgress"];
  return allowed.includes(told) ? undefined : `tells generic tools ${told} while the phase is ${phase}`;
}
