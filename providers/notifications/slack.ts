/** Slack's Web API (docs/notifications/services.md#slack). */
import { jsonText } from "../metrics/text.ts";
import { answerObject } from "./answers.ts";
import { retryAfterMs, waitWithin } from "./retry.ts";
import { ask, formOf, hostOf, jsonListOf, refused, renderTexts, type Sending, serviceRow, shown } from "./row.ts";
import type { SendPorts } from "./service.ts";
import type { Settings } from "./settings.ts";
import { forgetThread, keepThread, type Thread, threadOf } from "./threads.ts";

interface Options {
  readonly username: string;
  readonly icon: string;
  readonly token: string;
  /** Ends with "/". */
  readonly apiUrl: string;
  readonly disableUnfurl: boolean;
  readonly insecure: boolean;
}

type Policy = "Post" | "PostAndUpdate" | "Update";

interface Part {
  readonly username: string;
  readonly icon: string;
  readonly attachments: string;
  readonly blocks: string;
  readonly groupingKey: string;
  readonly notifyBroadcast: boolean;
  readonly deliveryPolicy: Policy;
}

/** Tries of a message that Slack asks to wait with. */
const MOST_TRIES = 5;
const USUAL_WAIT_MS = 1_000;

export const slack = serviceRow<Options>({
  type: "slack",
  configure: (settings) => ({
    username: settings.text("username"),
    icon: settings.text("icon"),
    token: settings.text("token"),
    apiUrl: `${(settings.text("apiURL") || "https://slack.com/api").replace(/\/+$/, "")}/`,
    disableUnfurl: settings.flag("disableUnfurl"),
    insecure: settings.flag("insecureSkipVerify"),
  }),
  secrets: ({ token }) => [token],
  render: (part, render) => ({
    ...renderTexts(part, render, ["username", "icon", "attachments", "blocks", "groupingKey"]),
    notifyBroadcast: part.flag("notifyBroadcast"),
    deliveryPolicy: policyOf(part),
  }),
  send,
});

/** What is none of the three is Post, as the reference has it. */
function policyOf(part: Settings): Policy {
  const given = part.text("deliveryPolicy");
  return given === "PostAndUpdate" || given === "Update" ? given : "Post";
}

const iconOf = (icon: string): Readonly<Record<string, string>> => {
  if (/^:.+:$/.test(icon)) return { icon_emoji: icon };
  const { protocol = "", host = "" } = URL.parse(icon) ?? {};
  return host !== "" && /^https?:$/.test(protocol) ? { icon_url: icon } : {};
};

const listText = (text: string, what: string): string => (text === "" ? "[]" : jsonText(jsonListOf(text, what)));

function valuesOf(options: Options, { notification }: Sending, part: Part | undefined): Record<string, string> {
  const username = part?.username || options.username;
  return {
    token: options.token,
    text: notification.message,
    ...(username !== "" && { username }),
    ...iconOf(part?.icon || options.icon),
    ...(part !== undefined && {
      ...(part.attachments.trim() !== "null" && { attachments: listText(part.attachments, "slack.attachments") }),
      blocks: listText(part.blocks, "slack.blocks"),
    }),
    ...(options.disableUnfurl && { unfurl_links: "false", unfurl_media: "false" }),
  };
}

async function send(options: Options, sending: Sending): Promise<void> {
  const { to, ports } = sending;
  const part = sending.part as Part | undefined;
  const values = valuesOf(options, sending, part);
  const groupingKey = part?.groupingKey ?? "";
  const policy = part?.deliveryPolicy ?? "Post";
  const key = JSON.stringify([options.apiUrl, options.token, to.recipient, groupingKey]);
  const thread = groupingKey === "" ? undefined : threadOf(key);
  const inThread = thread === undefined ? values : { ...values, thread_ts: thread.ts };
  if (thread === undefined || policy !== "Update") {
    const broadcast = part?.notifyBroadcast === true && { reply_broadcast: "true" };
    const posted = await call(options, "chat.postMessage", { ...inThread, ...broadcast, channel: to.recipient }, ports);
    if (groupingKey !== "" && thread === undefined && posted.ts !== "") keepThread(key, posted);
  }
  if (thread === undefined || policy === "Post") return;
  try {
    const update = { ...inThread, channel: thread.channel, ts: thread.ts, as_user: "true" };
    await call(options, "chat.update", update, ports);
  } catch (error) {
    // Someone deleted the message: the next one begins a new thread.
    if (error instanceof SlackError && error.code === "message_not_found") forgetThread(key);
    throw error;
  }
}

class SlackError extends Error {
  readonly code: string;
  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** @throws {Error} */
async function call(
  options: Options,
  method: string,
  values: Readonly<Record<string, string>>,
  ports: SendPorts,
): Promise<Thread> {
  const request = {
    method: "POST",
    url: `${options.apiUrl}${method}`,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: formOf(values),
    insecure: options.insecure,
  };
  const since = ports.now();
  for (let tries = 1; ; tries++) {
    const answer = await ask(request, ports);
    if (answer.status === 429 && tries < MOST_TRIES) {
      const waitMs = retryAfterMs(answer.headers, ports.now()) ?? USUAL_WAIT_MS;
      await waitWithin(waitMs, since, refused(request, answer).message, ports);
      ports.signal.throwIfAborted();
      continue;
    }
    if (answer.status !== 200) throw refused(request, answer);
    const body = answerObject(answer.body, `what answered at ${hostOf(options.apiUrl)} is not Slack`);
    if (body["ok"] === true) return { ts: textOf(body["ts"]), channel: textOf(body["channel"]) };
    const code = shown(textOf(body["error"]) || "no reason");
    throw new SlackError(`${method} was refused: ${code}`, code);
  }
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
