/** Events of PagerDuty, Events API v2 (docs/notifications/services.md#pagerdutyv2). */
import { orNone, structJson } from "./json.ts";
import { ofRecipient } from "./recipients.ts";
import { askWell, renderTexts, serviceRow, textsIn } from "./row.ts";

const TEXTS = ["summary", "severity", "source", "component", "group", "class", "url", "dedupKey"] as const;

export const pagerDutyV2 = serviceRow({
  type: "pagerdutyv2",
  configure: (settings) => ({ keys: settings.textMap("serviceKeys") }),
  secrets: ({ keys }) => keys.values(),
  render: (part, render) => renderTexts(part, render, TEXTS),
  async send({ keys }, { part, to, ports }) {
    const key = ofRecipient(keys, to.recipient, "serviceKeys");
    if (part === undefined) throw new Error("not sent: the template has no part pagerdutyv2, which names the summary");
    const { summary = "", severity = "", source = "", component, group, class: ofClass, url, dedupKey } = textsIn(part);
    const event = {
      routing_key: key,
      event_action: "trigger",
      dedup_key: orNone(dedupKey),
      client: "ArgoCD",
      client_url: orNone(url),
      payload: {
        summary,
        source,
        severity,
        component: orNone(component),
        group: orNone(group),
        class: orNone(ofClass),
      },
    };
    const headers = { "content-type": "application/json" };
    const body = structJson(event);
    await askWell({ method: "POST", url: "https://events.pagerduty.com/v2/enqueue", headers, body }, ports);
  },
});
