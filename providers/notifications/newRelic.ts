/** Deployment markers of New Relic (docs/notifications/services.md#newrelic). */
import { orNone, structJson } from "./json.ts";
import { askWell, renderTexts, serviceRow, textsIn } from "./row.ts";

export const newRelic = serviceRow({
  type: "newrelic",
  configure: (settings) => ({
    apiKey: settings.text("apiKey"),
    apiUrl: (settings.text("apiURL") || "https://api.newrelic.com").replace(/\/$/, ""),
    insecure: settings.flag("insecureSkipVerify"),
  }),
  secrets: ({ apiKey }) => [apiKey],
  render: (part, render) => renderTexts(part, render, ["revision", "changelog", "description", "user"]),
  async send({ apiKey, apiUrl, insecure }, { notification, part, to, ports }) {
    if (apiKey === "") throw new Error("not sent: service.newrelic.apiKey is missing");
    if (part === undefined) throw new Error("not sent: the template has no part newrelic");
    const { revision = "", changelog, description = "", user } = textsIn(part);
    if (revision === "") throw new Error("not sent: newrelic.revision of the template is missing or empty");
    const deployment = {
      revision,
      changelog: orNone(changelog),
      description: orNone(description === "" ? notification.message : description),
      user: orNone(user),
    };
    const request = {
      method: "POST",
      url: `${apiUrl}/v2/applications/${encodeURIComponent(to.recipient)}/deployments.json`,
      headers: { "content-type": "application/json", "x-api-key": apiKey },
      body: structJson({ deployment }),
      insecure,
    };
    await askWell(request, ports);
  },
});
