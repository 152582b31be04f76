/** Incidents of PagerDuty, REST API v2 (docs/notifications/services.md#pagerduty). */
import { orNone, structJson } from "./json.ts";
import { askWell, renderTexts, serviceRow, textsIn } from "./row.ts";

export const pagerDuty = serviceRow({
  type: "pagerduty",
  configure: (settings) => ({ token: settings.text("token"), from: settings.text("from") }),
  secrets: ({ token }) => [token],
  render: (part, render) => renderTexts(part, render, ["title", "body", "urgency", "priorityId"]),
  async send({ token, from }, { part, to, ports }) {
    if (part === undefined) throw new Error("not sent: the template has no part pagerduty, which names the title");
    const { title = "", body, urgency, priorityId = "" } = textsIn(part);
    const request = {
      method: "POST",
      url: "https://api.pagerduty.com/incidents",
      headers: {
        accept: "application/vnd.pagerduty+json;version=2",
        authorization: `Token token=${token}`,
        "content-type": "application/json",
        ...(from !== "" && { from }),
      },
      body: structJson({
        incident: {
          type: "incident",
          title,
          service: { id: orNone(to.recipient), type: "service_reference" },
          // A reference without an ID is none.
          priority: priorityId === "" ? undefined : { id: priorityId, type: "priority" },
          urgency: orNone(urgency),
          body: { type: "incident_details", details: orNone(body) },
        },
      }),
    };
    await askWell(request, ports);
  },
});
