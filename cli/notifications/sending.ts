/** How a person's own notifications are sent: from this machine, to wherever they say. */
import type { Senders } from "../../controller/notifications/notificationsRow.ts";
import { createSendHttp } from "../../providers/notifications/http.ts";
import { createSendNats } from "../../providers/notifications/natsClient.ts";
import { createSendMail } from "../../providers/notifications/smtp.ts";
import type { CliPorts } from "../ports.ts";

/** The person's machine and network are the person's. */
const EVERYWHERE = ["0.0.0.0/0", "::/0", "127.0.0.0/8", "::1/128", "169.254.0.0/16", "fe80::/10"];

export async function sendersOf({
  env,
  version,
  clock,
}: Pick<CliPorts, "env" | "version" | "clock">): Promise<Senders> {
  const wire = {
    version,
    clock,
    addresses: { allow: EVERYWHERE, deny: [] },
    apiServers: [],
    environment: (name: string) => env[name],
    readText: async (path: string) => ((await Bun.file(path).exists()) ? Bun.file(path).text() : undefined),
  };
  return { http: createSendHttp(wire), smtp: createSendMail(wire), nats: createSendNats(wire) };
}
