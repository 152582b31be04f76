import { describe, expect, test } from "bun:test";
import { SERVICES } from "../../../providers/notifications/services.ts";
import { compileTemplate } from "../../../providers/notifications/template/template.ts";
import { NOTIFIED } from "../../../schema/labels.ts";
import type { NotificationConfiguration } from "../configuration/configuration.ts";
import { parseConfiguration } from "../configuration/parseConfiguration.ts";
import { decideNotifications, type NotificationFacts, type Seen } from "./decide.ts";
import { markKey, notifiedIn, notifiedText } from "./notified.ts";
import { triggerOfReason } from "./reason.ts";
import { destinationsOf } from "./subscriptions.ts";

const configuration = (
  data: Readonly<Record<string, string>>,
  namespace = "argo-rollouts",
): NotificationConfiguration =>
  parseConfiguration(
    { namespace, isSelfService: namespace !== "argo-rollouts", data, secrets: {} },
    { rows: SERVICES, checkTemplate: compileTemplate },
  );

const annotations = { "notifications.argoproj.io/subscribe.on-it.hook": "us" };
const seenAs = (status: object): Seen => ({
  rollout: { metadata: { name: "web", annotations }, status },
  labels: {},
  annotations,
  analysisRuns: null,
});

function factsOf(
  trigger: string,
  {
    event,
    now,
    notified = [],
    pending = [],
  }: { event?: object; now?: object; notified?: string[]; pending?: string[] },
): NotificationFacts {
  const told = new Map(notified.map((mark) => [mark, 1]));
  return {
    configurations: [configuration({ "trigger.on-it": trigger, "template.t": "message: hi" })],
    happened: event === undefined ? [] : [{ type: "Normal", reason: "It", trigger: "on-it", seen: seenAs(event) }],
    now: now === undefined ? undefined : seenAs(now),
    stored: told,
    notified: told,
    pending: new Set(pending),
  };
}

const decide = (trigger: string, given: Parameters<typeof factsOf>[1]) => {
  const { deliveries, write } = decideNotifications(factsOf(trigger, given), 0);
  return { marks: deliveries.map(({ mark }) => mark), write };
};

/** As notifications-engine hashes `when`. */
const HASH_OF_NOTHING = "2jmj7l5rSw0yVb_vlWAYkK_YBwk";
const HASH_OF_TRUE = "X_5TO4MPCKAyY0ipFgr6_IraRNs";
const PHASE = "- when: rollout.status.phase == 'Degraded'\n  send: [t]";
const markOf = (when: string, once = ""): string =>
  markKey({
    selfService: undefined,
    trigger: "on-it",
    index: 0,
    when,
    once,
    destination: { service: "hook", recipient: "us" },
  });
const DEGRADED = markOf("rollout.status.phase == 'Degraded'");

describe("what is told when", () => {
  test("a condition without `when` is told at each event, and leaves no mark", () => {
    expect(decide("- send: [t]", { event: {}, now: {} })).toEqual({ marks: [undefined], write: undefined });
  });

  test("it is told at events only", () => {
    expect(decide("- send: [t]", { now: {} }).marks).toEqual([]);
  });

  test("with oncePer, events are told once for each value", () => {
    const trigger = "- send: [t]\n  oncePer: rollout.status.phase";
    const mark = markOf("", "Healthy");
    expect(decide(trigger, { event: { phase: "Healthy" } }).marks).toEqual([mark]);
    expect(decide(trigger, { event: { phase: "Healthy" }, notified: [mark] }).marks).toEqual([]);
    expect(decide(trigger, { event: { phase: "Paused" }, notified: [mark] }).marks).toEqual([markOf("", "Paused")]);
  });

  test("a condition is told when it is true and was not told, and not while that is under way", () => {
    expect(decide(PHASE, { now: { phase: "Degraded" } }).marks).toEqual([DEGRADED]);
    expect(decide(PHASE, { now: { phase: "Degraded" }, notified: [DEGRADED] }).marks).toEqual([]);
    expect(decide(PHASE, { now: { phase: "Degraded" }, pending: [DEGRADED] }).marks).toEqual([]);
    expect(decide(PHASE, { now: { phase: "Healthy" } }).marks).toEqual([]);
  });

  test("when it is false its mark goes, and with it the annotation", () => {
    expect(decide(PHASE, { now: { phase: "Healthy" }, notified: [DEGRADED] })).toEqual({ marks: [], write: null });
    expect(decide(PHASE, { now: { phase: "Healthy" }, notified: [DEGRADED, "other"] }).write).toBe('{"other":1}');
  });

  test("a condition of an event's trigger that is true at the event is told once, not a second time for the state", () => {
    expect(decide(PHASE, { event: { phase: "Degraded" }, now: { phase: "Degraded" } }).marks).toEqual([DEGRADED]);
  });

  test("one that becomes true with the event's status is told for the state", () => {
    expect(decide(PHASE, { event: { phase: "Healthy" }, now: { phase: "Degraded" } }).marks).toEqual([DEGRADED]);
  });

  test("an expression that cannot be evaluated is not true, and its trouble is named", () => {
    const facts = factsOf("- when: rollout.status.a.b == 1\n  send: [t]", { now: {} });
    const { deliveries, troubles } = decideNotifications(facts, 0);
    expect(deliveries).toEqual([]);
    expect(troubles).toEqual(["trigger on-it, condition 1: when cannot be evaluated: a nil has no b"]);
  });

  test("a Rollout that is gone is told of by its events alone, and nothing is written", () => {
    expect(decide(PHASE, { event: { phase: "Degraded" }, notified: ["x"] })).toEqual({
      marks: [DEGRADED],
      write: undefined,
    });
  });
});

describe("the annotation", () => {
  test("its keys are notifications-engine's", () => {
    const destination = { service: "slack", recipient: "ch" };
    const mark = { selfService: undefined, trigger: "on-x", index: 1, when: "", once: "", destination };
    expect(markKey(mark)).toBe(`on-x:[1].${HASH_OF_NOTHING}:slack:ch`);
    expect(markKey({ ...mark, when: "true" })).toBe(`on-x:[1].${HASH_OF_TRUE}:slack:ch`);
    expect(markKey({ ...mark, once: "v1", selfService: "shop" })).toBe(`v1:shop:on-x:[1].${HASH_OF_NOTHING}:slack:ch`);
  });

  test("keeps the hundred newest entries, and no more than 32 KiB", () => {
    const many = new Map(Array.from({ length: 150 }, (_, index) => [`key-${index}`, index]));
    const kept = notifiedIn({ [NOTIFIED]: notifiedText(many) ?? "" });
    expect([kept.size, kept.has("key-49"), kept.has("key-50")]).toEqual([100, false, true]);
    const long = new Map(Array.from({ length: 100 }, (_, index) => [`${index}`.repeat(500), index]));
    expect(notifiedText(long)?.length).toBeLessThan(33 * 1_024);
  });

  test("what is no such JSON counts as nothing told", () => {
    for (const text of ["{", "[1]", '"x"', "null", '{"a":"b"}']) expect(notifiedIn({ [NOTIFIED]: text }).size).toBe(0);
  });
});

test("the trigger of a reason is its name in kebab case", () => {
  const names = ["RolloutCompleted", "ScalingReplicaSet", "AnalysisRunFailed", "PatchingALBIngress", "SkipSteps"];
  expect(names.map(triggerOfReason)).toEqual([
    "on-rollout-completed",
    "on-scaling-replica-set",
    "on-analysis-run-failed",
    "on-patching-alb-ingress",
    "on-skip-steps",
  ]);
});

describe("subscriptions", () => {
  const PREFIX = "notifications.argoproj.io/";
  const wanted = (notes: Readonly<Record<string, string>>, data: Readonly<Record<string, string>> = {}, labels = {}) =>
    Object.fromEntries(
      Array.from(destinationsOf(configuration(data), labels, notes).destinations, ([trigger, all]) => [
        trigger,
        all.map(({ service, recipient }) => `${service}:${recipient}`),
      ]),
    );

  test("an annotation names trigger, service and recipients", () => {
    expect(wanted({ [`${PREFIX}subscribe.on-x.slack`]: " a; b;;" })).toEqual({ "on-x": ["slack:a", "slack:b"] });
    expect(wanted({ [`${PREFIX}subscribe.on-x.hook`]: "" })).toEqual({ "on-x": ["hook:"] });
  });

  test("without a trigger, the default ones of the service or of all services count", () => {
    const data = { defaultTriggers: "[on-a, on-b]", "defaultTriggers.teams": "[on-c]" };
    expect(wanted({ [`${PREFIX}subscribe.slack`]: "a", [`${PREFIX}subscribe..teams`]: "b" }, data)).toEqual({
      "on-a": ["slack:a"],
      "on-b": ["slack:a"],
      "on-c": ["teams:b"],
    });
  });

  test("a list names several triggers and destinations; other texts name nobody", () => {
    const list =
      "- trigger: [on-a, on-b]\n  destinations:\n  - {service: slack, recipients: [x, y]}\n  - service: hook";
    const all = ["slack:x", "slack:y", "hook:"];
    expect(wanted({ [`${PREFIX}subscriptions`]: list })).toEqual({ "on-a": all, "on-b": all });
    for (const text of ["", "{", "a: b", "- 1"]) expect(wanted({ [`${PREFIX}subscriptions`]: text })).toEqual({});
  });

  const manifold = (of: string, count: number): string[] => Array.from({ length: count }, (_, at) => `${of}${at}`);
  const list = (trigger: readonly string[], recipients: readonly string[]): string =>
    JSON.stringify([{ trigger, destinations: [{ service: "slack", recipients }] }]);
  const nobody = JSON.stringify(manifold("", 5_000).map(() => ({ service: "" })));
  test.each([
    ["list in list", list(manifold("on-", 2_000), manifold("c", 4_000)), 500],
    [
      "one recipient again and again",
      list(
        ["on-a"],
        Array.from({ length: 30_000 }, () => "c"),
      ),
      0,
    ],
    [
      "one trigger again and again",
      list(
        Array.from({ length: 50_000 }, () => "on-a"),
        ["c"],
      ),
      0,
    ],
    ["lists of nothing, each many times", `- destinations: &a ${nobody}${"\n- destinations: *a".repeat(500)}`, 0],
    ["nobody at all", JSON.stringify([{ trigger: "on-a" }]), 0],
  ])("an annotation that names millions keeps nobody waiting: %s", (_, text, told) => {
    const { destinations, isCut } = destinationsOf(configuration({}), {}, { [`${PREFIX}subscriptions`]: text });
    expect([...destinations.values()].flat()).toHaveLength(told);
    expect(isCut).toBe(text.length > 100);
  });

  test("default subscriptions go by labels, and nobody is told twice", () => {
    const subscriptions = "- recipients: [slack:a]\n  triggers: [on-x]\n  selector: team=shop,!quiet,tier in (a,b)";
    const notes = { [`${PREFIX}subscribe.on-x.slack`]: "a" };
    expect(wanted({}, { subscriptions }, { team: "shop", tier: "b" })).toEqual({ "on-x": ["slack:a"] });
    expect(wanted({}, { subscriptions }, { team: "shop", tier: "b", quiet: "" })).toEqual({});
    expect(wanted(notes, { subscriptions }, { team: "shop", tier: "a" })).toEqual({ "on-x": ["slack:a"] });
  });
});
