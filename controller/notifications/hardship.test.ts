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
