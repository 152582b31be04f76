/** Subjects of NATS (docs/notifications/services.md#nats). */
import { serviceRow } from "./row.ts";

export const nats = serviceRow({
  type: "nats",
  configure: (settings) => ({
    url: settings.text("url"),
    headers: settings.textMap("headers"),
    nkey: settings.text("nkey"),
    username: settings.text("username"),
    password: settings.text("password"),
  }),
  secrets: ({ url, headers, nkey, password }) => [nkey, password, ...headers.values(), ...passwordsOf(url)],
  async send({ username, password, ...options }, { notification: { message }, to, ports }) {
    if (ports.nats === undefined) throw new Error("not sent: messages to NATS are not set up here");
    if (!/^[^\s\p{Cc}]+$/u.test(to.recipient))
      throw new Error(`the recipient ${JSON.stringify(to.recipient)} is no subject of NATS`);
    // One without the other is none, as the reference has it.
    const login = username !== "" && password !== "" ? { username, password } : { username: "", password: "" };
    await ports.nats({ ...options, ...login, subject: to.recipient, data: message }, ports.signal);
  },
});

/** Of `nats://user:password@host`, or `nats://token@host`. */
const passwordsOf = (url: string): readonly string[] =>
  url.split(",").flatMap((each) => {
    const { username = "", password = "" } = URL.parse(each.trim()) ?? {};
    return password === "" ? [username] : [password];
  });
