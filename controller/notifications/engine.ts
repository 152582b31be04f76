/** What is loaded once there is a configuration: parsing, judging, rendering and sending. */
import { compileTemplate } from "../../providers/notifications/template/template.ts";
import { Busy, type Notification } from "../../providers/notifications/service.ts";
import { SERVICES } from "../../providers/notifications/services.ts";
import type { NotificationConfiguration } from "./configuration/configuration.ts";
import { type ConfigurationTexts, parseConfiguration } from "./configuration/parseConfiguration.ts";
import { withoutSecrets } from "./configuration/withoutSecrets.ts";
import {
  type Delivery,
  decideNotifications,
  type NotificationDecision,
  type NotificationFacts,
} from "./decide/decide.ts";
import { type GatheredFacts, gatherNotifications, type GatherPorts, type ToGather } from "./gather.ts";
import type { Notifying } from "./notificationsRow.ts";
import { compose, type Compiled } from "./send/compose.ts";
import { createOutbox, Hopeless, type Outbox, type OutboxPorts } from "./send/outbox.ts";
import { variablesOf } from "./send/variables.ts";

export interface Engine {
  parse(texts: ConfigurationTexts): NotificationConfiguration;
  gather(what: ToGather): Promise<GatheredFacts | undefined>;
  decide(facts: NotificationFacts, now: number): NotificationDecision;
  readonly outbox: Outbox;
}

export interface EnginePorts extends GatherPorts, Pick<OutboxPorts, "clock" | "ended"> {
  readonly notifying: Pick<Notifying, "senders">;
}

export function createEngine(ports: EnginePorts): Engine {
  return {
    parse: parsed,
    gather: (what) => gatherNotifications(ports, what),
    decide: decideNotifications,
    outbox: createOutbox({ ...ports, deliver: (delivery, signal) => deliver(ports, delivery, signal) }),
  };
}

export const parsed = (texts: ConfigurationTexts): NotificationConfiguration =>
  parseConfiguration(texts, { rows: SERVICES, checkTemplate: compileTemplate });

/** Templates that were compiled, by their text. */
const compiled = new Map<string, Compiled>();
const MOST_COMPILED = 500;

export function compile(name: string, text: string): Compiled {
  const key = `${name}\n${text}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  if (compiled.size >= MOST_COMPILED) compiled.clear();
  const fresh = compileTemplate(name, text);
  compiled.set(key, fresh);
  return fresh;
}

/** Renders and sends. @throws {Error} a sentence without secrets */
export async function deliver(
  { clock, notifying }: Pick<EnginePorts, "clock" | "notifying">,
  {
    configuration,
    templates,
    destination,
    seen,
  }: Pick<Delivery, "configuration" | "templates" | "destination" | "seen">,
  signal: AbortSignal,
): Promise<void> {
  const { services, secrets } = configuration;
  const named = services.get(destination.service);
  if (named === undefined) throw new Hopeless(missing(destination.service, configuration));
  const clean = (error: unknown): string =>
    withoutSecrets(error instanceof Error ? error.message : String(error), secrets);
  // Causes are left out: whoever logs them would log what they quote.
  const composed = attempted((): Notification => {
    const variables = variablesOf({ configuration, destination, seen }, clock.now());
    return compose({ configuration, templates, variables, type: named.type }, { rows: SERVICES, compile });
  });
  if ("error" in composed) throw new Hopeless(clean(composed.error));
  const senders = await notifying.senders();
  const problem: unknown = await named.service
    .send(composed.value, destination, { ...senders, now: clock.now, signal })
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  if (problem === undefined) return;
  throw problem instanceof Busy ? new Busy(clean(problem), problem.waitMs) : new Error(clean(problem));
}

function attempted<T>(act: () => T): { readonly value: T } | { readonly error: unknown } {
  try {
    return { value: act() };
  } catch (error) {
    return { error };
  }
}

function missing(service: string, { services, problems, namespace }: NotificationConfiguration): string {
  const broken = problems.find(({ key }) => key === `service.${service}` || key.endsWith(`.${service}`));
  if (broken !== undefined)
    return `${broken.key} of the ConfigMap in namespace ${namespace} cannot be used: ${broken.sentence}`;
  const known = [...services.keys()].join(", ");
  const there = known === "" ? "there is none" : `there are ${known}`;
  return `no service "${service}" is configured in namespace ${namespace}: add service.${service} (${there})`;
}
