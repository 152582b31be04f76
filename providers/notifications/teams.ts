/** Microsoft Teams by the webhooks of Office connectors (docs/notifications/services.md#teams). */
import { isFields } from "../../kube/object/goJson.ts";
import { orNone, sorted, structJson } from "./json.ts";
import { ofRecipient } from "./recipients.ts";
import { ask, filled, hostOf, jsonListOf, refused, renderTexts, serviceRow, shown, textsIn } from "./row.ts";
import type { Notification } from "./service.ts";
import { secretsOfUrl } from "./webhook.ts";

export const TEAMS_TEXTS = [
  "template",
  "title",
  "summary",
  "text",
  "themeColor",
  "facts",
  "sections",
  "potentialAction",
] as const;

/** @throws {Error} for what is no list of objects */
export function objectsOf(text: string, what: string): readonly Readonly<Record<string, unknown>>[] {
  return jsonListOf(text, what).map((each) => {
    if (!isFields(each)) throw new Error(`${what} of the template has a member that is no object`);
    return each;
  });
}

function messageOf({ message, teams: part }: Notification): string {
  const { template = "", title = "", summary = "", themeColor, text = "", ...lists } = textsIn(part);
  const { sections = "", facts = "", potentialAction = "" } = lists;
  if (template !== "") return template;
  const all = [
    ...(sections === "" ? [] : objectsOf(sections, "teams.sections")),
    ...(facts === "" ? [] : [{ facts: objectsOf(facts, "teams.facts") }]),
  ];
  const actions = potentialAction === "" ? [] : objectsOf(potentialAction, "teams.potentialAction");
  return structJson({
    "@type": "MessageCard",
    context: "https://schema.org/extensions",
    title,
    summary,
    text: text === "" ? message : text,
    themeColor: orNone(themeColor),
    potentialAction: actions.length === 0 ? undefined : sorted(actions),
    sections: all.length === 0 ? undefined : sorted(all),
  });
}

export const teams = serviceRow({
  type: "teams",
  configure: (settings) => ({
    urls: settings.textMap("recipientUrls"),
    insecure: settings.flag("insecureSkipVerify"),
  }),
  secrets: ({ urls }) => [...urls.values()].flatMap(secretsOfUrl),
  render: (part, render) => filled(renderTexts(part, render, TEAMS_TEXTS)),
  async send({ urls, insecure }, { notification, to, ports }) {
    const request = {
      method: "POST",
      url: ofRecipient(urls, to.recipient, "recipientUrls"),
      headers: { "content-type": "application/json" },
      body: messageOf(notification),
      insecure,
    };
    const answer = await ask(request, ports);
    // Says 200 and a reason when it could not deliver.
    if (answer.status < 200 || answer.status > 299) throw refused(request, answer);
    if (answer.body !== "1") throw new Error(`${hostOf(request.url)} did not deliver it: ${shown(answer.body)}`);
  },
});
