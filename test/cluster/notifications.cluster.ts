/** Notifications of Rollouts on a real API server: a webhook, Slack and a mail server write down what they are sent. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { recordingServer } from "../../controller/notifications/testing.ts";
import { notificationCatalogue } from "../../manifests/notificationCatalogue.ts";
import { startSmtp } from "../../providers/notifications/testing.ts";
import { NOTIFIED } from "../../schema/labels.ts";
import { otherController, ownController } from "./harness/controllerProcess.ts";
import { type StartedHarness, startHarness } from "./harness/harness.ts";
import { healthy, newWorld, type World } from "./harness/clusterWorld.ts";
import { podsOf, rolloutOf } from "./harness/plainRollout.ts";
import { until } from "./harness/until.ts";
import { setImage } from "./harness/userActions.ts";

/** What the reference sends is another's business. */
const oursOnly = test.skipIf(otherController() !== undefined);
const OWN = "/api/v1/namespaces/argo-rollouts";
const CONFIG_MAP = "argo-rollouts-notification-configmap";
const SUBSCRIBE = "notifications.argoproj.io/subscribe.";
const TOKEN = "xoxb-geheim-4711";
const hook = recordingServer();
const slack = recordingServer(() => Response.json({ ok: true, channel: "C1", ts: "1.2" }));
let smtp: Awaited<ReturnType<typeof startSmtp>>;
let current: StartedHarness;

const hookTemplate = (body: string): string =>
  `webhook:\n  hook:\n    method: POST\n    path: /told\n    body: ${JSON.stringify(body)}\n`;

const configuration = (): Record<string, string> => ({
  ...notificationCatalogue(undefined).data,
  "service.webhook.hook": `url: ${hook.url}\nheaders:\n- name: Authorization\n  value: Bearer $slack-token\n`,
  "service.slack": `token: $slack-token\napiURL: ${slack.url}\n`,
  "service.email": `host: 127.0.0.1\nport: ${smtp.port}\nfrom: sluice@example.com\n`,
  "trigger.on-version": "- when: 'true'\n  oncePer: rollout.metadata.annotations['version']\n  send: [version]",
  "service.webhook.refusing": `url: http://127.0.0.1:1\nretryMax: 0\n`,
  "trigger.on-rollout-updated": "- send: [refused]",
  "template.refused": "webhook:\n  refusing: { method: POST, body: x }\n",
  "trigger.on-broken": "- when: rollout ==",
  "template.version": hookTemplate('version {{index .rollout.metadata.annotations "version"}} of {{.recipient}}'),
});

async function restartController(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  for (const controller of current.controllers()) await controller.child.stop(signal);
  await current.startController();
}

beforeAll(async () => {
  smtp = await startSmtp({});
  if (otherController() !== undefined) return;
  const flags = "--leader-elect=false --analysis-allow-address=127.0.0.1/32 --loglevel=debug";
  current = await startHarness({ controller: `${ownController} ${flags}` });
  await current.api.create(`${OWN}/secrets`, {
    metadata: { name: "argo-rollouts-notification-secret" },
    stringData: { "slack-token": TOKEN },
  });
  await current.api.create(`${OWN}/configmaps`, { metadata: { name: CONFIG_MAP }, data: configuration() });
  await restartController("SIGTERM");
}, 120_000);

afterAll(async () => {
  await current?.stop();
  smtp?.stop();
  await Promise.all([hook.stop(), slack.stop()]);
});

async function rolledOut(topic: string, annotations: Readonly<Record<string, string>>): Promise<World> {
  const world = await newWorld(topic, current);
  const rollout = rolloutOf("web", { canary: {} }, { replicas: 1, template: podsOf("web", "nginx:1") });
  await world.create({ ...rollout, metadata: { ...rollout.metadata, annotations } });
  await world.settle("web", "Healthy", healthy);
  return world;
}

const notified = async (world: World): Promise<string | undefined> =>
  (await world.scene("web")).rollout.metadata.annotations?.[NOTIFIED];

oursOnly(
  "an update that is through is told to Slack and by mail, by the templates of the catalogue",
  async () => {
    const world = await rolledOut("notified", {
      [`${SUBSCRIBE}on-rollout-completed.slack`]: "releases",
      [`${SUBSCRIBE}on-rollout-completed.email`]: "ops@example.com",
    });
    await until("both are told", () => slack.posts.length > 0 && smtp.data.length > 0, 20_000);
    slack.posts.length = 0;
    await setImage(world, "web", "nginx:2");
    await world.settle("web", "Healthy", healthy);
    await until("Slack is told of the update", () => slack.posts.length > 0, 20_000);
    const form = new URLSearchParams(slack.posts[0]?.body);
    expect([form.get("channel"), form.get("text")]).toEqual([
      "releases",
      "Rollout web is rolled out: its new version is the stable one now.",
    ]);
    expect(form.get("attachments")).toContain('"value":"nginx:2"');
    expect(slack.posts[0]?.authorization ?? form.get("token")).toContain(TOKEN);
    expect(await world.events("web")).not.toContainEqual(expect.stringContaining("NotificationFailed"));
  },
  120_000,
);

oursOnly(
  "oncePer is kept by a controller that is killed and starts again",
  async () => {
    const world = await rolledOut("once", { [`${SUBSCRIBE}on-version.hook`]: "us", version: "one" });
    const bodies = (): string[] => hook.posts.map(({ body }) => body);
    await until("it is written down", async () => (await notified(world))?.includes("one:on-version") === true, 20_000);
    expect(bodies()).toEqual(["version one of us"]);
    expect(hook.posts[0]?.authorization).toBe(`Bearer ${TOKEN}`);
    await restartController("SIGKILL");
    await world.patch("web", { metadata: { annotations: { version: "two" } } });
    await until("the other version is told", () => hook.posts.length > 1, 30_000);
    await until("it is written down", async () => (await notified(world))?.includes("two:on-version") === true, 20_000);
    await world.patch("web", { metadata: { annotations: { version: "one" } } });
    await world.settle("web", "Healthy", healthy);
    expect(bodies()).toEqual(["version one of us", "version two of us"]);
  },
  120_000,
);

oursOnly(
  "a mistake in the ConfigMap, and a service that refuses, are told by events without secrets",
  async () => {
    const world = await rolledOut("refused", { [`${SUBSCRIBE}on-rollout-updated.refusing`]: "" });
    const told = async (namespace: string, reason: string): Promise<string[]> => {
      const { items } = await current.api.list<{ metadata: object; reason: string; message: string }>(
        `/api/v1/namespaces/${namespace}/events`,
      );
      return items.flatMap((event) => (event.reason === reason ? [event.message] : []));
    };
    await until("it is given up", async () => (await told(world.namespace, "NotificationFailed")).length > 0, 40_000);
    expect((await told(world.namespace, "NotificationFailed"))[0]).toStartWith(
      "Cannot notify refusing of on-rollout-updated: ",
    );
    expect(await told("argo-rollouts", "NotificationsMisconfigured")).toContainEqual(
      expect.stringContaining("trigger.on-broken: condition 1: when cannot be read") as string,
    );
    for (const { child } of current.controllers()) expect(await Bun.file(child.logFile).text()).not.toContain(TOKEN);
  },
  120_000,
);
