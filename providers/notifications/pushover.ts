/** Pushover (docs/notifications/services.md#pushover). */
import { askWell, formOf, serviceRow, shortened } from "./row.ts";

/** Characters of a message that Pushover takes; one that is cut short says more than none. */
const LONGEST = 1_024;

export const pushover = serviceRow({
  type: "pushover",
  configure: (settings) => ({ token: settings.text("token") }),
  secrets: ({ token }) => [token],
  async send({ token }, { notification: { message }, to, ports }) {
    if (message === "") throw new Error("not sent: the message is empty, which Pushover does not take");
    const request = {
      method: "POST",
      url: "https://api.pushover.net/1/messages.json",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: formOf({ token, user: to.recipient, message: shortened(message, LONGEST), priority: "0" }),
    };
    await askWell(request, ports);
  },
});
