/** Opsgenie's alerts (docs/notifications/services.md#opsgenie). */
import { orNone, sorted, structJson } from "./json.ts";
import { ofRecipient } from "./recipients.ts";
import { askAgain } from "./retry.ts";
import { refused, renderText, renderTexts, serviceRow } from "./row.ts";
import type { RenderText } from "./service.ts";
import type { Settings } from "./settings.ts";

interface Responder {
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly username: string;
}

interface Part {
  readonly description: string;
  readonly priority: string;
  readonly alias: string;
  readonly note: string;
  readonly entity: string;
  readonly user: string;
  readonly actions?: readonly string[];
  readonly tags?: readonly string[];
  readonly details?: Readonly<Record<string, string>>;
  readonly visibleTo?: readonly Responder[];
}

const ACTIONS_AND_TAGS = ["actions", "tags"] as const;

/** As the library of the reference tries again. */
const RETRIES = { most: 4, waitMinMs: 1_000, waitMaxMs: 30_000 };

function partOf(part: Settings, render: RenderText): Part {
  const lists = ACTIONS_AND_TAGS.flatMap((name) => {
    const texts = part.textsOr(name);
    return texts === undefined ? [] : [[name, texts.map((text, i) => render(text, `${part.at}.${name}[${i}]`))]];
  });
  const details = part.textMapOr("details");
  const visibleTo = part.listOf("visibleTo");
  return {
    ...renderTexts(part, render, ["description", "priority", "alias", "note", "entity", "user"]),
    ...(Object.fromEntries(lists) as Pick<Part, "actions" | "tags">),
    ...(details !== undefined && {
      details: Object.fromEntries(
        [...details].map(([name, text]) => [name, render(text, `${part.at}.details.${name}`)]),
      ),
    }),
    ...(visibleTo.length > 0 && {
      visibleTo: visibleTo.map((each) => renderResponder(each, render)),
    }),
  };
}

const renderResponder = (responder: Settings, render: RenderText): Responder => ({
  type: renderText(responder, render, "type"),
  name: renderText(responder, render, "name"),
  id: renderText(responder, render, "id"),
  username: renderText(responder, render, "username"),
});

const responder = ({ type, name, id, username }: Responder) => ({
  type: orNone(type),
  name: orNone(name),
  id: orNone(id),
  username: orNone(username),
});

const listOrNone = <T>(list: readonly T[] | undefined): readonly T[] | undefined =>
  list === undefined || list.length === 0 ? undefined : list;

/** The address is a host alone, as the reference has it; one with a scheme is taken, too. */
function addressOf(apiUrl: string): string {
  const host = (apiUrl || "api.opsgenie.com").replace(/\/+$/, "");
  return `${/^https?:\/\//.test(host) ? host : `https://${host}`}/v2/alerts`;
}

export const opsgenie = serviceRow({
  type: "opsgenie",
  configure: (settings) => ({
    url: addressOf(settings.text("apiUrl")),
    keys: settings.textMap("apiKeys"),
    insecure: settings.flag("insecureSkipVerify"),
  }),
  secrets: ({ keys }) => keys.values(),
  render: partOf,
  async send({ url, keys, insecure }, { notification: { message }, part, to, ports }) {
    const key = ofRecipient(keys, to.recipient, "apiKeys");
    const given = part as Part | undefined;
    if (given?.description === "")
      throw new Error("not sent: opsgenie.description of the template is missing or empty");
    if (message === "") throw new Error("not sent: the message is empty, which Opsgenie does not take");
    const details = given?.details;
    const body = structJson({
      message,
      alias: orNone(given?.alias),
      description: orNone(given?.description),
      responders: [{ type: "team", id: orNone(to.recipient) }],
      visibleTo: listOrNone(given?.visibleTo?.map(responder)),
      actions: listOrNone(given?.actions),
      tags: listOrNone(given?.tags),
      details: details === undefined || Object.keys(details).length === 0 ? undefined : sorted(details),
      entity: orNone(given?.entity),
      source: "Argo CD",
      priority: orNone(given?.priority),
      user: orNone(given?.user),
      note: orNone(given?.note),
    });
    const headers = {
      "content-type": "application/json; charset=utf-8",
      accept: "application/json",
      authorization: `GenieKey ${key}`,
    };
    const request = { method: "POST", url, headers, body, insecure };
    const answer = await askAgain(request, ports, RETRIES);
    if (answer.status < 200 || answer.status > 299) throw refused(request, answer);
  },
});
