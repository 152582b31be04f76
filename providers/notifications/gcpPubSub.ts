/** Topics of Google Cloud Pub/Sub, REST API v1 (docs/notifications/services.md#gcppubsub). */
import { sorted, structJson } from "./json.ts";
import { askWell, filled, serviceRow } from "./row.ts";

const SCOPE = "https://www.googleapis.com/auth/pubsub";

export const gcpPubSub = serviceRow({
  type: "gcppubsub",
  configure: (settings) => ({
    topic: settings.text("topic"),
    project: settings.text("project"),
    keyFile: settings.text("keyFile"),
  }),
  secrets: () => [],
  render(part, render) {
    const attributes = [...part.textMap("attributes")];
    if (attributes.length === 0) return {};
    const texts = attributes.map(([name, text]) => [name, render(text, `${part.at}.attributes.${name}`)]);
    return { attributes: filled(Object.fromEntries(texts) as Record<string, string>) };
  },
  async send({ topic, project, keyFile }, { notification: { message }, part, to, ports }) {
    const name = to.recipient === "" ? topic : to.recipient;
    if (project === "" || name === "") throw new Error("not sent: service.gcppubsub.project or the topic is missing");
    const { attributes } = (part ?? {}) as { readonly attributes?: Readonly<Record<string, string>> };
    const request = {
      method: "POST",
      url: `https://pubsub.googleapis.com/v1/projects/${encodeURIComponent(project)}/topics/${encodeURIComponent(name)}:publish`,
      headers: { "content-type": "application/json" },
      body: structJson({
        messages: [
          {
            data: Buffer.from(message, "utf8").toString("base64"),
            attributes: attributes === undefined ? undefined : sorted(attributes),
          },
        ],
      }),
      google: { scope: SCOPE, keyFile },
    };
    await askWell(request, ports);
  },
});
