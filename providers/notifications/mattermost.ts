/** Mattermost's API v4 (docs/notifications/services.md#mattermost). */
import { sorted, structJson } from "./json.ts";
import { askWell, jsonListOf, renderTexts, serviceRow, textsIn } from "./row.ts";

export const mattermost = serviceRow({
  type: "mattermost",
  configure: (settings) => ({
    apiUrl: settings.text("apiURL"),
    token: settings.text("token"),
    insecure: settings.flag("insecureSkipVerify"),
  }),
  secrets: ({ token }) => [token],
  render: (part, render) => renderTexts(part, render, ["attachments"]),
  async send({ apiUrl, token, insecure }, { notification, part, to, ports }) {
    const { attachments = "" } = textsIn(part);
    const listed = attachments === "" ? [] : jsonListOf(attachments, "mattermost.attachments");
    const post = { channel_id: to.recipient, message: notification.message, props: { attachments: listed } };
    const request = {
      method: "POST",
      url: `${apiUrl.replace(/\/+$/, "")}/api/v4/posts`,
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: structJson(sorted(post)),
      insecure,
    };
    await askWell(request, ports);
  },
});
