import { describe, expect, test } from "bun:test";
import type { Answer } from "../metrics/provider.ts";
import type { SendPorts } from "./service.ts";
import { SERVICES } from "./services.ts";
import { portsWith, recordings, rendered } from "./testing.ts";
import { seededBelow } from "../../test/seeded.ts";

const ODD: readonly unknown[] = [
  null,
  undefined,
  true,
  0,
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  10n,
  "",
  "x",
  "{{.name}}",
  "https://",
  "http://[::1",
  "javascript:alert(1)",
  "\0\r\nx",
  "\uD800",
  "[1,",
  '{"a":',
  "null",
  "[[]]",
  '[{"facts":[{"name":1}]}]',
  [],
  [null],
  [[]],
  {},
  { a: null },
  Object.create(null),
  { __proto__: { token: "x" } },
  { toString: 1, url: {}, name: [] },
];

const TEXTS = ODD.filter((each) => typeof each === "string");

/** A value in which one place, anywhere, is something else. */
function broken(value: unknown, dice: (below: number) => number): unknown {
  if (dice(3) === 0 || typeof value !== "object" || value === null) return ODD[dice(ODD.length)];
  if (Array.isArray(value)) {
    const at = dice(value.length + 1);
    return [...(value.slice(0, at) as unknown[]), broken(value[at], dice), ...(value.slice(at + 1) as unknown[])];
  }
  const names = Object.keys(value);
  const name = names[dice(names.length + 1)] ?? "new";
  return { ...value, [name]: broken((value as Record<string, unknown>)[name], dice) };
}

const ANSWERS: readonly Answer[] = [
  { kind: "failed", message: "no answer" },
  ...["", "1", "null", "[]", "{}", "[{}]", '{"ok":true}', '{"ok":1,"error":{}}', '{"error":[1]}', "<html>"].flatMap(
    (body) => [200, 201, 404].map((status): Answer => ({ kind: "answered", status, headers: {}, body })),
  ),
  { kind: "answered", status: 200, headers: {}, body: '{"token":5,"data":{"authToken":[]},"QueueUrl":{},"id":"x"}' },
  {
    kind: "answered",
    status: 200,
    headers: {},
    body: '{"token":"t","data":{"authToken":"t","userId":"u"},"status":"success"}',
  },
];

const all = await recordings();

/** The error that was thrown; undefined: none was. */
async function thrownBy(run: () => Promise<void>): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("settings, parts and answers of any shape", () => {
  test.each(SERVICES.map(({ type }) => type))("throw sentences alone: %s", async (type) => {
    const row = SERVICES.find((each) => each.type === type);
    const own = all.filter((each) => each.type === type);
    const dice = seededBelow(type.length);
    let sentences = 0;
    for (let time = 0; time < 500; time++) {
      const recording = own[dice(own.length)];
      const settings = { ...recording?.settings, retryMax: -1 };
      const http: SendPorts["http"] = () =>
        Promise.resolve(ANSWERS[dice(ANSWERS.length)] ?? { kind: "failed", message: "x" });
      const thrown = await thrownBy(async () => {
        const service = row?.configure(dice(2) === 0 ? broken(settings, dice) : settings);
        const template = dice(2) === 0 ? broken(recording?.template, dice) : recording?.template;
        const render = (text: string): string => text.replace("{{.name}}", TEXTS[dice(TEXTS.length)] ?? "");
        const notification = rendered((template ?? {}) as Readonly<Record<string, unknown>>, render);
        const recipient = dice(3) === 0 ? "\0 x,|#" : (recording?.destination.recipient ?? "");
        await service?.send(notification, { service: type, recipient }, noWait(http));
      });
      if (thrown === undefined) continue;
      sentences++;
      expect(thrown).toBeInstanceOf(Error);
      const { name, message } = thrown as Error;
      // Not by chance: an engine's own error is no sentence for people.
      expect(`${name}: ${message}`).not.toMatch(
        /^(?!Error)|undefined|null is not|not a function|not an object|not iterable|Invalid |out of range|JSON Parse|Cannot /,
      );
      expect(message).toMatch(/\S+ \S+ \S+/);
    }
    expect(sentences).toBeGreaterThan(50);
  });
});

/** Retries of Opsgenie and Slack are not waited for: it is over once the answer is there. */
function noWait(http: SendPorts["http"]): SendPorts {
  return portsWith(async (request, signal) => {
    const answer = await http(request, signal);
    return answer.kind === "failed" ? { ...answer, refused: true } : answer;
  });
}

/** What stands for `$secret` in the recorded settings: what must not be seen. */
function withSecrets(value: unknown, secret: () => string, name = ""): unknown {
  if (Array.isArray(value)) return value.map((each) => withSecrets(each, secret, name));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [
        key,
        withSecrets(each, secret, ["apiKeys", "serviceKeys"].includes(name) ? "key" : key === "headers" ? "" : key),
      ]),
    );
  if (typeof value !== "string" || value === "@KEY@") return value;
  if (
    /^(token|password|secret|key|apiKey|bearerToken|privateKey|value)$/.test(name) &&
    !/application\/json/.test(value)
  )
    return secret();
  // Paths and queries of addresses that are secrets themselves.
  return /\/(webhookb2|spaces|workflows)\//.test(value) || name === "url"
    ? `${value.split("?")[0]}/${secret()}?k=${secret()}`
    : value;
}

describe("secrets of the settings", () => {
  test.each(
    all
      .filter(({ settings, type }) => type !== "github" && Object.keys(settings).length > 0)
      .map((each) => [`${each.type}: ${each.name}`, each] as const),
  )("are not in errors, whatever the server repeats of %s", async (_, recording) => {
    const secrets: string[] = [];
    const settings = withSecrets(recording.settings, () => {
      const made = `S3cret-${secrets.length}/é+${"x".repeat(secrets.length % 7)}`;
      secrets.push(made);
      return made;
    });
    const row = SERVICES.find(({ type }) => type === recording.type);
    for (const status of [200, 400]) {
      const http: SendPorts["http"] = (request) =>
        Promise.resolve({
          kind: "answered",
          status,
          headers: {},
          body: JSON.stringify({ ok: false, error: JSON.stringify(request), message: request.url }),
        });
      const smtp: SendPorts["smtp"] = (mail) =>
        Promise.reject(new Error(`the server says ${mail.password} and ${btoa(`\0u\0x`)}`));
      const thrown = await thrownBy(async () => {
        const service = row?.configure(settings);
        const notification = rendered(recording.template, (text) => text);
        await service?.send(notification, recording.destination, { ...portsWith(http), smtp });
      });
      const message = thrown instanceof Error ? `${thrown.message} ${thrown.stack ?? ""} ${Bun.inspect(thrown)}` : "";
      for (const secret of secrets)
        for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
          expect(message).not.toContain(form);
      expect(message).not.toContain("S3cret");
    }
  });
});
