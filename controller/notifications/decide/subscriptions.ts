/** Who wants to be told of what: by annotations of the Rollout, and by default (docs/notifications.md#subscriptions). */
import type { Destination } from "../../../providers/notifications/service.ts";
import { SUBSCRIBE, SUBSCRIPTIONS } from "../../../schema/labels.ts";
import type { NotificationConfiguration } from "../configuration/configuration.ts";

type Texts = Readonly<Record<string, string>>;

/** One wish; `trigger` "": the default triggers. */
interface Wish {
  readonly trigger: string;
  readonly service: string;
  readonly recipients: readonly string[];
}

export const isSubscribed = (annotations: Texts): boolean =>
  Object.keys(annotations).some((key) => key.startsWith(SUBSCRIBE) || key.startsWith(SUBSCRIPTIONS));

/** Destinations by trigger, each once. */
export function destinationsOf(
  configuration: NotificationConfiguration,
  labels: Texts,
  annotations: Texts,
): ReadonlyMap<string, readonly Destination[]> {
  const found = new Map<string, Map<string, Destination>>();
  const add = (trigger: string, destination: Destination): void => {
    const of = found.get(trigger) ?? new Map<string, Destination>();
    of.set(`${destination.service}:${destination.recipient}`, destination);
    found.set(trigger, of);
  };
  const { subscriptions, defaultTriggers, serviceDefaultTriggers } = configuration;
  for (const { triggers, recipients, selects } of subscriptions) {
    if (!selects(labels)) continue;
    for (const trigger of triggers.length === 0 ? defaultTriggers : triggers)
      for (const recipient of recipients) add(trigger, destinationOf(recipient));
  }
  for (const { trigger, service, recipients } of wishesIn(annotations)) {
    const triggers = trigger === "" ? (serviceDefaultTriggers.get(service) ?? defaultTriggers) : [trigger];
    for (const each of triggers) for (const recipient of recipients) add(each, { service, recipient });
  }
  return new Map(Array.from(found, ([trigger, of]) => [trigger, [...of.values()]]));
}

/** `slack:CHANNEL`; a service that needs no recipient stands alone. */
export function destinationOf(text: string): Destination {
  const colon = text.indexOf(":");
  return colon < 0
    ? { service: text.trim(), recipient: "" }
    : { service: text.slice(0, colon).trim(), recipient: text.slice(colon + 1).trim() };
}

function wishesIn(annotations: Texts): Wish[] {
  return Object.entries(annotations).flatMap(([key, text]) => {
    if (key.startsWith(SUBSCRIBE)) return [wishOf(key.slice(SUBSCRIBE.length), text)];
    return key.startsWith(SUBSCRIPTIONS) ? listedWishes(text) : [];
  });
}

/** `TRIGGER.SERVICE`, or `SERVICE` for the default triggers. An empty text stands for a service without recipients. */
function wishOf(rest: string, text: string): Wish {
  const [first = "", second] = rest.split(".");
  const recipients = text === "" ? [""] : recipientsIn(text);
  return second === undefined
    ? { trigger: "", service: first, recipients }
    : { trigger: first, service: second, recipients };
}

const recipientsIn = (text: string): string[] =>
  text
    .split(";")
    .map((each) => each.trim())
    .filter((each) => each !== "");

/** `- trigger: [a, b]`, `destinations: [{ service, recipients: […] }]`; what is no such list subscribes nobody. */
function listedWishes(text: string): Wish[] {
  const list = parsed(text);
  return list.flatMap((raw) => {
    const { trigger, triggers, destinations } = objectOf(raw);
    const named = [...textsIn(trigger), ...textsIn(triggers)];
    return (Array.isArray(destinations) ? destinations : []).flatMap((each: unknown): Wish[] => {
      const { service, recipients } = objectOf(each);
      if (typeof service !== "string" || service === "") return [];
      const wanted = textsIn(recipients);
      const all = wanted.length === 0 ? [""] : wanted;
      return (named.length === 0 ? [""] : named).map((one) => ({ trigger: one, service, recipients: all }));
    });
  });
}

function parsed(text: string): readonly unknown[] {
  try {
    const list: unknown = Bun.YAML.parse(text);
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

/** A list, or one text with several by ";" . */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return recipientsIn(value);
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === "string" && each !== "") : [];
}
