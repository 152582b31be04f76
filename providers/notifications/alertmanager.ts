/** Prometheus' Alertmanager, API v2 (docs/notifications/services.md#alertmanager). */
import { messageOf } from "../../kube/object/errors.ts";
import { sorted, structJson } from "./json.ts";
import { ask, basicAuth, filled, refused, renderText, serviceRow } from "./row.ts";
import type { HttpRequest, RenderText, SendPorts } from "./service.ts";
import type { Settings } from "./settings.ts";

interface Options {
  readonly targets: readonly string[];
  readonly scheme: string;
  readonly apiPath: string;
  readonly authorization: string | undefined;
  readonly secrets: readonly string[];
  readonly timeoutMs: number;
  readonly insecure: boolean;
}

interface Part {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>> | undefined;
  readonly generatorURL: string;
}

function configure(settings: Settings): Options {
  const basic = settings.within("basicAuth");
  const bearer = settings.text("bearerToken");
  const targets = settings.texts("targets");
  return {
    targets: targets.length === 0 ? ["127.0.0.1:9093"] : targets,
    scheme: settings.text("scheme") || "http",
    apiPath: settings.text("apiPath") || "/api/v2/alerts",
    authorization:
      basic === undefined
        ? bearer === ""
          ? undefined
          : `Bearer ${bearer}`
        : basicAuth(basic.text("username"), basic.text("password")),
    secrets: [bearer, basic?.text("password") ?? ""],
    timeoutMs: (settings.whole("timeout") || 3) * 1_000,
    insecure: settings.flag("insecureSkipVerify"),
  };
}

/** `git@host:owner/name.git` as an address that can be opened. */
const opened = (url: string): string =>
  url.startsWith("git@") ? `https://${url.slice("git@".length).replace(":", "/")}` : url;

/** Alertmanager itself takes an empty label for an absent one. */
const rendered = (
  texts: ReadonlyMap<string, string>,
  place: string,
  render: RenderText,
): Readonly<Record<string, string>> =>
  filled(Object.fromEntries([...texts].map(([name, text]) => [name, render(text, `${place}.${name}`)])));

function partOf(part: Settings, render: RenderText, template: string): Part {
  const labels = part.textMap("labels");
  if (labels.size === 0) throw new Error("alertmanager.labels of the template must name one label at least");
  const annotations = part.textMap("annotations");
  return {
    labels: { alertname: template, ...rendered(labels, "alertmanager.labels", render) },
    annotations: annotations.size === 0 ? undefined : rendered(annotations, "alertmanager.annotations", render),
    generatorURL: opened(renderText(part, render, "generatorURL")),
  };
}

export const alertmanager = serviceRow<Options>({
  type: "alertmanager",
  configure,
  secrets: ({ secrets }) => secrets,
  render: partOf,
  async send(options, { part, ports }) {
    if (part === undefined) throw new Error("not sent: the template has no part alertmanager, which names the labels");
    const { labels, annotations, generatorURL } = part as Part;
    const startsAt = new Date(ports.now()).toISOString();
    const body = structJson([
      { labels: sorted(labels), annotations: sorted(annotations ?? null), generatorURL, startsAt },
    ]);
    const sent = await Promise.all(options.targets.map((target) => sendTo(target, options, body, ports)));
    // The members of a cluster tell each other.
    if (sent.includes(undefined)) return;
    throw new Error(`none of its targets took the alert: ${sent.join("; ")}`);
  },
});

/** Why it failed; undefined: it did not. */
async function sendTo(target: string, options: Options, body: string, ports: SendPorts): Promise<string | undefined> {
  const { scheme, apiPath, authorization, insecure, timeoutMs } = options;
  const request: HttpRequest = {
    method: "POST",
    url: `${scheme}://${target}${apiPath}`,
    headers: { "content-type": "application/json", ...(authorization !== undefined && { authorization }) },
    body,
    insecure,
    timeoutMs,
  };
  try {
    const answer = await ask(request, ports);
    return answer.status === 200 ? undefined : refused(request, answer).message;
  } catch (error) {
    return messageOf(error);
  }
}
