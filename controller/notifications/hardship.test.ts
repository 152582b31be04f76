import { afterEach, expect, test } from "bun:test";
import { recordingServer, stage } from "./testing.ts";

const SUBSCRIBE = "notifications.argoproj.io/subscribe.";
const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

test("a service that asks for a pause gets it, and then the message, once", async () => {
  let answers = 0;
  const limited = recordingServer(() => {
    answers += 1;
    return answers === 1 ? new Response("", { status: 429, headers: { "retry-after": "30" } }) : undefined;
  });
  ended.push(limited.stop);
  const { start, configure, rollout, settle, counted, events } = stage();
  configure({
    "service.webhook.hook": `url: ${limited.url}\n`,
    "trigger.on-rollout-completed": "- send: [t]",
    "template.t": `webhook:\n  hook: { method: POST, body: done }\n`,
  });
  rollout({ [`${SUBSCRIBE}on-rollout-completed.hook`]: "" });
  const controller = start();
  await settle(28_000);
  expect([limited.posts.length, counted.length]).toEqual([1, 0]);
  await settle(12_000);
  expect(limited.posts.map(({ body }) => body)).toEqual(["done", "done"]);
  expect([counted, events("NotificationFailed")]).toEqual([["sent shop/web Normal RolloutCompleted"], []]);
  await controller.stop();
});

test("an alert of Alertmanager has the name of its template, where that gives it none", async () => {
  const alertmanager = recordingServer();
  ended.push(alertmanager.stop);
  const { start, configure, rollout, settle } = stage();
  configure({
    "service.alertmanager": `targets: ["${new URL(alertmanager.url).host}"]\n`,
    "trigger.on-rollout-completed": "- send: [update-done]",
    "template.update-done": `alertmanager:\n  labels: { rollout: "{{.rollout.metadata.name}}" }\n`,
  });
  rollout({ [`${SUBSCRIBE}on-rollout-completed.alertmanager`]: "" });
  const controller = start();
  await settle(10_000);
  expect(alertmanager.posts.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([
    [{ labels: { alertname: "update-done", rollout: "web" } }],
  ]);
  await controller.stop();
});

test("of thousands of mistakes some are reported, and how many there are", async () => {
  const { start, configure, rollout, settle, lines } = stage();
  configure(Object.fromEntries(Array.from({ length: 3_000 }, (_, at) => [`trigger.on-x${at}`, "- send: [none]"])));
  rollout({ [`${SUBSCRIBE}on-x1.hook`]: "" });
  const controller = start();
  await settle(10_000);
  const said = lines.filter(({ level }) => level === "error");
  expect(said).toHaveLength(51);
  expect(said[0]?.fields).toMatchObject({ mistakes: 3_000 });
  await controller.stop();
});

test("neither what a template says of a Secret nor what a condition does is in an error or a log", async () => {
  const hook = recordingServer();
  ended.push(hook.stop);
  const { start, configure, secret, rollout, settle, lines, events } = stage();
  configure({
    "service.webhook.hook": `url: ${hook.url}\n`,
    "trigger.on-rollout-completed": "- send: [t]",
    "trigger.on-it": "- when: int(secrets.token) > 3\n  send: [t]\n- when: secrets[secrets.token].x\n  send: [t]",
    "template.t": `message: '{{fail (printf "%s %s %q" .secrets.token (b64enc .secrets.token) .secrets.short)}}'`,
  });
  secret({ token: "geheim-4711", short: "kurz" });
  rollout({ [`${SUBSCRIBE}on-rollout-completed.hook`]: "", [`${SUBSCRIBE}on-it.hook`]: "" });
  const controller = start();
  await settle(20_000);
  const told = JSON.stringify([lines, events("NotificationFailed")]);
  expect(told).toContain("error calling fail");
  expect(told).toContain("on-it, condition 1: when cannot be evaluated");
  expect(told).not.toMatch(/geheim|4711|kurz/);
  expect(told).not.toContain(btoa("geheim-4711"));
  await controller.stop();
});

test("with self-service a service of one namespace is not missed in the other, which has the trigger as well", async () => {
  const hook = recordingServer();
  ended.push(hook.stop);
  const { start, configure, rollout, settle, counted, events } = stage({ selfService: true });
  const both = { "trigger.on-rollout-completed": "- send: [t]", "template.t": "message: done" };
  configure(both);
  configure({ ...both, "service.webhook.hook": `url: ${hook.url}\n` }, "shop");
  rollout({ [`${SUBSCRIBE}on-rollout-completed.hook`]: "", [`${SUBSCRIBE}on-rollout-completed.pigeon`]: "" });
  const controller = start();
  await settle(10_000);
  expect(hook.posts).toHaveLength(1);
  expect(counted.filter((line) => line.startsWith("sent"))).toHaveLength(1);
  // One that nobody has is missed in both.
  expect(events("NotificationFailed").map((text) => text.slice(0, 20))).toEqual([
    "Cannot notify pigeon",
    "Cannot notify pigeon",
  ]);
  await controller.stop();
});
