/** Mail by SMTP (docs/notifications/services.md#email). */
import { addressOf, mailText } from "./mail.ts";
import { filled, renderTexts, serviceRow, textsIn } from "./row.ts";

export const email = serviceRow({
  type: "email",
  configure: (settings) => ({
    host: settings.text("host"),
    port: settings.whole("port"),
    insecure: settings.flag("insecure_skip_verify"),
    username: settings.text("username"),
    password: settings.text("password"),
    from: settings.text("from"),
    isHtml: settings.flag("html"),
  }),
  secrets: ({ password }) => [password],
  render: (part, render) => filled(renderTexts(part, render, ["subject", "body"])),
  async send({ from, isHtml, ...server }, { notification: { message }, part, to, ports }) {
    if (server.host === "") throw new Error("not sent: service.email.host is missing");
    if (server.port < 1 || server.port > 65_535) throw new Error("not sent: service.email.port is not one");
    const sender = addressOf(from);
    if (sender === undefined) throw new Error("not sent: service.email.from is not an address of mail");
    const { subject = "", body = "" } = textsIn(part);
    const named = to.recipient.split(",").map((each) => each.trim());
    const recipients = named.map((each) => {
      const address = addressOf(each);
      if (address === undefined) throw new Error(`not sent: ${JSON.stringify(each)} is not an address of mail`);
      return address;
    });
    const text = mailText({ from, to: named, subject, body: body === "" ? message : body, isHtml, at: ports.now() });
    // A password without a user, or the other way round, is none.
    const isKnown = server.username !== "" && server.password !== "";
    const login = isKnown ? {} : { username: "", password: "" };
    await ports.smtp({ ...server, ...login, from: sender, to: [...new Set(recipients)], text }, ports.signal);
  },
});
