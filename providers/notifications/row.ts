/** What all rows share: errors are sentences that begin with the service and hold none of its secrets. */
import { byteOrder } from "../../kube/object/goJson.ts";
import { messageOf } from "../../kube/object/errors.ts";
import { redactor } from "../metrics/redact.ts";
import { Busy } from "./service.ts";
import type { Destination, HttpRequest, Notification, RenderText, SendPorts, ServiceRow } from "./service.ts";
import { type Settings, settingsOf } from "./settings.ts";

/** A notification on its way to one recipient. */
export interface Sending {
  readonly notification: Notification;
  /** The service's part of it; undefined: the template has none. */
  readonly part: unknown;
  readonly to: Destination;
  readonly ports: SendPorts;
  /** A secret that came about on the way, a token for instance: errors do not show it either. */
  readonly hide: (secret: string) => void;
}

interface RowOf<S> {
  readonly type: string;
  /** @throws {Error} */
  readonly configure: (settings: Settings) => S;
  /** The values that errors must not show. */
  readonly secrets: (options: S) => Iterable<string>;
  /** Absent: the service has no part of a template. */
  readonly render?: (part: Settings, render: RenderText, template: string) => unknown;
  /** @throws {Error} `message` is a sentence to be read after "slack: " */
  readonly send: (options: S, sending: Sending) => Promise<void>;
}

export function serviceRow<S>({ type, configure, secrets, render, send }: RowOf<S>): ServiceRow {
  return {
    type,
    part: render === undefined ? undefined : type,
    configure(given) {
      const options = configure(settingsOf(given, `service.${type}`));
      return {
        async send(notification, to, ports) {
          const hidden: string[] = [];
          const hide = (secret: string): void => void hidden.push(secret);
          const sending = { notification, part: notification[type], to, ports, hide };
          const failed = await send(options, sending).then(
            () => undefined,
            (error: unknown) => error,
          );
          if (failed === undefined) return;
          const why = ports.signal.aborted ? "not sent: it was stopped before it was done" : messageOf(failed);
          // Without its cause, which may hold secrets.
          const told = `${type}: ${redactor([...secrets(options), ...hidden])(why)}`;
          throw failed instanceof Busy ? new Busy(told, failed.waitMs) : new Error(told);
        },
      };
    },
    renderPart(part, renderText, template = "rollout") {
      if (render === undefined || part === undefined || part === null) return undefined;
      return render(settingsOf(part, type), renderText, template);
    },
  };
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The host alone: paths and queries hold tokens. */
export function hostOf(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null || parsed.host === "" ? "an address that is none" : parsed.host;
}

/** Characters of an answer that an error shows. */
const MOST_SHOWN = 300;

/** What a server said, in one line. */
export function shown(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > MOST_SHOWN ? `${line.slice(0, MOST_SHOWN)}…` : line;
}

/** Of so many characters at most, the end of a longer one replaced by dots. */
export function shortened(text: string, most: number): string {
  const characters = Array.from(text);
  return characters.length > most ? `${characters.slice(0, most - 3).join("")}...` : text;
}

/** @throws {Error} when there is no answer */
export async function ask(request: HttpRequest, { http, signal }: SendPorts): Promise<Answered> {
  if (!URL.canParse(request.url)) throw new Error("not sent: its address is not one");
  const answer = await http(request, signal);
  if (answer.kind === "failed") throw new Error(answer.message);
  return answer;
}

export function refused({ url, method }: HttpRequest, { status, body }: Answered): Error {
  const said = shown(body);
  return new Error(`${hostOf(url)} answered ${method} with ${status}${said === "" ? "" : `: ${said}`}`);
}

/** @throws {Error} also for an answer that is no 2xx */
export async function askWell(request: HttpRequest, ports: SendPorts): Promise<Answered> {
  const answer = await ask(request, ports);
  if (answer.status < 200 || answer.status > 299) throw refused(request, answer);
  return answer;
}

/** JSON that a template made. @throws {Error} `what` is no JSON of that kind */
export function jsonOf(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${what} of the template is not JSON once it is rendered`);
  }
}

/** @throws {Error} also for JSON that is no list; null is an empty one */
export function jsonListOf(text: string, what: string): readonly unknown[] {
  const value = jsonOf(text, what);
  if (value === null) return [];
  if (!Array.isArray(value)) throw new Error(`${what} of the template is not a list once it is rendered`);
  return value;
}

/** The members that are texts, rendered, in this order; absent ones are rendered as "". */
export function renderTexts<Name extends string>(
  part: Settings,
  render: RenderText,
  names: readonly Name[],
): Record<Name, string> {
  const entries = names.map((name) => [name, renderText(part, render, name)] as const);
  return Object.fromEntries(entries) as Record<Name, string>;
}

export const renderText = (part: Settings, render: RenderText, name: string): string => {
  const text = part.text(name);
  return text === "" ? "" : render(text, `${part.at}.${name}`);
};

/** Without those that are empty, which leave an earlier template's alone. */
export const filled = (texts: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ""));

/** A part that `render` made. */
export const textsIn = (part: unknown): Readonly<Record<string, string>> => (part ?? {}) as Record<string, string>;

/** `application/x-www-form-urlencoded` as Go writes it, names in their order. */
export function formOf(values: Readonly<Record<string, string>>): string {
  const entries = Object.entries(values).toSorted(([a], [b]) => byteOrder(a, b));
  return new URLSearchParams(entries).toString().replaceAll("*", "%2A").replaceAll("%7E", "~");
}

export const basicAuth = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
