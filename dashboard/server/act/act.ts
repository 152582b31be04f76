/** A button was pressed: the verb is carried out with the person's own rights. */
import { perform } from "../../../controller/acting/perform.ts";
import type { Cluster } from "../../../controller/acting/cluster.ts";
import { readScene } from "../../../controller/acting/scene.ts";
import { ROLLOUT } from "../../../controller/acting/targets.ts";
import type { Clock } from "../../../kube/clock/clock.ts";
import type { Act, Acted } from "../../model.ts";
import type { Person } from "../auth/people.ts";
import { rightFor } from "../auth/rights.ts";
import { Failed } from "../failures/failure.ts";
import { doneText, taskOf } from "./tasks.ts";

/** A page that is closed does not leave half of it undone, and a request does not last for ever. */
const MOST_MS = 30_000;

export const clusterFor = ({ client, gone }: Person, namespace: string, clock: Clock): Cluster => {
  const ending = new AbortController();
  clock.after(MOST_MS, () => ending.abort());
  return { client, namespace, clock, signal: AbortSignal.any([gone, ending.signal]) };
};

/** @throws {Failed} when this person may not. @throws {ApiError} */
export async function checkRight(person: Person, act: Act, cluster: Cluster): Promise<void> {
  const ofTemplate = act.verb === "undo" || act.verb === "set-image";
  const { stored } = ofTemplate ? await readScene(cluster, ROLLOUT, act.name, "rollout") : { stored: undefined };
  const right = rightFor(act.verb, act.namespace, act.name, stored);
  if (await person.access.allowed(right)) return;
  const { resource, subresource, name = act.name } = right;
  const what = [resource.plural, ...(subresource === undefined ? [] : [subresource])].join("/");
  throw new Failed(
    "forbidden",
    `Cannot ${act.verb} "${act.name}" in namespace "${act.namespace}": ${person.user.name} may not patch ${what} ` +
      `${resource.group === "" ? "" : `of ${resource.group} `}"${name}" there. Ask for a role that has it.`,
  );
}

/** @throws {Failed | Refused | ApiError} */
export async function carryOut(person: Person, act: Act, clock: Clock): Promise<Acted> {
  const cluster = clusterFor(person, act.namespace, clock);
  await checkRight(person, act, cluster);
  const done = await perform(cluster, taskOf(act, clock.now()));
  return done.kind === "nothing" ? { changed: false, sentence: done.why } : { changed: true, sentence: doneText(act) };
}
