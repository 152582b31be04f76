/** Worlds of chance: whatever fails and whoever leads, a value of oncePer is told once. */
import { expect, test } from "bun:test";
import { NOTIFIED } from "../../schema/labels.ts";
import type { SendHttp } from "../../providers/notifications/service.ts";
import { refusal } from "../../test/apiServer.ts";
import { stage } from "./testing.ts";

const WORLDS = 8;
const ELECTION = { namespace: "argo-rollouts", name: "lock" } as const;

/** Always the same numbers for a seed. */
function chanceOf(seed: number): (below: number) => number {
  let state = seed * 48_271 + 1;
  return (below) => {
    state = (state * 16_807) % 2_147_483_647;
    return state % below;
  };
}

async function play(seed: number): Promise<{ readonly told: readonly string[]; readonly lasting: readonly string[] }> {
  const chance = chanceOf(seed);
  const told: string[] = [];
  let busy = 0;
  const http: SendHttp = async ({ body = "" }) => {
    // A server that is busy has not taken it; it is so twice in a row at most, or it would be given up.
    busy = busy < 2 && chance(3) === 0 ? busy + 1 : 0;
    if (busy > 0) return { kind: "answered", status: 503, headers: {}, body: "" };
    told.push((JSON.parse(body) as { readonly text: string }).text);
    return { kind: "answered", status: 200, headers: {}, body: "{}" };
  };
  const { configure, rollout, annotate, hook, settle, start } = stage({ http });
  configure({
    "service.googlechat": "webhooks: { us: http://chat.example.com/us }",
    "trigger.on-version":
      "- when: rollout.metadata.annotations.version != nil\n  oncePer: rollout.metadata.annotations.version\n  send: [t]",
    "template.t": 'message: "{{.rollout.metadata.annotations.version}}"',
  });
  hook.before = (request) => {
    const isNote = request.method === "PATCH" && JSON.stringify(request.body).includes(NOTIFIED);
    if (isNote && chance(3) === 0) throw refusal(request, 409, "Conflict", "the object has been modified");
  };
  rollout({ "notifications.argoproj.io/subscribe.on-version.googlechat": "us", version: "v0" });
  let starts = 0;
  const next = () => start({ ...ELECTION, identity: `replica-${(starts += 1)}` });
  let replicas = [next(), next()];
  const lasting = new Set(["v0"]);
  await settle(60_000, 1_000);
  for (let step = 0; step < 8; step += 1) {
    const version = `v${chance(5)}`;
    annotate("version", version);
    if (chance(3) === 0) {
      const [first, ...others] = replicas;
      await Promise.all([first?.stop(), settle(20_000, 1_000)]);
      replicas = [...others, next()];
    }
    await settle(30_000, 1_000);
    lasting.add(version);
  }
  await Promise.all([...replicas.map((each) => each.stop()), settle(20_000, 1_000)]);
  return { told, lasting: [...lasting] };
}

test(`in ${WORLDS} worlds with busy services, conflicts and other leaders each value of oncePer is told once`, async () => {
  for (let seed = 1; seed <= WORLDS; seed += 1) {
    const { told, lasting } = await play(seed);
    expect({ seed, told: told.toSorted() }).toEqual({ seed, told: lasting.toSorted() });
  }
}, 60_000);
