/** Any HTTP server (docs/notifications/services.md#webhook). */
import { isFields } from "../../kube/object/goJson.ts";
import { askAgain } from "./retry.ts";
import { basicAuth, refused, renderTexts, serviceRow, textsIn } from "./row.ts";
import { type Settings, settingsOf } from "./settings.ts";

/** Nanoseconds, as the reference reads it, or a duration such as 500ms, as its documentation has it. */
function waitMs(settings: Settings, name: string, usualMs: number): number {
  const given = settings.any(name);
  if (typeof given === "number" && given > 0) return given / 1e6;
  if (given === undefined || given === null || given === 0) return usualMs;
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ns|us|ms|s|m)$/.exec(typeof given === "string" ? given : "") ?? [];
  const units: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, ms: 1, s: 1_000, m: 60_000 };
  if (unit === undefined) throw new Error(`${settings.at}.${name} must be a duration such as 1s`);
  return Number(amount) * (units[unit] ?? 1);
}

/** The header's names in small letters: the last one of a name counts. */
function headersOf(settings: Settings): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const header of settings.listOf("headers")) headers[header.text("name").toLowerCase()] = header.text("value");
  const basic = settings.within("basicAuth");
  if (basic !== undefined) headers["authorization"] = basicAuth(basic.text("username"), basic.text("password"));
  return headers;
}

/** Say nothing secret, and stand in answers often. */
const isPlain = (name: string): boolean => ["accept", "content-type", "user-agent"].includes(name);

function configure(settings: Settings) {
  const headers = headersOf(settings);
  const basic = settings.within("basicAuth");
  const url = settings.text("url");
  return {
    url,
    headers,
    insecure: settings.flag("insecureSkipVerify"),
    retries: {
      most: settings.whole("retryMax") || 3,
      waitMinMs: waitMs(settings, "retryWaitMin", 1_000),
      waitMaxMs: waitMs(settings, "retryWaitMax", 5_000),
    },
    secrets: [
      basic?.text("password") ?? "",
      ...Object.entries(headers).flatMap(([name, value]) =>
        isPlain(name) ? [] : [value, value.replace(/^\w+ +/, "")],
      ),
      ...secretsOfUrl(url),
    ],
  };
}

/** A part of an address that is no word. */
const isToken = (part: string): boolean => part.length >= 8 && (part.length >= 20 || /[\d%=&?/]|[a-z][A-Z]/.test(part));

/** Tokens in an address: what comes after the host, as a whole and in parts. */
export function secretsOfUrl(url: string): readonly string[] {
  const parsed = URL.parse(url);
  if (parsed === null) return [url];
  const { pathname, search, searchParams, password } = parsed;
  const parts = [`${pathname}${search}`, pathname, search, ...pathname.split("/"), ...searchParams.values()];
  return [...parts, ...parts.map(decoded)].filter(isToken).concat(decoded(password));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const webhook = serviceRow({
  type: "webhook",
  configure,
  secrets: ({ secrets }) => secrets,
  render: (part, render) => {
    const names = Object.keys(part.all);
    return Object.fromEntries(
      names.map((name) => {
        const one = settingsOf(part.all[name], `${part.at}.${name}`);
        return [name, { method: one.text("method"), ...renderTexts(one, render, ["body", "path"]) }];
      }),
    );
  },
  async send({ url, headers, insecure, retries }, { notification, part, to, ports }) {
    const own = isFields(part) ? part[to.service] : undefined;
    const { method = "", body = "", path = "" } = textsIn(own);
    const request = {
      method: method === "" ? "GET" : method,
      url: path === "" ? url : `${url.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}`,
      headers,
      body: own === undefined ? notification.message : body,
      insecure,
    };
    if (!URL.canParse(request.url)) throw new Error("not sent: service.webhook.url is not an address");
    const answer = await askAgain(request, ports, retries);
    if (answer.status < 200 || answer.status > 299) throw refused(request, answer);
  },
});
