import { describe, expect, test } from "bun:test";
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import type { Answer } from "../metrics/provider.ts";
import { Busy, type HttpRequest, type Mail, type SendPorts } from "./service.ts";
import { SERVICES } from "./services.ts";
import { NOW, portsWith, sendBy } from "./testing.ts";

const answered = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer => ({
  kind: "answered",
  status,
  headers,
  body: typeof body === "string" ? body : JSON.stringify(body),
});

/** A server that answers in turn, the last answer again and again, and what it was asked. */
function serverWith(...answers: readonly Answer[]) {
  const asked: HttpRequest[] = [];
  const http: SendPorts["http"] = (request) => {
    asked.push(request);
    return Promise.resolve(answers[Math.min(asked.length, answers.length) - 1] ?? answered({}));
  };
  return { asked, http, ports: portsWith(http) };
}

const messageOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "sent",
    (error: unknown) => (error as Error).message,
  );

const form = (request: HttpRequest | undefined) => Object.fromEntries(new URLSearchParams(request?.body ?? ""));

const posted = (ts: string) => answered({ ok: true, channel: "C1", ts });

describe("Slack", () => {
  const sent = (recipient: string, more: object = {}, settings: object = {}) => ({
    type: "slack",
    settings: { token: "xoxb-secret", ...settings },
    template: { message: "m", slack: { groupingKey: "release", ...more } },
    destination: { service: "slack", recipient },
  });

  test("keeps a thread when its settings are read again", async () => {
    const { asked, ports } = serverWith(posted("1.1"), posted("2.2"));
    await sendBy(sent("again"), ports);
    await sendBy(sent("again"), ports);
    expect(asked.map((each) => form(each)["thread_ts"])).toEqual([undefined, "1.1"]);
  });

  test("keeps threads of two workspaces apart, though their channels have one name", async () => {
    const { asked, ports } = serverWith(posted("1.1"));
    await sendBy(sent("apart"), ports);
    await sendBy(sent("apart", {}, { token: "xoxb-other" }), ports);
    expect(asked.map((each) => form(each)["thread_ts"])).toEqual([undefined, undefined]);
  });

  test("begins a new thread once Slack has lost the first message", async () => {
    const { asked, ports } = serverWith(
      posted("1.1"),
      answered({ ok: false, error: "message_not_found" }),
      posted("2.2"),
    );
    const update = sent("lost", { deliveryPolicy: "Update" });
    await sendBy(update, ports);
    expect(await messageOf(sendBy(update, ports))).toBe("slack: chat.update was refused: message_not_found");
    await sendBy(update, ports);
    expect(asked.map(({ url }) => url.split("/").at(-1))).toEqual([
      "chat.postMessage",
      "chat.update",
      "chat.postMessage",
    ]);
  });

  test("waits as long as it is asked to, and not for ever", async () => {
    const wait = answered("", 429, { "retry-after": "0" });
    const once = serverWith(wait, posted("1"));
    await sendBy(sent("slow"), once.ports);
    expect(once.asked).toHaveLength(2);
    const ever = serverWith(wait);
    expect(await messageOf(sendBy(sent("slower"), ever.ports))).toBe("slack: slack.com answered POST with 429");
    expect(ever.asked).toHaveLength(5);
  });

  test("takes an apiURL without a slash at its end", async () => {
    const { asked, ports } = serverWith(posted("1"));
    await sendBy(sent("slash", {}, { apiURL: "https://slack.example/api" }), ports);
    expect(asked[0]?.url).toBe("https://slack.example/api/chat.postMessage");
  });

  test("says so when what answers is something else", async () => {
    const { ports } = serverWith(answered("<html>"));
    expect(await messageOf(sendBy(sent("else"), ports))).toBe(
      "slack: what answered at slack.com is not Slack: its answer is not JSON",
    );
  });
});

const { privateKey, publicKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});

describe("GitHub", () => {
  const settings = { appID: 12, installationID: "34", privateKey };
  const status = {
    repoURLPath: "https://github.com/o/r",
    revisionPath: "abc",
    status: { state: "success", label: "l" },
  };
  const token = (until: string) => answered({ token: "ghs_secret-token", expires_at: until }, 201);

  test("is shown a token that the App's key signed", async () => {
    const { asked, ports } = serverWith(token("2023-11-14T23:00:00Z"), answered({}, 201));
    const template = { message: "m", github: status };
    await sendBy({ type: "github", settings, template, destination: { service: "github", recipient: "" } }, ports);
    const [head = "", claims = "", signature = ""] = asked[0]?.headers?.["authorization"]?.slice(7).split(".") ?? [];
    const key = createPublicKey(publicKey);
    expect(verify("RSA-SHA256", Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, "base64url"))).toBe(true);
    expect(JSON.parse(Buffer.from(claims, "base64url").toString())).toEqual({
      iss: "12",
      iat: NOW / 1_000 - 30,
      exp: NOW / 1_000 + 90,
    });
    expect(asked[1]?.url).toBe("https://api.github.com/repos/o/r/statuses/abc");
  });

  test("is asked for a token once, until it ends or is refused", async () => {
    const calls: string[] = [];
    const later = { value: NOW };
    const http: SendPorts["http"] = ({ url }) => {
      calls.push(url.split("/").at(-1) ?? "");
      return Promise.resolve(url.endsWith("access_tokens") ? token("2023-11-14T23:13:20Z") : answered({}, 201));
    };
    const row = SERVICES.find(({ type }) => type === "github");
    const service = row?.configure(settings);
    const notification = { message: "m", github: row?.renderPart(status, (text) => text) };
    for (const minutes of [0, 30, 59, 60]) {
      later.value = NOW + minutes * 60_000;
      const ports = { ...portsWith(http), now: () => later.value };
      await service?.send(notification, { service: "github", recipient: "" }, ports);
    }
    expect(calls).toEqual(["access_tokens", "abc", "abc", "access_tokens", "abc", "access_tokens", "abc"]);
  });

  test.each([
    ["https://ghe.example", "https://ghe.example/api/v3/app/installations/34/access_tokens"],
    ["https://ghe.example/api/v3/", "https://ghe.example/api/v3/app/installations/34/access_tokens"],
    ["https://api.ghe.example", "https://api.ghe.example/app/installations/34/access_tokens"],
  ])("of an Enterprise Server at %s is asked at its API", async (enterpriseBaseURL, url) => {
    const { asked, ports } = serverWith(token(""), answered({}, 201));
    const own = { ...settings, enterpriseBaseURL };
    const destination = { service: "github", recipient: "" };
    await sendBy({ type: "github", settings: own, template: { github: status }, destination }, ports);
    expect(asked[0]?.url).toBe(url);
  });

  test.each([
    ["https://github.com/o/r.git", "o/r"],
    ["git@github.com:o/r.git", "o/r"],
    ["ssh://git@github.com:22/o/r", "o/r"],
    ["o/r", "o/r"],
    ["https://github.com/o/../../r/x", "r/x"],
    ["https://github.com/a%2Fb/r?x", "a%2Fb/r"],
  ])("finds the repository of %s", async (repoURLPath, path) => {
    const { asked, ports } = serverWith(token(""), answered({}, 201));
    const destination = { service: "github", recipient: "" };
    await sendBy({ type: "github", settings, template: { github: { ...status, repoURLPath } }, destination }, ports);
    expect(asked[1]?.url).toBe(`https://api.github.com/repos/${path}/statuses/abc`);
  });

  test("is not asked with a key that is none, which is not shown", async () => {
    const { asked, ports } = serverWith();
    const own = { ...settings, privateKey: "not-a-key-but-secret" };
    const sending = sendBy(
      {
        type: "github",
        settings: own,
        template: { github: status },
        destination: { service: "github", recipient: "" },
      },
      ports,
    );
    expect(await messageOf(sending)).toBe(
      "github: not sent: service.github.privateKey is no private key of RSA in PEM",
    );
    expect(asked).toEqual([]);
  });
});

describe("a webhook", () => {
  const settings = { url: "https://hooks.example/x", retryWaitMin: "0.001ms", retryWaitMax: "1ms" };
  const sent = (more: object) => ({
    type: "webhook",
    settings: { ...settings, ...more },
    template: { message: "m" },
    destination: { service: "hook", recipient: "" },
  });

  test("is tried again while its server is down, as often as it says", async () => {
    const down: Answer = { kind: "failed", message: "no answer from https://hooks.example" };
    const { asked, ports } = serverWith(down);
    expect(await messageOf(sendBy(sent({ retryMax: 2 }), ports))).toBe(
      "webhook: no answer from https://hooks.example (tried 3 times)",
    );
    expect(asked).toHaveLength(3);
    const once = serverWith(down);
    expect(await messageOf(sendBy(sent({ retryMax: -1 }), once.ports))).toBe(
      "webhook: no answer from https://hooks.example",
    );
  });

  test("is not tried again at an address that may not be asked", async () => {
    const { asked, ports } = serverWith({ kind: "failed", message: "it is this machine", refused: true });
    expect(await messageOf(sendBy(sent({}), ports))).toBe("webhook: it is this machine");
    expect(asked).toHaveLength(1);
  });

  test("waits as long as a Retry-After says, in seconds or until a date", async () => {
    const again = answered("", 503, { "retry-after": "0" });
    const past = answered("", 429, { "retry-after": "Tue, 14 Nov 2023 22:13:19 GMT" });
    const { asked, ports } = serverWith(again, past, answered("ok"));
    // Ten minutes would be waited otherwise.
    await sendBy(sent({ retryWaitMin: "10m", retryWaitMax: "10m" }), ports);
    expect(asked).toHaveLength(3);
  });

  test("that is asked to wait longer than a sending may take leaves the wait to whoever sent it", async () => {
    const { asked, ports } = serverWith(answered("slow down", 429, { "retry-after": "3600" }));
    const refusal: unknown = await sendBy(sent({}), ports).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Busy);
    expect(refusal).toMatchObject({
      message: "webhook: hooks.example answered GET with 429: slow down (the next try may be made in 3600 s)",
      waitMs: 3_600_000,
    });
    expect(asked).toHaveLength(1);
  });

  test("of which the wait is stopped says so", async () => {
    const stop = new AbortController();
    const http: SendPorts["http"] = () => {
      stop.abort();
      return Promise.resolve(answered("", 500));
    };
    const ports = { ...portsWith(http), signal: stop.signal };
    expect(await messageOf(sendBy(sent({ retryWaitMin: "10m", retryWaitMax: "10m" }), ports))).toBe(
      "webhook: not sent: it was stopped before it was done",
    );
  });
});

describe("recipients", () => {
  test.each([
    ["12345", { chat_id: "12345" }],
    ["chan", { chat_id: "@chan" }],
    ["@chan", { chat_id: "@chan" }],
    ["-100", { chat_id: "-100" }],
    ["-100|0", { chat_id: "-100" }],
    ["-100|07", { chat_id: "-100", message_thread_id: "7" }],
  ])("of Telegram: %s", async (recipient, wanted) => {
    const { asked, ports } = serverWith(answered({ ok: true }));
    const destination = { service: "telegram", recipient };
    await sendBy({ type: "telegram", settings: { token: "1:a" }, template: { message: "m" }, destination }, ports);
    expect(form(asked[0])).toEqual({ ...wanted, text: "m", parse_mode: "Markdown" });
  });

  test("of mail are told once each", async () => {
    const mails: Mail[] = [];
    const settings = { host: "mail.example", port: 25, from: "Bot <bot@example.com>" };
    const destination = { service: "email", recipient: "a@x.example,Joe <b@x.example>, a@x.example" };
    await sendBy(
      { type: "email", settings, template: { message: "m" }, destination },
      portsWith(serverWith().http, mails),
    );
    expect(mails.map(({ from, to }) => ({ from, to }))).toEqual([
      { from: "bot@example.com", to: ["a@x.example", "b@x.example"] },
    ]);
  });

  test("that the settings do not have are named", async () => {
    for (const type of ["teams", "teams-workflows", "googlechat", "opsgenie", "pagerdutyv2"]) {
      const sending = sendBy(
        { type, settings: {}, template: { message: "m" }, destination: { service: type, recipient: "x" } },
        serverWith().ports,
      );
      expect(await messageOf(sending)).toMatch(
        new RegExp(`^${type}: no recipient "x": \\w+ of its settings has no such name$`),
      );
    }
  });
});

describe("what the engine of the reference gets wrong is right here", () => {
  const one = (type: string, settings: object, template: Readonly<Record<string, unknown>>, recipient = "r") => ({
    type,
    settings,
    template: { message: "m", ...template },
    destination: { service: type, recipient },
  });

  test("New Relic's refusal is an error", async () => {
    const { ports } = serverWith(answered("no such application", 404));
    const sending = sendBy(one("newrelic", { apiKey: "NRAK-secret" }, { newrelic: { revision: "r" } }), ports);
    expect(await messageOf(sending)).toBe("newrelic: api.newrelic.com answered POST with 404: no such application");
  });

  test("a label of Alertmanager that is rendered to nothing is left out", async () => {
    const { asked, ports } = serverWith();
    const labels = { a: "{{.nothing}}", b: "x" };
    const sent = {
      ...one("alertmanager", { targets: ["am:9093"] }, { alertmanager: { labels } }),
      values: { nothing: "" },
    };
    await sendBy(sent, ports);
    expect(JSON.parse(asked[0]?.body ?? "")).toEqual([
      {
        labels: { alertname: "my-template", b: "x" },
        annotations: null,
        generatorURL: "",
        startsAt: "2023-11-14T22:13:20.000Z",
      },
    ]);
  });

  test("the attributes of a message to SQS are sent", async () => {
    const { asked, ports } = serverWith(answered({ QueueUrl: "https://q" }));
    const part = { messageAttributes: { rollout: "shop", empty: "" } };
    await sendBy(one("awssqs", { region: "eu-central-1" }, { awssqs: part }, "queue"), ports);
    expect(JSON.parse(asked[1]?.body ?? "")).toMatchObject({
      MessageAttributes: { rollout: { DataType: "String", StringValue: "shop" } },
    });
    expect(asked[1]?.url).toBe("https://sqs.eu-central-1.amazonaws.com/");
    expect(asked[1]?.aws).toEqual({ service: "sqs", region: "eu-central-1", keys: undefined });
  });

  test("a message that is too long for Pushover is cut", async () => {
    const { asked, ports } = serverWith(answered({ status: 1 }));
    await sendBy({ ...one("pushover", { token: "t" }, {}), template: { message: "é".repeat(2_000) } }, ports);
    expect(form(asked[0])["message"]).toBe(`${"é".repeat(1_021)}...`);
  });

  test("a comment of GitHub has its tag once, for each pull request", async () => {
    const { asked, ports } = serverWith(
      answered({ token: "t" }, 201),
      answered([{ number: 1 }, { number: 2 }]),
      answered({ token: "t" }, 201),
      answered([]),
      answered({ token: "t" }, 201),
      answered({}, 201),
      answered({ token: "t" }, 201),
      answered([]),
      answered({ token: "t" }, 201),
      answered({}, 201),
    );
    const github = { repoURLPath: "o/r", revisionPath: "abc", pullRequestComment: { content: "c", commentTag: "t" } };
    await sendBy(one("github", { appID: 1, installationID: 1, privateKey }, { github }), ports);
    const comments = asked.filter(({ url, method }) => method === "POST" && url.endsWith("/comments"));
    expect(comments.map(({ body }) => JSON.parse(body ?? "") as unknown)).toEqual([
      { body: "c\n<!-- argocd-notifications t -->" },
      { body: "c\n<!-- argocd-notifications t -->" },
    ]);
  });
});
