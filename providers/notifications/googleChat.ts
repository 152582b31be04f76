/** Webhooks of Google Chat (docs/notifications/services.md#googlechat). */
import { isFields } from "../../kube/object/goJson.ts";
import { parseDocument } from "yaml";
import { sorted, structJson } from "./json.ts";
import { ofRecipient } from "./recipients.ts";
import { ask, filled, hostOf, refused, renderTexts, serviceRow, shown, textsIn } from "./row.ts";
import { answerObject } from "./answers.ts";
import type { Notification } from "./service.ts";
import { secretsOfUrl } from "./webhook.ts";

/** @throws {Error} for what is no list of maps in YAML */
function cardsOf(text: string, what: string): readonly Readonly<Record<string, unknown>>[] {
  const document = parseDocument(text, { version: "1.1" });
  const [problem] = document.errors;
  if (problem !== undefined) throw new Error(`${what} of the template is not YAML once it is rendered`);
  const cards: unknown = document.toJS({ maxAliasCount: 100 });
  if (cards === null || cards === undefined) return [];
  if (!Array.isArray(cards) || !cards.every(isFields)) throw new Error(`${what} of the template is no list of cards`);
  return cards;
}

function messageOf({ message, googlechat: part }: Notification): string {
  const { cards = "", cardsV2 = "" } = textsIn(part);
  if (cards === "" && cardsV2 === "") return structJson({ text: message });
  const older = cards === "" ? [] : cardsOf(cards, "googlechat.cards");
  const newer = cardsV2 === "" ? [] : cardsOf(cardsV2, "googlechat.cardsV2");
  return structJson({
    text: "",
    cards: older.length === 0 ? undefined : sorted(older),
    cardsV2:
      newer.length === 0 ? undefined : newer.map((card) => ({ card: sorted(card), cardId: crypto.randomUUID() })),
  });
}

function inThread(url: string, threadKey: string): string {
  const at = URL.parse(url);
  if (at === null || threadKey === "") return url;
  at.searchParams.append("threadKey", threadKey);
  at.searchParams.append("messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD");
  at.searchParams.sort();
  return at.href;
}

export const googleChat = serviceRow({
  type: "googlechat",
  configure: (settings) => ({
    urls: settings.textMap("webhooks"),
    insecure: settings.flag("insecureSkipVerify"),
  }),
  secrets: ({ urls }) => [...urls.values()].flatMap(secretsOfUrl),
  render: (part, render) => filled(renderTexts(part, render, ["cards", "cardsV2", "threadKey"])),
  async send({ urls, insecure }, { notification, part, to, ports }) {
    const request = {
      method: "POST",
      url: inThread(ofRecipient(urls, to.recipient, "webhooks"), textsIn(part)["threadKey"] ?? ""),
      headers: { "content-type": "application/json" },
      body: messageOf(notification),
      insecure,
    };
    const answer = await ask(request, ports);
    if (answer.status < 200 || answer.status > 299) throw refused(request, answer);
    const host = hostOf(request.url);
    const { error } = answerObject(answer.body, `what answered at ${host} is not Google Chat`);
    if (isFields(error)) throw new Error(`${host} refused it: ${shown(JSON.stringify(error))}`);
  },
});
