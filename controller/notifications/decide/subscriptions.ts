/** Who wants to be told of what: by annotations of the Rollout, and by default (docs/notifications.md#subscriptions). */
import { spend, TooCostlyError, within } from "../../../kube/object/budget.ts";
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

/** Of one Rollout, all triggers together. */
const MOST_DESTINATIONS = 500;
/** Names of triggers, services and recipients that are looked at: lists in lists make millions of a short text. */
const MOST_NAMES = 20_000;
const NAMES = "subscriptions";

export interface Wanted {
  /** Destinations by trigger, each once. */
  readonly destinations: ReadonlyMap<string, readonly Destination[]>;
  /** There are more, who are told nothing. */
  readonly isCut: boolean;
}

export function destinationsOf(configuration: NotificationConfiguration, labels: Texts, annotations: Texts): Wanted {
  const found = new Map<string, Map<string, Destination>>();
  let count = 0;
  const add = (trigger: string, destination: Destination): void => {
    spend(1, NAMES);
    const of = found.get(trigger) ?? new Map<string, Destination>();
    const key = `${destination.service}:${destination.recipient}`;
    if (of.has(key)) return;
    if (count === MOST_DESTINATIONS) throw new TooCostlyError(NAMES);
    count += 1;
    of.set(key, destination);
    found.set(trigger, of);
  };
  const cut = within(MOST_NAMES, () => addAll(configuration, labels, annotations, add));
  const destinations = new Map(Array.from(found, ([trigger, of]) => [trigger, [...of.values()]]));
  return { destinations, isCut: cut instanceof TooCostlyError };
}

function addAll(
  configuration: NotificationConfiguration,
  labels: Texts,
  annotations: Texts,
  add: (trigger: string, destination: Destination) => void,
): void {
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
}

/** `slack:CHANNEL`; a service that needs no recipient stands alone. */
export function destinationOf(text: string): Destination {
  const colon = text.indexOf(":");
  return colon < 0
    ? { service: text.trim(), recipient: "" }
    : { service: text.slice(0, colon).trim(), recipient: text.slice(colon + 1).trim() };
}

function* wishesIn(annotations: Texts): Generator<Wish> {
  for (const [key, text] of Object.entries(annotations)) {
    if (key.startsWith(SUBSCRIBE)) yield wishOf(key.slice(SUBSCRIBE.length), text);
    else if (key.startsWith(SUBSCRIPTIONS)) yield* listedWishes(text);
  }
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
function* listedWishes(text: string): Generator<Wish> {
  for (const raw of parsed(text)) {
    const { trigger, triggers, destinations } = objectOf(raw);
    const named = [...textsIn(trigger), ...textsIn(triggers)];
    for (const each of Array.isArray(destinations) ? (destinations as readonly unknown[]) : []) {
      spend(1, NAMES);
      const { service, recipients } = objectOf(each);
      if (typeof service !== "string" || service === "") continue;
      const wanted = textsIn(recipients);
      const all = wanted.length === 0 ? [""] : wanted;
      for (const one of named.length === 0 ? [""] : named) yield { trigger: one, service, recipients: all };
    }
  }
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
  spend(Array.isArray(value) ? value.length : 0, NAMES);
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === "string" && each !== "") : [];
}
