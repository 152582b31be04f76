/** Telegram's Bot API (docs/notifications/services.md#telegram). */
import { askWell, formOf, serviceRow } from "./row.ts";

/** `-1001|7`: the chat and its topic; a number: a chat with a person; anything else: the name of a channel. */
function chatOf(recipient: string): Record<string, string> {
  if (!recipient.startsWith("-")) {
    const isNumber = /^\d{1,19}$/.test(recipient);
    return { chat_id: isNumber || recipient.startsWith("@") ? recipient : `@${recipient}` };
  }
  const [chat = "", topic] = recipient.split("|");
  if (!/^-\d{1,19}$/.test(chat) || (topic !== undefined && !/^\d{1,10}$/.test(topic)))
    throw new Error(`the recipient ${JSON.stringify(recipient)} is none: -CHAT or -CHAT|TOPIC, both numbers`);
  return {
    chat_id: chat,
    ...(topic !== undefined && Number(topic) > 0 && { message_thread_id: String(Number(topic)) }),
  };
}

export const telegram = serviceRow({
  type: "telegram",
  configure: (settings) => ({ token: settings.text("token") }),
  secrets: ({ token }) => [token],
  async send({ token }, { notification: { message }, to, ports }) {
    const values = { ...chatOf(to.recipient), ...(message !== "" && { text: message }), parse_mode: "Markdown" };
    const request = {
      method: "POST",
      url: `https://api.telegram.org/bot${encodeURIComponent(token).replaceAll("%3A", ":")}/sendMessage`,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: formOf(values),
    };
    await askWell(request, ports);
  },
});
