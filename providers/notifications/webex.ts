/** Webex (docs/notifications/services.md#webex). */
import { orNone, structJson } from "./json.ts";
import { askWell, serviceRow } from "./row.ts";

export const webex = serviceRow({
  type: "webex",
  configure: (settings) => ({
    token: settings.text("token"),
    apiUrl: (settings.text("apiURL") || "https://webexapis.com").replace(/\/$/, ""),
    insecure: settings.flag("insecureSkipVerify"),
  }),
  secrets: ({ token }) => [token],
  async send({ token, apiUrl, insecure }, { notification, to, ports }) {
    const isPerson = /^\S+@\S+\.\S+$/.test(to.recipient);
    const request = {
      method: "POST",
      url: `${apiUrl}/v1/messages`,
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: structJson({
        [isPerson ? "toPersonEmail" : "roomId"]: orNone(to.recipient),
        markdown: orNone(notification.message),
      }),
      insecure,
    };
    await askWell(request, ports);
  },
});
