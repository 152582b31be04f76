/** Annotations of Grafana (docs/notifications/services.md#grafana). */
import { structJson } from "./json.ts";
import { askWell, serviceRow } from "./row.ts";

export const grafana = serviceRow({
  type: "grafana",
  configure: (settings) => ({
    apiUrl: settings.text("apiUrl"),
    apiKey: settings.text("apiKey"),
    insecure: settings.flag("insecureSkipVerify"),
  }),
  secrets: ({ apiKey }) => [apiKey],
  async send({ apiUrl, apiKey, insecure }, { notification, to, ports }) {
    const url = URL.parse(apiUrl);
    if (url === null) throw new Error("not sent: service.grafana.apiUrl is not an address");
    url.pathname = `${url.pathname.replace(/\/+$/, "")}/annotations`;
    const body = structJson({
      time: Math.floor(ports.now() / 1_000) * 1_000,
      isRegion: false,
      tags: to.recipient.split("|"),
      text: notification.message,
    });
    const headers = { "content-type": "application/json", authorization: `Bearer ${apiKey}` };
    await askWell({ method: "POST", url: url.href, headers, body, insecure }, ports);
  },
});
