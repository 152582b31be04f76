/**
 * Notifications as the reference's engine sends them (recorded.jsonl): the services of notifications-engine, of the
 * version that Argo Rollouts 1.10 is built with, were given these settings, templates and recipients and servers with
 * these answers; what they sent was written down. Where Sluice means something else, `differently` says so, and
 * docs/notifications/services.md has a line.
 */
import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import type { Mail } from "./service.ts";
import {
  type Asked,
  portsWith,
  recordings,
  type Recording,
  renderNames,
  rendered,
  startRecorder,
  startSmtp,
} from "./testing.ts";
import { SERVICES } from "./services.ts";
import { createSendMail } from "./smtp.ts";

/** What templates were rendered with. */
const VALUES = { name: "shop", n: 7, html: '<b>&"é\u2028', empty: "" };

const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});

type Change = (asked: Asked) => Asked | undefined;

const withJson =
  (at: (url: string) => boolean, change: (body: Record<string, unknown>) => unknown): Change =>
  (asked) =>
    at(asked.url) && asked.body !== undefined
      ? { ...asked, body: JSON.stringify(change(JSON.parse(asked.body) as Record<string, unknown>)) }
      : asked;

const without = (headers: Asked["headers"], name: string): Asked["headers"] =>
  Object.fromEntries(Object.entries(headers).filter(([each]) => each !== name));

/** Fields of a library that say nothing. */
function withoutEmpty(form: string): string {
  const values = new URLSearchParams(form);
  for (const name of ["business_connection_id", "entities", "link_preview_options", "reply_parameters"])
    values.delete(name);
  return values.toString().replaceAll("*", "%2A");
}

/** What Sluice sends instead of what was recorded, by service. */
const differently: Readonly<Record<string, readonly Change[]>> = {
  telegram: [
    // Nothing is learnt from it.
    (asked) => (asked.url.endsWith("/getMe") ? undefined : asked),
    (asked) => ({ ...asked, body: withoutEmpty(asked.body ?? "") }),
  ],
  teams: [(asked) => ({ ...asked, body: (asked.body ?? "").replace('"facts":null', '"facts":[]') })],
  pagerduty: [
    withJson(
      () => true,
      ({ incident }) => {
        const { priority, body, ...rest } = incident as Record<string, Record<string, string>>;
        const own = priority?.["id"] === undefined ? {} : { priority };
        return { incident: { ...rest, ...own, body: { ...body, type: "incident_details" } } };
      },
    ),
  ],
  github: [
    (asked) => {
      if (!asked.url.endsWith("/access_tokens")) return asked;
      const { authorization = "" } = asked.headers;
      const { body: _, ...rest } = asked;
      return { ...rest, headers: { accept: "application/vnd.github.v3+json", authorization } };
    },
    (asked) =>
      asked.method === "GET" && asked.url.endsWith("/comments")
        ? { ...asked, url: `${asked.url}?per_page=100&page=1` }
        : asked,
    // The tag stands in the comment once.
    (asked) => ({
      ...asked,
      ...(asked.body !== undefined && { body: asked.body.replace(/(\\n<!-- [^"]*? -->)\1/, "$1") }),
    }),
    (asked) =>
      asked.method === "PATCH" && asked.body !== undefined
        ? { ...asked, body: JSON.stringify({ body: (JSON.parse(asked.body) as { readonly body: string }).body }) }
        : asked,
  ],
  awssqs: [(asked) => ({ ...asked, headers: without(asked.headers, "x-amzn-query-mode") })],
};

/** Where a service sends what people may write in another order, which a library of the reference's puts into its own. */
const AS_JSON: readonly string[] = ["slack", "rocketchat", "googlechat", "github", "pagerduty", "awssqs", "opsgenie"];

/** What the reference's libraries add to what people wrote: nothing, false, or what is empty. */
function withoutNothings(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNothings);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(
    ([name, each]) => each !== null && each !== false && each !== "" && name !== "cardId",
  );
  return Object.fromEntries(kept.map(([name, each]) => [name, withoutNothings(each)]));
}

function bodyOf({ body = "", headers }: Asked, type: string): unknown {
  if (headers["content-type"] === "application/x-www-form-urlencoded" && type === "slack") {
    const lists = (name: string, text: string): unknown =>
      name === "attachments" || name === "blocks" ? withoutNothings(JSON.parse(text)) : text;
    return Object.fromEntries([...new URLSearchParams(body)].map(([name, text]) => [name, lists(name, text)]));
  }
  return AS_JSON.includes(type) && /^[[{]/.test(body) ? withoutNothings(JSON.parse(body)) : body;
}

/** Of now, in what was recorded and in what is sent. */
const withoutTime = (text: string): string =>
  text.replace(/"startsAt":"[^"]*"/, '"startsAt":"now"').replace(/"time":\d+/, '"time":0');

function comparable(asked: Asked, type: string) {
  const { authorization = "", referer: _, ...headers } = asked.headers;
  const [, jwt] = /^Bearer (ey\S+)$/.exec(authorization) ?? [];
  const decoded = jwt
    ?.split(".")
    .slice(0, 2)
    .map((part) => Buffer.from(part, "base64url").toString())
    .join(" ")
    .replace(/:\d{10}/g, ":0");
  const aws = authorization.startsWith("AWS4")
    ? authorization.replace(/\/\d{1,8}\//, "/0/").replace(/, .*/, "")
    : undefined;
  const own = decoded === undefined ? (aws ?? authorization) : `Bearer ${decoded}`;
  const body = bodyOf(asked, type);
  return {
    method: asked.method,
    url: new URL(asked.url).href,
    headers: { ...headers, ...(own !== "" && { authorization: own }) },
    body: typeof body === "string" ? withoutTime(body) : body,
  };
}

/** Sent in another order, since they are sent at once. */
const inOrder = (list: ReturnType<typeof comparable>[], type: string) =>
  type === "alertmanager" ? list.toSorted((a, b) => a.url.localeCompare(b.url)) : list;

async function play(recording: Recording) {
  const { type, settings, template, destination, answers = [], smtp, times = 1 } = recording;
  const recorder = await startRecorder(() => answers);
  const server =
    type === "email" ? await startSmtp({ offers: smtp?.filter((offer) => offer !== "STARTTLS") ?? [] }) : undefined;
  const mails: Mail[] = [];
  const ports = { ...portsWith(recorder.http, mails), ...(server && { smtp: mailTo(server.port) }) };
  let failed = false;
  try {
    const row = SERVICES.find((each) => each.type === type);
    const given = JSON.parse(JSON.stringify(settings).replace('"@KEY@"', JSON.stringify(privateKey))) as unknown;
    const service = row?.configure(given);
    for (let time = 0; time < times; time++)
      await service?.send(rendered(template, renderNames(VALUES)), destination, ports);
  } catch (error) {
    failed = true;
    expect((error as Error).message).toMatch(/^[\w-]+(: |\.)|^service\.|must be /);
  } finally {
    server?.stop();
    recorder.stop();
  }
  return { failed, asked: recorder.asked, server };
}

/** To a server of the test's, whatever port the settings name. */
function mailTo(port: number) {
  const send = createSendMail({
    addresses: { allow: ["127.0.0.1/32"], deny: [] },
    apiServers: [],
    environment: () => undefined,
  });
  return (mail: Mail, signal: AbortSignal) => send({ ...mail, port }, signal);
}

const all = await recordings();

describe("what the reference's engine sends", () => {
  test.each(all.filter(({ type }) => type !== "email").map((each) => [`${each.type}: ${each.name}`, each] as const))(
    "is sent by %s",
    async (_, recording) => {
      const { type } = recording;
      const { failed, asked } = await play(recording);
      const changes = differently[type] ?? [];
      const wanted = recording.requests.flatMap((each) => {
        const changed = changes.reduce<Asked | undefined>((at, change) => at && change(at), each);
        return changed === undefined ? [] : [comparable(changed, type)];
      });
      expect(
        inOrder(
          asked.map((each) => comparable(each, type)),
          type,
        ),
      ).toEqual(inOrder(wanted, type));
      expect(failed).toBe(recording.failed);
    },
  );
});

/** Headers by their names, encoded words decoded, and the body as it was before it was encoded. */
function letter(data: string) {
  const [head = "", ...rest] = data.replace(/^\./gm, "").split("\r\n\r\n");
  const headers = head.replace(/\r\n /g, " ").split("\r\n");
  const decoded = headers.map((line) =>
    line
      .replace(/\?= =\?/g, "?==?")
      .replace(/=\?UTF-8\?q\?(.*?)\?=/g, (_, word: string) => word.replace(/_/g, " "))
      .replace(/(=[0-9A-F]{2})+/g, (bytes) => Buffer.from(bytes.replace(/=/g, ""), "hex").toString())
      .trim(),
  );
  return {
    headers: decoded.filter((line) => !line.startsWith("Date:")).toSorted(),
    body: rest.join("\r\n\r\n").replace(/=\r\n/g, "").trimEnd(),
  };
}

describe("mail that the reference's engine sends", () => {
  test.each(all.filter(({ type }) => type === "email").map((each) => [each.name, each] as const))(
    "is sent: %s",
    async (_, recording) => {
      const { failed, server } = await play(recording);
      const [mail] = recording.mails ?? [];
      expect(failed).toBe(recording.failed);
      if (recording.failed) return;
      // What comes after STARTTLS has a test of its own (smtp.test.ts).
      const at = mail?.commands.lastIndexOf("EHLO localhost") ?? 0;
      expect(server?.commands).toEqual(mail?.commands.slice(Math.max(0, at)) ?? []);
      expect(letter(server?.data[0] ?? "")).toEqual(letter(mail?.data ?? ""));
    },
  );
});
