/** What a ConfigMap and a Secret say about notifications (docs/notifications.md), as data. */
import type { ConfiguredService } from "../../../providers/notifications/service.ts";
import type { Expression } from "../../expression/named.ts";

export const NOTIFICATION_CONFIG_MAP = "argo-rollouts-notification-configmap";
export const NOTIFICATION_SECRET = "argo-rollouts-notification-secret";

/** One element of a trigger's list. */
export interface TriggerCondition {
  readonly send: readonly string[];
  /** "": at each event after which the trigger is named. */
  readonly when: string;
  readonly oncePer: string;
  readonly description: string;
  /** Undefined: there is none, or it cannot be read. */
  readonly whenExpression: Expression | undefined;
  readonly oncePerExpression: Expression | undefined;
  /** It is never true, since it cannot be read; a problem of the configuration says why. */
  readonly isBroken: boolean;
}

export type Trigger = readonly TriggerCondition[];

/** As in the ConfigMap: `message`, and a part for each service. */
export type NotificationTemplate = Readonly<Record<string, unknown>>;

export interface NamedService {
  readonly type: string;
  readonly service: ConfiguredService;
}

/** Who is told of every Rollout that has the labels. */
export interface DefaultSubscription {
  readonly recipients: readonly string[];
  /** Empty: the default triggers. */
  readonly triggers: readonly string[];
  readonly selects: (labels: Readonly<Record<string, string>>) => boolean;
  /** Whether labels matter. */
  readonly hasSelector: boolean;
}

/** What is wrong with one key; the others are in force. */
export interface ConfigurationProblem {
  /** Of the ConfigMap: `template.rollout-completed`. */
  readonly key: string;
  /** What is wrong, and what to do. */
  readonly sentence: string;
}

export interface NotificationConfiguration {
  readonly namespace: string;
  /** It is that of the Rollout's own namespace, which is not the controller's. */
  readonly isSelfService: boolean;
  readonly services: ReadonlyMap<string, NamedService>;
  readonly triggers: ReadonlyMap<string, Trigger>;
  readonly templates: ReadonlyMap<string, NotificationTemplate>;
  readonly subscriptions: readonly DefaultSubscription[];
  readonly defaultTriggers: readonly string[];
  readonly serviceDefaultTriggers: ReadonlyMap<string, readonly string[]>;
  /** Texts of the operator's for templates: `.context.X`. */
  readonly context: Readonly<Record<string, string>>;
  /** The decoded Secret: `.secrets.X` of templates. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly problems: readonly ConfigurationProblem[];
}

/** Whether some expression or template of a configuration names a variable. */
export function mentions({ triggers, templates }: NotificationConfiguration, word: string): boolean {
  const inTriggers = [...triggers.values()].flat().some(({ when, oncePer }) => `${when} ${oncePer}`.includes(word));
  return inTriggers || [...templates.values()].some((template) => JSON.stringify(template).includes(word));
}
