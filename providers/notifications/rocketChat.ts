/** Rocket.Chat's REST API (docs/notifications/services.md#rocketchat). */
import { isFields } from "../../kube/object/goJson.ts";
import { orNone, sorted, structJson } from "./json.ts";
import { askWell, formOf, hostOf, jsonListOf, renderTexts, serviceRow, shown, textsIn } from "./row.ts";
import type { HttpRequest, SendPorts } from "./service.ts";
import { answerObject } from "./answers.ts";

interface Options {
  readonly alias: string;
  readonly email: string;
  readonly password: string;
  readonly icon: string;
  readonly avatar: string;
  readonly serverUrl: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** @throws {Error} also for an answer that says it went wrong */
async function call(request: HttpRequest, ports: SendPorts): Promise<Fields> {
  const { body } = await askWell(request, ports);
  const answer = answerObject(body, `what answered at ${hostOf(request.url)} is not Rocket.Chat`);
  const isWell = answer["success"] === true || answer["status"] === "success";
  if (isWell) return answer;
  const why = answer["error"] ?? answer["message"];
  throw new Error(`${hostOf(request.url)} refused it: ${typeof why === "string" ? shown(why) : "it says no reason"}`);
}

const isAddress = (text: string): boolean => /^https?:$/.test(URL.parse(text)?.protocol ?? "");

function postOf(options: Options, message: string, part: unknown, recipient: string): string {
  const { icon, avatar, alias } = options;
  const isChannel = recipient.startsWith("#") || recipient.startsWith("@");
  const { attachments = "" } = textsIn(part);
  const listed = attachments === "" ? [] : jsonListOf(attachments, "rocketchat.attachments");
  return structJson({
    roomId: isChannel ? undefined : orNone(recipient),
    channel: isChannel ? recipient : undefined,
    text: orNone(message),
    alias: orNone(alias),
    emoji: /^:.+:$/.test(icon) ? icon : undefined,
    avatar: isAddress(avatar) ? avatar : undefined,
    attachments: listed.length === 0 ? undefined : sorted(listed),
  });
}

export const rocketChat = serviceRow<Options>({
  type: "rocketchat",
  configure: (settings) => ({
    alias: settings.text("alias"),
    email: settings.text("email"),
    password: settings.text("password"),
    icon: settings.text("icon"),
    avatar: settings.text("avatar"),
    serverUrl: settings.text("serverUrl"),
  }),
  secrets: ({ password }) => [password],
  render: (part, render) => renderTexts(part, render, ["attachments"]),
  async send(options, { notification, part, to, ports, hide }) {
    const server = URL.parse(options.serverUrl);
    if (server === null || server.host === "")
      throw new Error("not sent: service.rocketchat.serverUrl is not an address");
    const at = `${server.origin}${server.pathname.replace(/\/+$/, "")}/api/v1`;
    const body = postOf(options, notification.message, part, to.recipient);
    const login = await call(
      {
        method: "POST",
        url: `${at}/login`,
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: formOf({ user: options.email, password: options.password }),
      },
      ports,
    );
    const data = isFields(login["data"]) ? login["data"] : {};
    const [token, user] = [data["authToken"], data["userId"]];
    if (typeof token !== "string" || typeof user !== "string")
      throw new Error(`${server.host} took the login and gave no token`);
    hide(token);
    const headers = { "content-type": "application/json", "x-auth-token": token, "x-user-id": user };
    await call({ method: "POST", url: `${at}/chat.postMessage`, headers, body }, ports);
  },
});
