/**
 * From the texts of a ConfigMap and a Secret to a configuration (docs/notifications.md#configuration). What is wrong with
 * one key spoils that key only.
 */
import type { ServiceRow } from "../../../providers/notifications/service.ts";
import { parseExpression, type Expression } from "../../expression/named.ts";
import type {
  ConfigurationProblem,
  DefaultSubscription,
  NamedService,
  NotificationConfiguration,
  NotificationTemplate,
  Trigger,
  TriggerCondition,
} from "./configuration.ts";
import { selectorOf } from "./selectorText.ts";

export interface ConfigurationTexts {
  readonly namespace: string;
  readonly isSelfService: boolean;
  readonly data: Readonly<Record<string, string>>;
  /** Decoded. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** Compiles a template, to find what is wrong with it. @throws where it is no template */
export type CheckTemplate = (name: string, text: string) => unknown;

export interface ParsePorts {
  readonly rows: readonly ServiceRow[];
  readonly checkTemplate: CheckTemplate;
}

/** A mistake in one key. */
class Mistake extends Error {}

export function parseConfiguration(texts: ConfigurationTexts, ports: ParsePorts): NotificationConfiguration {
  const { namespace, isSelfService, data, secrets } = texts;
  const problems: ConfigurationProblem[] = [];
  const services = new Map<string, NamedService>();
  const triggers = new Map<string, Trigger>();
  const templates = new Map<string, NotificationTemplate>();
  const serviceDefaultTriggers = new Map<string, readonly string[]>();
  const attempt = <T>(key: string, parse: (text: string) => T): T | undefined => {
    const text = data[key];
    if (text === undefined) return undefined;
    try {
      return parse(text);
    } catch (error) {
      problems.push({ key, sentence: sentenceOf(error) });
      return undefined;
    }
  };
  const note = (key: string) => (sentence: string) => void problems.push({ key, sentence });
  const all = Object.keys(data).toSorted();
  for (const key of all) {
    const [kind = "", ...rest] = key.split(".");
    const name = rest.join(".");
    if (rest.length === 0) continue;
    if (kind === "service")
      attempt(key, (text) => addService(services, rest, text, { secrets, ports, note: note(key) }));
    else if (kind === "trigger") attempt(key, (text) => void triggers.set(name, triggerOf(text, note(key))));
    else if (kind === "template")
      attempt(key, (text) => void templates.set(name, templateOf(name, text, ports, note(key))));
    else if (kind === "defaultTriggers")
      attempt(key, (text) => void serviceDefaultTriggers.set(name, textsOf(yaml(text), "it")));
  }
  for (const [name, trigger] of triggers) problems.push(...missingTemplates(name, trigger, templates));
  return {
    namespace,
    isSelfService,
    services,
    triggers,
    templates,
    serviceDefaultTriggers,
    subscriptions: attempt("subscriptions", subscriptionsOf) ?? [],
    defaultTriggers: attempt("defaultTriggers", (text) => textsOf(yaml(text), "it")) ?? [],
    context: attempt("context", contextOf) ?? {},
    secrets,
    problems,
  };
}

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** @throws {Mistake} */
function yaml(text: string): unknown {
  if (text.trim() === "") return undefined;
  try {
    return Bun.YAML.parse(text);
  } catch (error) {
    const why = sentenceOf(error).replace(/^YAML Parse error: /, "");
    throw new Mistake(`it is not YAML (${why}): look at its quotes, brackets and indentation`, { cause: error });
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Scalars are texts, as YAML's readers in Go take them. */
const textIn = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";

function textsOf(value: unknown, what: string): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Mistake(`${what} must be a list, a line with "- " for each element`);
  return value.map(textIn).filter((text) => text !== "");
}

const KEY = /[$]([\w-]+)/g;

interface Known {
  readonly secrets: Readonly<Record<string, string>>;
  readonly ports: ParsePorts;
  readonly note: (sentence: string) => void;
}

function addService(
  services: Map<string, NamedService>,
  rest: readonly string[],
  text: string,
  { secrets, ports: { rows }, note }: Known,
): void {
  const [type = "", name = type, ...more] = rest;
  if (more.length > 0 || type === "" || name === "")
    throw new Mistake("a service's key is service.TYPE or service.TYPE.NAME, with no more dots");
  const row = rows.find((each) => each.type === type);
  if (row === undefined) {
    const known = rows.map((each) => each.type).join(", ");
    throw new Mistake(`there is no service of type "${type}"; there are ${known}`);
  }
  const missing = new Set<string>();
  const replaced = withSecrets(yaml(text), secrets, (key) => missing.add(key));
  for (const key of missing) note(`the Secret has no key "${key}": add it there, or mend the name behind the $`);
  services.set(name, { type, service: row.configure(replaced) });
}

/** `$key` becomes the Secret's value in every text, and stays where there is none, as in notifications-engine. */
function withSecrets(value: unknown, secrets: Known["secrets"], missing: (key: string) => void): unknown {
  const replace = (text: string): string =>
    text.replace(KEY, (whole, key: string) => {
      if (Object.hasOwn(secrets, key)) return secrets[key] ?? "";
      missing(key);
      return whole;
    });
  const walk = (each: unknown): unknown => {
    if (typeof each === "string") return replace(each);
    if (Array.isArray(each)) return each.map(walk);
    if (!isRecord(each)) return each;
    return Object.fromEntries(Object.entries(each).map(([key, member]) => [replace(key), walk(member)]));
  };
  return walk(value);
}

function triggerOf(text: string, note: Known["note"]): Trigger {
  const list = yaml(text);
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) throw new Mistake('a trigger is a list of conditions: "- send: [TEMPLATE]"');
  return list.map((each: unknown, index) => conditionOf(each, `condition ${index + 1}`, note));
}

function conditionOf(raw: unknown, what: string, note: Known["note"]): TriggerCondition {
  if (!isRecord(raw)) throw new Mistake(`${what} is no object: write "- send: [TEMPLATE]", and "when:" below it`);
  const when = textIn(raw["when"]);
  const oncePer = textIn(raw["oncePer"]);
  const read = (source: string, field: string): Expression | undefined => {
    if (source === "") return undefined;
    const parsed = parseExpression(source);
    if (!("problem" in parsed)) return parsed;
    const { message, line, column } = parsed.problem;
    note(`${what}: ${field} cannot be read: ${message} (line ${line}, column ${column}); nothing is sent by it`);
    return undefined;
  };
  const whenExpression = read(when, "when");
  const oncePerExpression = read(oncePer, "oncePer");
  const isBroken = (when !== "" && whenExpression === undefined) || (oncePer !== "" && oncePerExpression === undefined);
  const send = textsOf(raw["send"], `send of ${what}`);
  return { send, when, oncePer, description: textIn(raw["description"]), whenExpression, oncePerExpression, isBroken };
}

function missingTemplates(
  trigger: string,
  conditions: Trigger,
  templates: ReadonlyMap<string, NotificationTemplate>,
): ConfigurationProblem[] {
  const missing = new Set(conditions.flatMap(({ send }) => send).filter((name) => !templates.has(name)));
  return [...missing].map((name) => ({
    key: `trigger.${trigger}`,
    sentence: `it sends template "${name}", and there is no template.${name}: add it, or mend the name`,
  }));
}

function templateOf(name: string, text: string, { rows, checkTemplate }: ParsePorts, note: Known["note"]) {
  const raw = yaml(text) ?? {};
  if (!isRecord(raw)) throw new Mistake('a template is an object: "message: …", and a part for each service');
  const template: Record<string, unknown> = { ...raw };
  const check = (part: string, act: () => unknown): void => {
    try {
      act();
    } catch (error) {
      note(`${part}: ${sentenceOf(error)}; what needs it is not sent`);
    }
  };
  const message = template["message"];
  if (message !== undefined) check("message", () => checkTemplate(name, textIn(message)));
  for (const { part, renderPart } of rows) {
    if (part === undefined || template[part] === undefined || template[part] === null) continue;
    check(part, () =>
      renderPart(template[part], (each) => {
        checkTemplate(name, each);
        return "";
      }),
    );
  }
  return template;
}

function subscriptionsOf(text: string): DefaultSubscription[] {
  const list = yaml(text);
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) throw new Mistake('subscriptions are a list: "- recipients: [slack:CHANNEL]"');
  return list.map((raw: unknown) => {
    if (!isRecord(raw)) throw new Mistake('a subscription is an object: "- recipients: [slack:CHANNEL]"');
    const selector = textIn(raw["selector"]);
    const selects = selectorOf(selector);
    if (selects === undefined) throw new Mistake(`the selector ${JSON.stringify(selector)} is none, such as "app=web"`);
    return {
      recipients: textsOf(raw["recipients"], "recipients"),
      triggers: textsOf(raw["triggers"], "triggers"),
      selects,
      hasSelector: selector.trim() !== "",
    };
  });
}

function contextOf(text: string): Record<string, string> {
  const raw = yaml(text) ?? {};
  if (!isRecord(raw)) throw new Mistake('context is an object of texts: "url: https://…"');
  return Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, textIn(value)]));
}
