/**
 * Who is told what, as data (docs/notifications.md#when-something-is-sent). Pure: what has happened to a Rollout and how it
 * stands, the configurations that apply and what was told already go in; deliveries and the new annotation come out.
 */
import type { Destination } from "../../../providers/notifications/service.ts";
import { evaluateExpression, namesOf, type Names } from "../../expression/named.ts";
import type { NotificationConfiguration, TriggerCondition } from "../configuration/configuration.ts";
import { withoutSecrets } from "../configuration/withoutSecrets.ts";
import { markKey, type Notified, notifiedText } from "./notified.ts";
import { destinationsOf } from "./subscriptions.ts";

/** A Rollout as templates and conditions see it. */
export interface Seen {
  /** JSON, with the pod template of the workload that it refers to. */
  readonly rollout: object;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Those of its revision, the newest first; null: none. */
  readonly analysisRuns: readonly object[] | null;
}

/** An event of a Rollout. */
export interface Happened {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  /** After which the event is named. */
  readonly trigger: string;
  /** As it was when that happened. */
  readonly seen: Seen;
}

export interface NotificationFacts {
  readonly configurations: readonly NotificationConfiguration[];
  readonly happened: readonly Happened[];
  /** As it is now; undefined: it is gone, or going. */
  readonly now: Seen | undefined;
  /** As the annotation says. */
  readonly stored: Notified;
  /** With what was sent since. */
  readonly notified: Notified;
  /** What is being sent, or has failed a short while ago. */
  readonly pending: ReadonlySet<string>;
}

export interface Delivery {
  readonly configuration: NotificationConfiguration;
  readonly trigger: string;
  readonly templates: readonly string[];
  readonly destination: Destination;
  readonly seen: Seen;
  /** As the metrics count it; of a condition without an event: Normal, and the trigger's name. */
  readonly event: { readonly type: "Normal" | "Warning"; readonly reason: string };
  /** Kept in the annotation once it is sent; undefined: it is sent each time. */
  readonly mark: string | undefined;
}

export interface NotificationDecision {
  readonly deliveries: readonly Delivery[];
  /** The annotation's new text, null to remove it; undefined: it stays. */
  readonly write: string | null | undefined;
  /** Marks of conditions that do not hold any more. */
  readonly dropped: readonly string[];
  /** Expressions that could not be evaluated: one sentence each. */
  readonly troubles: readonly string[];
}

/** Evaluated once for all destinations. */
interface Verdict {
  readonly index: number;
  readonly condition: TriggerCondition;
  readonly holds: boolean;
  /** The value of oncePer; "": there is none. */
  readonly once: string;
}

/** Conditions of one decision: each may take some milliseconds, and all Rollouts share one thread. */
const MOST_JUDGED = 400;

interface Course {
  readonly facts: NotificationFacts;
  readonly at: number;
  readonly deliveries: Delivery[];
  /** Marks of this decision's deliveries. */
  readonly chosen: Set<string>;
  readonly dropped: Set<string>;
  readonly troubles: Set<string>;
  judged: number;
}

export function decideNotifications(facts: NotificationFacts, at: number): NotificationDecision {
  const course: Course = {
    facts,
    at,
    deliveries: [],
    chosen: new Set(),
    dropped: new Set(),
    troubles: new Set(),
    judged: 0,
  };
  for (const configuration of facts.configurations) {
    for (const happened of facts.happened) tellEvent(course, configuration, happened);
    if (facts.now !== undefined) tellState(course, configuration, facts.now);
  }
  const { deliveries, dropped, troubles } = course;
  const next = new Map([...facts.notified].filter(([key]) => !dropped.has(key)));
  const text = notifiedText(next);
  const isSame = facts.now === undefined || text === notifiedText(facts.stored);
  return { deliveries, write: isSame ? undefined : text, dropped: [...dropped], troubles: [...troubles] };
}

/** Conditions without `when` hold at each event after which their trigger is named; others where they are true then. */
function tellEvent(
  course: Course,
  configuration: NotificationConfiguration,
  { type, reason, trigger, seen }: Happened,
): void {
  const destinations = wantedOf(course, configuration, seen).get(trigger) ?? [];
  if (destinations.length === 0) return;
  for (const verdict of verdictsOf(course, configuration, trigger, seen)) {
    if (!verdict.holds) continue;
    const { condition } = verdict;
    for (const destination of destinations) {
      const mark = markOf(configuration, trigger, verdict, destination);
      const isKept = condition.when !== "" || condition.oncePer !== "";
      if (condition.oncePer !== "" && isTold(course, mark)) continue;
      tell(course, {
        configuration,
        trigger,
        templates: condition.send,
        destination,
        seen,
        event: { type, reason },
        mark: isKept ? mark : undefined,
      });
    }
  }
}

/** A condition with `when` is told once when it becomes true, or for each value of oncePer. */
function tellState(course: Course, configuration: NotificationConfiguration, seen: Seen): void {
  for (const [trigger, destinations] of wantedOf(course, configuration, seen)) {
    for (const verdict of verdictsOf(course, configuration, trigger, seen)) {
      const { condition, holds } = verdict;
      if (condition.when === "") continue;
      for (const destination of destinations) {
        const mark = markOf(configuration, trigger, verdict, destination);
        if (!holds) {
          if (condition.oncePer === "") course.dropped.add(mark);
          continue;
        }
        if (isTold(course, mark)) continue;
        const event = { type: "Normal", reason: trigger } as const;
        tell(course, { configuration, trigger, templates: condition.send, destination, seen, event, mark });
      }
    }
  }
}

function wantedOf({ troubles }: Course, configuration: NotificationConfiguration, { labels, annotations }: Seen) {
  const { destinations, isCut } = destinationsOf(configuration, labels, annotations);
  if (isCut) troubles.add("its subscriptions name more recipients than one Rollout may have: the others are not told");
  return destinations;
}

const isTold = ({ facts, chosen }: Course, mark: string): boolean =>
  facts.notified.has(mark) || facts.pending.has(mark) || chosen.has(mark);

/** The Rollout's namespace and the controller's have the trigger, and only the other one has the service. */
const isOfAnother = ({ facts }: Course, { configuration, trigger, destination: { service } }: Delivery): boolean =>
  !configuration.services.has(service) &&
  facts.configurations.some(({ services, triggers }) => services.has(service) && triggers.has(trigger));

function tell(course: Course, delivery: Delivery): void {
  if (isOfAnother(course, delivery)) return;
  course.deliveries.push(delivery);
  if (delivery.mark !== undefined) course.chosen.add(delivery.mark);
}

function markOf(
  { namespace, isSelfService }: NotificationConfiguration,
  trigger: string,
  { index, condition, once }: Verdict,
  destination: Destination,
): string {
  const selfService = isSelfService ? namespace : undefined;
  return markKey({ selfService, trigger, index, when: condition.when, once, destination });
}

function verdictsOf(
  course: Pick<Course, "at" | "troubles" | "judged">,
  configuration: NotificationConfiguration,
  trigger: string,
  seen: Seen,
): readonly Verdict[] {
  const conditions = configuration.triggers.get(trigger) ?? [];
  if (conditions.length === 0) return [];
  const { at, troubles } = course;
  const { secrets } = configuration;
  const evaluator = evaluatorOf(configuration, seen, at);
  return conditions.flatMap((condition, index) => {
    // Whether it holds is not known then: what was told of it stays told.
    if ((course.judged += 1) > MOST_JUDGED) {
      troubles.add(`trigger ${trigger}: more than ${MOST_JUDGED} conditions are subscribed to: some are not judged`);
      return [];
    }
    const { whenExpression, oncePerExpression, isBroken } = condition;
    const about = (field: string, message: string): void =>
      void troubles.add(
        `trigger ${trigger}, condition ${index + 1}: ${field} cannot be evaluated: ${withoutSecrets(message, secrets)}`,
      );
    const evaluated = (field: string, expression: typeof whenExpression) => {
      if (expression === undefined) return undefined;
      const given = evaluator(expression);
      if (!("problem" in given)) return given;
      about(field, given.problem);
      return undefined;
    };
    const holds = !isBroken && (whenExpression === undefined || evaluated("when", whenExpression)?.value === true);
    const once = holds ? (evaluated("oncePer", oncePerExpression)?.text ?? "") : "";
    return { index, condition, holds, once };
  });
}

/** JSON becomes the values of expressions when one is evaluated, and only then. */
function evaluatorOf(configuration: NotificationConfiguration, seen: Seen, at: number) {
  let names: Names | { readonly problem: { readonly message: string } } | undefined;
  return (expression: NonNullable<TriggerCondition["whenExpression"]>) => {
    names ??= namesOf(jsonOf(configuration, seen), at);
    if (!(names instanceof Map)) return { problem: "problem" in names ? names.problem.message : "" };
    const given = evaluateExpression(expression, names, at);
    return "problem" in given ? { problem: given.problem.message } : given;
  };
}

/** What expressions and templates may name, besides `time`. */
export const jsonOf = ({ secrets, context }: NotificationConfiguration, { rollout, analysisRuns }: Seen) => ({
  rollout,
  analysisRuns,
  secrets,
  context,
});

/** Whether each condition of a trigger holds for a Rollout; one without `when` does at each event. */
export function decideTrigger(
  configuration: NotificationConfiguration,
  trigger: string,
  seen: Seen,
  at: number,
): { readonly results: readonly boolean[]; readonly troubles: readonly string[] } {
  const troubles = new Set<string>();
  const results = verdictsOf({ at, troubles, judged: 0 }, configuration, trigger, seen).map(({ holds }) => holds);
  return { results, troubles: [...troubles] };
}
