import { afterEach, expect, test } from "bun:test";
import { notificationCatalogue } from "../../manifests/notificationCatalogue.ts";
import { NOTIFIED } from "../../schema/labels.ts";
import { refusal } from "../../test/apiServer.ts";
import { recordingServer, stage } from "./testing.ts";

const SUBSCRIBE = "notifications.argoproj.io/subscribe.";
const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

function server(...args: Parameters<typeof recordingServer>) {
  const recording = recordingServer(...args);
  ended.push(recording.stop);
  return recording;
}

const webhook = (url: string) => ({ "service.webhook.hook": `url: ${url}\n` });
const template = (text: string): string =>
  `message: x\nwebhook:\n  hook:\n    method: POST\n    path: /told\n    body: ${JSON.stringify(text)}\n`;
const bodies = ({ posts }: ReturnType<typeof recordingServer>): string[] => posts.map(({ body }) => body);

test("an event of a Rollout becomes a request to the service that its annotation names", async () => {
  const recording = server();
  const { start, configure, rollout, image, settle, counted, annotation } = stage();
  configure({
    ...webhook(recording.url),
    "trigger.on-rollout-completed": "- send: [done]",
    "trigger.on-rollout-step-completed": "- send: [step]",
    "template.done": template(
      "{{.rollout.metadata.name}} runs {{(index .rollout.spec.template.spec.containers 0).image}} for {{.recipient}}",
    ),
    "template.step": template(
      "step {{add .rollout.status.currentStepIndex 1}} of {{len .rollout.spec.strategy.canary.steps}}",
    ),
  });
  rollout({ [`${SUBSCRIBE}on-rollout-completed.hook`]: "us;them", [`${SUBSCRIBE}on-rollout-step-completed.hook`]: "" });
  const controller = start();
  await settle(20_000);
  recording.posts.length = 0;
  image("web:2");
  await settle(60_000);
  expect(bodies(recording)).toEqual(["step 1 of 2", "step 2 of 2", "web runs web:2 for us", "web runs web:2 for them"]);
  expect(recording.posts[0]?.path).toBe("/told");
  expect(counted.findLast((line) => line.endsWith("RolloutCompleted"))).toBe("sent shop/web Normal RolloutCompleted");
  expect(annotation(NOTIFIED)).toBeUndefined();
  await controller.stop();
});

test("the catalogue that comes with Sluice tells Slack of an update, with its images, in the colours of the reference", async () => {
  const recording = server(() => Response.json({ ok: true, channel: "C1", ts: "1.2" }));
  const { start, configure, secret, rollout, settle } = stage();
  const { data } = notificationCatalogue("argo-rollouts");
  configure({ ...data, "service.slack": `token: $slack-token\napiURL: ${recording.url}\n` });
  secret({ "slack-token": "xoxb-very-secret" });
  rollout({ [`${SUBSCRIBE}on-rollout-completed.slack`]: "shop-releases" });
  const controller = start();
  await settle(20_000);
  const form = new URLSearchParams(recording.posts[0]?.body);
  expect(form.get("channel")).toBe("shop-releases");
  expect(form.get("text")).toBe("Rollout web is rolled out: its new version is the stable one now.");
  const [attachment] = JSON.parse(form.get("attachments") ?? "[]") as { color: string; fields: { value: string }[] }[];
  expect(attachment?.color).toBe("#18be52");
  expect(attachment?.fields.map(({ value }) => value)).toEqual(["Canary", "web:1"]);
  await controller.stop();
});

test("a condition is told once when it becomes true, and again after it was false; the annotation remembers it", async () => {
  const recording = server();
  const { start, configure, rollout, image, settle, annotation } = stage();
  configure({
    ...webhook(recording.url),
    "trigger.on-purple": "- when: rollout.spec.template.spec.containers[0].image endsWith 'purple'\n  send: [t]",
    "template.t": template("purple"),
  });
  rollout({ [`${SUBSCRIBE}on-purple.hook`]: "us" });
  const first = start();
  await settle(20_000);
  expect(bodies(recording)).toEqual([]);
  image("web:purple");
  await settle(60_000);
  expect(bodies(recording)).toEqual(["purple"]);
  expect(annotation(NOTIFIED)).toMatch(/^\{"on-purple:\[0\]\.[\w-]{27}:hook:us":\d+\}$/);
  await first.stop();
  const second = start();
  await settle(20_000);
  expect(bodies(recording)).toEqual(["purple"]);
  image("web:3");
  await settle(20_000);
  expect(annotation(NOTIFIED)).toBeUndefined();
  image("web:purple");
  await settle(20_000);
  expect(bodies(recording)).toEqual(["purple", "purple"]);
  await second.stop();
});

test("oncePer is kept when the controller starts again, and when another replica leads", async () => {
  const recording = server();
  const { start, configure, rollout, annotate, settle, annotation } = stage();
  configure({
    ...webhook(recording.url),
    "trigger.on-version": "- when: 'true'\n  oncePer: rollout.metadata.annotations['version']\n  send: [t]",
    "template.t": template('version {{index .rollout.metadata.annotations "version"}}'),
  });
  rollout({ [`${SUBSCRIBE}on-version.hook`]: "us", version: "one" });
  const election = { namespace: "argo-rollouts", name: "lock" } as const;
  const a = start({ ...election, identity: "a" });
  await settle(20_000);
  const b = start({ ...election, identity: "b" });
  await settle(20_000);
  expect(bodies(recording)).toEqual(["version one"]);
  await a.stop();
  await settle(60_000);
  expect(b.wired.isLeader()).toBe(true);
  expect(bodies(recording)).toEqual(["version one"]);
  annotate("version", "two");
  await settle();
  annotate("version", "one");
  await settle();
  expect(bodies(recording)).toEqual(["version one", "version two"]);
  expect(Object.keys(JSON.parse(annotation(NOTIFIED) ?? "{}") as object).map((key) => key.split(":")[0])).toEqual([
    "one",
    "two",
  ]);
  await b.stop();
});

test("a conflict on writing the annotation sends nothing twice", async () => {
  const recording = server();
  const { start, configure, rollout, settle, annotation, hook } = stage();
  configure({
    ...webhook(recording.url),
    "trigger.on-healthy": "- when: rollout.status.phase == 'Healthy'\n  send: [t]",
    "template.t": template("healthy"),
  });
  let conflicts = 0;
  hook.before = (request) => {
    const isNote = request.method === "PATCH" && JSON.stringify(request.body).includes(NOTIFIED);
    if (!isNote || (conflicts += 1) > 2) return;
    throw refusal(request, 409, "Conflict", "the object has been modified");
  };
  rollout({ [`${SUBSCRIBE}on-healthy.hook`]: "" });
  const controller = start();
  await settle(20_000);
  expect([bodies(recording), conflicts]).toEqual([["healthy"], 3]);
  expect(annotation(NOTIFIED)).toContain("on-healthy:");
  await controller.stop();
});

test("a Rollout that is deleted is told of, and the next one of its name as if it were the first", async () => {
  const recording = server();
  const { start, configure, rollout, remove, settle } = stage();
  configure({
    ...webhook(recording.url),
    "trigger.on-rollout-deleted": "- send: [gone]",
    "trigger.on-named": "- when: rollout.metadata.name == 'web'\n  oncePer: rollout.metadata.name\n  send: [t]",
    "template.t": template("named"),
    "template.gone": template("gone"),
  });
  const annotations = { [`${SUBSCRIBE}on-named.hook`]: "", [`${SUBSCRIBE}on-rollout-deleted.hook`]: "" };
  rollout(annotations);
  const controller = start();
  await settle(20_000);
  remove();
  await settle(20_000);
  rollout(annotations);
  await settle(20_000);
  expect(bodies(recording)).toEqual(["named", "gone", "named"]);
  await controller.stop();
});

test("a service that hangs holds up neither the Rollout nor other services, and is given up", async () => {
  const hanging = server(() => new Promise<Response>(() => {}));
  const recording = server();
  const { start, configure, rollout, settle, status, counted, events } = stage();
  configure({
    ...webhook(recording.url),
    "service.webhook.slow": `url: ${hanging.url}\n`,
    "trigger.on-rollout-completed": "- send: [t]",
    "template.t": `webhook:\n  hook: { method: POST, body: done }\n  slow: { method: POST, body: done }\n`,
  });
  rollout({ [`${SUBSCRIBE}on-rollout-completed.slow`]: "", [`${SUBSCRIBE}on-rollout-completed.hook`]: "" });
  const controller = start();
  await settle(8_000);
  expect([status()?.phase, bodies(recording), hanging.posts.length]).toEqual(["Healthy", ["done"], 1]);
  await settle(12_000);
  expect(counted).toContain("failed shop/web Normal RolloutCompleted");
  expect(events("NotificationFailed")).toEqual([
    "Cannot notify slow of on-rollout-completed: no answer within 10 s; it may have arrived, so it is not sent again at once",
  ]);
  await controller.stop();
});

test("a Secret that changes is in force ten seconds later, and its values are in no log and no event", async () => {
  const recording = server(({ authorization }) =>
    authorization === "Bearer second-secret" ? undefined : new Response("first-secret is not known", { status: 401 }),
  );
  const { start, configure, secret, rollout, annotate, settle, events, lines } = stage();
  configure({
    "service.webhook.hook": `url: ${recording.url}\nretryMax: 0\nheaders:\n- name: Authorization\n  value: Bearer $token\n`,
    "trigger.on-x":
      "- when: rollout.metadata.annotations.x != nil\n  oncePer: rollout.metadata.annotations.x\n  send: [t]",
    "template.t": template("x"),
  });
  secret({ token: "first-secret" });
  rollout({ [`${SUBSCRIBE}on-x.hook`]: "us", x: "1" });
  const controller = start();
  await settle(30_000);
  expect(recording.posts.map(({ authorization }) => authorization)).toContain("Bearer first-secret");
  expect(events("NotificationFailed")).toHaveLength(1);
  secret({ token: "second-secret" });
  await settle(11_000);
  annotate("x", "2");
  await settle(20_000);
  expect(recording.posts.at(-1)?.authorization).toBe("Bearer second-secret");
  const told = JSON.stringify([lines, events("NotificationFailed")]);
  expect(told).toContain("401");
  expect(told).not.toContain("first-secret");
  expect(told).not.toContain("second-secret");
  await controller.stop();
});

test("a part of the ConfigMap that is wrong spoils only itself, and is reported once", async () => {
  const recording = server();
  const { start, configure, rollout, settle, lines, events } = stage();
  configure({
    ...webhook(recording.url),
    "service.slack": "token: [",
    "service.carrier-pigeon": "name: Bert",
    "trigger.on-rollout-completed": "- send: [t]",
    "trigger.on-bad": "- when: rollout.spec ==\n  send: [t]",
    "trigger.on-lost": "- send: [nowhere]",
    "template.t": template("done"),
    "template.bad": "message: '{{.rollout'",
    subscriptions: "recipients: [",
  });
  rollout({ [`${SUBSCRIBE}on-rollout-completed.hook`]: "", [`${SUBSCRIBE}on-bad.hook`]: "" });
  const controller = start();
  await settle(40_000);
  expect(bodies(recording)).toEqual(["done"]);
  const broken = [
    "service.carrier-pigeon",
    "service.slack",
    "template.bad",
    "trigger.on-bad",
    "trigger.on-lost",
    "subscriptions",
  ];
  const errors = lines.filter(({ level }) => level === "error").map(({ fields }) => String(fields["key"]));
  expect(errors.toSorted()).toEqual(broken.toSorted());
  const told = events("NotificationsMisconfigured");
  expect(told).toHaveLength(broken.length);
  expect(told).toContain(
    'trigger.on-lost: it sends template "nowhere", and there is no template.nowhere: add it, or mend the name',
  );
  await controller.stop();
});

test("default subscriptions tell of Rollouts by their labels, without an annotation", async () => {
  const recording = server();
  const { start, configure, rollout, settle } = stage();
  configure({
    ...webhook(recording.url),
    "trigger.on-rollout-completed": "- send: [t]",
    "template.t": template(
      '{{.rollout.metadata.labels.team}} for {{.recipient}} in {{(call .time.Parse .rollout.metadata.creationTimestamp).Format "2006"}}',
    ),
    subscriptions: [
      "- recipients: [hook:a]\n  triggers: [on-rollout-completed]\n  selector: team in (shop, bar)",
      "- recipients: [hook:b]\n  triggers: [on-rollout-completed]\n  selector: team=bar",
      "- recipients: [hook:c]",
    ].join("\n"),
    defaultTriggers: "[on-rollout-completed]",
  });
  rollout({}, { team: "shop" });
  const controller = start();
  await settle(20_000);
  expect(bodies(recording)).toEqual(["shop for a in 2026", "shop for c in 2026"]);
  await controller.stop();
});

test("with self-service the Rollout's own namespace has its ConfigMap and Secret, beside the controller's", async () => {
  const recording = server();
  const { start, configure, secret, rollout, settle } = stage({ selfService: true });
  const common = { ...webhook(recording.url), "trigger.on-rollout-completed": "- send: [t]" };
  configure({ ...common, "template.t": template("the operator's") });
  configure({ ...common, "template.t": template("their own, {{.secrets.word}}") }, "shop");
  secret({ word: "shared" }, "shop");
  rollout({ [`${SUBSCRIBE}on-rollout-completed.hook`]: "" });
  const controller = start();
  await settle(20_000);
  expect(bodies(recording).toSorted()).toEqual(["the operator's", "their own, shared"]);
  await controller.stop();
});

test("without self-service a ConfigMap in the Rollout's namespace is not even read", async () => {
  const { start, rollout, settle, requests } = stage();
  rollout({ [`${SUBSCRIBE}on-rollout-completed.hook`]: "" });
  const controller = start();
  await settle(30_000);
  const read = requests.filter(({ path }) => path.includes("notification"));
  expect(new Set(read.map(({ path }) => path.split("/").slice(4).join("/")))).toEqual(
    new Set(["argo-rollouts/configmaps/argo-rollouts-notification-configmap"]),
  );
  const before = read.length;
  await settle(600_000, 60_000);
  expect(requests.filter(({ path }) => path.includes("notification"))).toHaveLength(before);
  await controller.stop();
});

test("a process that ends sends what waits, and writes down what it has sent", async () => {
  const held = Promise.withResolvers<void>();
  const recording = server(async () => {
    await held.promise;
    return new Response("ok");
  });
  const { start, configure, rollout, settle, annotation } = stage();
  configure({
    ...webhook(recording.url),
    "trigger.on-healthy": "- when: rollout.status.phase == 'Healthy'\n  oncePer: rollout.metadata.name\n  send: [t]",
    "template.t": template("healthy"),
  });
  rollout({ [`${SUBSCRIBE}on-healthy.hook`]: "" });
  const first = start();
  await settle(6_000);
  expect([bodies(recording), annotation(NOTIFIED)]).toEqual([["healthy"], undefined]);
  setTimeout(held.resolve, 4);
  await first.stop();
  expect(annotation(NOTIFIED)).toMatch(/^\{"web:on-healthy:/);
  const second = start();
  await settle(20_000);
  expect(bodies(recording)).toEqual(["healthy"]);
  await second.stop();
});

test("every event is told, also those of which the recorder makes no Event", async () => {
  const recording = server();
  const { start, configure, rollout, image, settle, events } = stage();
  configure({
    ...webhook(recording.url),
    "trigger.on-rollout-step-completed": "- send: [t]",
    "template.t": template("{{.rollout.status.currentStepIndex}}"),
  });
  const steps = Array.from({ length: 40 }, () => ({ pause: { duration: "1s" } }));
  rollout({ [`${SUBSCRIBE}on-rollout-step-completed.hook`]: "" }, {}, steps);
  const controller = start();
  await settle(10_000);
  image("web:2");
  await settle(80_000);
  expect(bodies(recording)).toEqual(steps.map((_, index) => String(index)));
  expect(events("RolloutStepCompleted").length).toBeLessThan(40);
  await controller.stop();
});

test("where the ConfigMap may not be read, the log says once what to do, and Rollouts go on", async () => {
  const { start, rollout, settle, status, lines, hook } = stage();
  hook.before = (request) => {
    if (request.path.endsWith("argo-rollouts-notification-configmap")) throw refusal(request, 403, "Forbidden");
  };
  rollout({ [`${SUBSCRIBE}on-rollout-completed.hook`]: "" });
  const controller = start();
  await settle(60_000);
  expect(status()?.phase).toBe("Healthy");
  const told = lines.filter(({ level }) => level === "warn").map(({ message }) => message);
  expect(new Set(told)).toEqual(
    new Set([
      "Notifications cannot be configured: apply the roles of this version, which let the controller read them",
    ]),
  );
  expect(told.length).toBeLessThan(4);
  await controller.stop();
});

test("several triggers and destinations stand in one annotation", async () => {
  const recording = server();
  const { start, configure, rollout, settle } = stage();
  configure({
    ...webhook(recording.url),
    "trigger.on-rollout-completed": "- send: [a]",
    "trigger.on-rollout-updated": "- send: [b]",
    "template.a": template("completed {{.recipient}}"),
    "template.b": template("updated {{.recipient}}"),
  });
  rollout({
    "notifications.argoproj.io/subscriptions":
      "- trigger: [on-rollout-completed, on-rollout-updated]\n  destinations:\n  - service: hook\n    recipients: [x, y]\n",
  });
  const controller = start();
  await settle(20_000);
  expect(bodies(recording).toSorted()).toEqual(["completed x", "completed y", "updated x", "updated y"]);
  await controller.stop();
});
