/** Microsoft Teams by workflows of Power Automate (docs/notifications/services.md#teams-workflows). */
import { isFields } from "../../kube/object/goJson.ts";
import { jsonText } from "../metrics/text.ts";
import { orNone, structJson } from "./json.ts";
import { ofRecipient } from "./recipients.ts";
import { askWell, filled, jsonOf, renderTexts, serviceRow, textsIn } from "./row.ts";
import type { Notification } from "./service.ts";
import { objectsOf, TEAMS_TEXTS } from "./teams.ts";
import { secretsOfUrl } from "./webhook.ts";

type Objects = readonly Readonly<Record<string, unknown>>[];

/** Go's %v. */
function plain(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(plain).join(" ")}]`;
  if (!isFields(value)) return typeof value === "string" ? value : jsonText(value);
  const members = Object.keys(value).toSorted();
  return `map[${members.map((name) => `${name}:${plain(value[name])}`).join(" ")}]`;
}

function factSet(facts: Objects): object[] {
  const named = facts.filter(({ name }) => typeof name === "string");
  if (named.length === 0) return [];
  return [
    {
      type: "FactSet",
      facts: named.map((fact) => ({ title: fact["name"], value: "value" in fact ? plain(fact["value"]) : "" })),
    },
  ];
}

/** Buttons that open an address; the other kinds of the older cards have no counterpart. */
function buttons(actions: Objects): object[] {
  return actions.flatMap((action) => {
    const [target] = Array.isArray(action["targets"]) ? (action["targets"] as unknown[]) : [];
    const uri = isFields(target) ? target["uri"] : undefined;
    if (action["@type"] !== "OpenUri" || typeof uri !== "string" || uri === "") return [];
    const title = typeof action["name"] === "string" ? orNone(action["name"]) : undefined;
    return [{ type: "Action.OpenUrl", title, url: uri }];
  });
}

const factsOf = (section: Readonly<Record<string, unknown>>): Objects =>
  Array.isArray(section["facts"]) ? section["facts"].filter(isFields) : [];

function cardOf({ message, "teams-workflows": part }: Notification): unknown {
  const texts = textsIn(part);
  const { adaptiveCard = "", title = "", themeColor, text = "" } = texts;
  if (adaptiveCard !== "") return jsonOf(adaptiveCard, "teams-workflows.adaptiveCard");
  const { sections = "", facts = "", potentialAction = "" } = texts;
  const said = text === "" ? message : text;
  const listed = (json: string, what: string): Objects => (json === "" ? [] : objectsOf(json, what));
  const actions = buttons(listed(potentialAction, "teams-workflows.potentialAction"));
  const color = orNone(themeColor);
  return {
    type: "AdaptiveCard",
    version: "1.4",
    body: [
      ...(title === "" ? [] : [{ type: "TextBlock", text: title, size: "Large", weight: "Bolder", color, wrap: true }]),
      ...(said === "" ? [] : [{ type: "TextBlock", text: said, wrap: true }]),
      ...factSet(listed(facts, "teams-workflows.facts")),
      ...listed(sections, "teams-workflows.sections").flatMap((section) => factSet(factsOf(section))),
    ],
    actions: actions.length === 0 ? undefined : actions,
  };
}

const KNOWN =
  /api\.(powerautomate|powerplatform)\.com|flow\.microsoft\.com|webhook\.office\.com\/workflows|\/powerautomate\//i;

/** @throws {Error} an address without what it holds */
function checked(url: string, recipient: string): string {
  const parsed = URL.parse(url);
  const named = `the address of recipient ${JSON.stringify(recipient)}`;
  if (parsed === null || parsed.host === "") throw new Error(`${named} is not one`);
  const isLocal = parsed.hostname === "localhost" || parsed.hostname.startsWith("127.");
  if (parsed.protocol !== "https:" && !(isLocal && parsed.protocol === "http:"))
    throw new Error(`${named} must begin with https://`);
  if (!KNOWN.test(url)) throw new Error(`${named} is not one of a workflow of Power Automate`);
  return url;
}

export const teamsWorkflows = serviceRow({
  type: "teams-workflows",
  configure: (settings) => ({
    urls: settings.textMap("recipientUrls"),
    insecure: settings.flag("insecureSkipVerify"),
  }),
  secrets: ({ urls }) => [...urls.values()].flatMap(secretsOfUrl),
  render: (part, render) => filled(renderTexts(part, render, [...TEAMS_TEXTS, "adaptiveCard"])),
  async send({ urls, insecure }, { notification, to, ports }) {
    const url = checked(ofRecipient(urls, to.recipient, "recipientUrls"), to.recipient);
    const attachment = { contentType: "application/vnd.microsoft.card.adaptive", content: cardOf(notification) };
    const body = structJson({ type: "message", attachments: [attachment] });
    await askWell({ method: "POST", url, headers: { "content-type": "application/json" }, body, insecure }, ports);
  },
});
