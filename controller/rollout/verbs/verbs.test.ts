import { describe, expect, test } from "bun:test";
import type { ReplicaSet } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { abort, retry } from "./abort.ts";
import { pause, restart, resume } from "./pause.ts";
import { promote, promoteFull, skipAllSteps, skipStep } from "./promote.ts";
import { setImage } from "./setImage.ts";
import { undo } from "./undo.ts";
import { type VerbOutcome, withTemplateOf } from "./verb.ts";

const template = (image: string, more: object = {}) => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image, ...more }, { name: "proxy" }], initContainers: [{ name: "web" }] },
});

const rollout = (spec: Rollout["spec"] = {}, status: Rollout["status"] = {}): Rollout => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "web", namespace: "default", annotations: {}, labels: {} },
  spec: { template: template("web:2"), ...spec },
  status,
});

const steps: Rollout["spec"] = {
  strategy: { canary: { steps: [{ setWeight: 20 }, { pause: {} }, { setWeight: 40 }] } },
};
const blueGreen: Rollout["spec"] = { strategy: { blueGreen: { activeService: "active" } } };
const deployment = { workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: "shop" } };
const paused = { pauseConditions: [{ reason: "CanaryPauseStep", startTime: "2026-01-01T00:00:00Z" }] };
const undecided = {
  ...paused,
  controllerPause: true,
  currentStepIndex: 1,
  canary: { currentStepAnalysisRunStatus: { name: "run", status: "Inconclusive" } },
};

/** A request as it is sent: the path, the kind of patch, the body. */
function textOf(outcome: VerbOutcome): readonly string[] | string {
  if (outcome.kind !== "patches") return `${outcome.kind}: ${outcome.why}`;
  return outcome.patches.map(({ subresource, contentType, body, to }) => {
    const path = [to === undefined ? "rollout" : `${to.apiVersion} ${to.kind} ${to.name}`, subresource].filter(Boolean);
    return `${path.join("/")} ${contentType.replace(/.*\/(.*)-patch.*/, "$1")} ${JSON.stringify(body)}`;
  });
}

describe("what is sent to", () => {
  test.each<[string, VerbOutcome, readonly string[] | string]>([
    [
      "abort",
      abort(),
      ['rollout/status merge {"status":{"abort":true}}'], //
    ],
    [
      "retry after an abort",
      retry(),
      ['rollout/status merge {"status":{"abort":false}}'], //
    ],
    ["pause", pause(), ['rollout merge {"spec":{"paused":true}}']],
    ["resume", resume(), ['rollout merge {"spec":{"paused":false}}']],
    [
      "restart, in whole seconds",
      restart(Date.UTC(2026, 0, 2, 3, 4, 5, 999)),
      ['rollout merge {"spec":{"restartAt":"2026-01-02T03:04:05Z"}}'],
    ],
    [
      "promote where a step pauses",
      promote(rollout(steps, { ...paused, currentStepIndex: 1 })),
      ['rollout/status merge {"status":{"pauseConditions":null}}'],
    ],
    [
      "promote where the user pauses, too: the status first",
      promote(rollout({ ...steps, paused: true }, paused)),
      ['rollout/status merge {"status":{"pauseConditions":null}}', 'rollout merge {"spec":{"paused":false}}'],
    ],
    [
      "promote where nothing pauses: the step counts as done",
      promote(rollout(steps, { currentStepIndex: 0 })),
      ['rollout/status merge {"status":{"pauseConditions":null,"currentStepIndex":1}}'],
    ],
    [
      "promote when all steps are done: no further",
      promote(rollout(steps, { currentStepIndex: 3 })),
      ['rollout/status merge {"status":{"pauseConditions":null,"currentStepIndex":3}}'],
    ],
    [
      "promote where measurements were inconclusive: past the step",
      promote(rollout(steps, undecided)),
      ['rollout/status merge {"status":{"pauseConditions":null,"controllerPause":false,"currentStepIndex":2}}'],
    ],
    [
      "promote blue-green before its switch",
      promote(rollout(blueGreen, paused)),
      ['rollout/status merge {"status":{"pauseConditions":null}}'],
    ],
    [
      "promote where there is no step and no pause",
      promote(rollout(blueGreen)),
      'nothing: Nothing pauses Rollout "web", and it has no canary steps to skip.',
    ],
    [
      "promote what only the user pauses",
      promote(rollout({ ...blueGreen, paused: true })),
      ['rollout merge {"spec":{"paused":false}}'],
    ],
    [
      "promote in full an update under way",
      promoteFull(rollout(steps, { currentPodHash: "b", stableRS: "a" })),
      ['rollout/status merge {"status":{"promoteFull":true}}'],
    ],
    [
      "promote in full what the user pauses",
      promoteFull(rollout({ ...steps, paused: true }, { currentPodHash: "b", stableRS: "a" })),
      ['rollout/status merge {"status":{"promoteFull":true}}', 'rollout merge {"spec":{"paused":false}}'],
    ],
    [
      "promote in full what is done",
      promoteFull(rollout(steps, { currentPodHash: "a", stableRS: "a" })),
      'nothing: The current revision of Rollout "web" is the stable one.',
    ],
    ["promote in full what has not begun", promoteFull(rollout(steps)), 'nothing: Rollout "web" has no revision yet.'],
    [
      "skip a step: pauses stay",
      skipStep(rollout({ ...steps, paused: true }, { ...paused, currentStepIndex: 1 })),
      ['rollout/status merge {"status":{"currentStepIndex":2}}'],
    ],
    [
      "skip a step when all are done",
      skipStep(rollout(steps, { currentStepIndex: 3 })),
      ['rollout/status merge {"status":{"currentStepIndex":3}}'],
    ],
    [
      "skip all steps",
      skipAllSteps(rollout(steps, { currentStepIndex: 1 })),
      ['rollout/status merge {"status":{"currentStepIndex":3}}'],
    ],
    [
      "skip steps of blue-green",
      skipStep(rollout(blueGreen)),
      "impossible: Cannot skip steps of a bluegreen rollout. Run without a flags",
    ],
    [
      "skip all steps where there are none",
      skipAllSteps(rollout({ strategy: { canary: {} } })),
      "impossible: Cannot skip steps of a rollout without steps",
    ],
  ])("%s", (_, outcome, expected) => {
    expect(textOf(outcome)).toEqual(expected);
  });
});

const imageOf = (list: string, index: number, name: string, image: string): readonly object[] => [
  { op: "test", path: `/spec/template/spec/${list}/${index}/name`, value: name },
  { op: "add", path: `/spec/template/spec/${list}/${index}/image`, value: image },
];
const jsonPatch = (operations: readonly object[], to = "rollout"): readonly string[] => [
  `${to} json ${JSON.stringify(operations)}`,
];

describe("a new image is set in", () => {
  test.each<[string, VerbOutcome, readonly string[] | string]>([
    [
      "one container, wherever it has no image yet",
      setImage(rollout(), "proxy", "p:1"),
      jsonPatch(imageOf("containers", 1, "proxy", "p:1")),
    ],
    [
      "containers and init containers of the same name",
      setImage(rollout(), "web", "web:3"),
      jsonPatch([...imageOf("initContainers", 0, "web", "web:3"), ...imageOf("containers", 0, "web", "web:3")]),
    ],
    [
      "all of them",
      setImage(rollout(), "*", "web:3"),
      jsonPatch([
        ...imageOf("initContainers", 0, "web", "web:3"),
        ...imageOf("containers", 0, "web", "web:3"),
        ...imageOf("containers", 1, "proxy", "web:3"),
      ]),
    ],
    [
      "the Deployment that holds the template",
      setImage(rollout(deployment), "proxy", "p:1"),
      jsonPatch(imageOf("containers", 1, "proxy", "p:1"), "apps/v1 Deployment shop"),
    ],
    [
      "no container of another name",
      setImage(rollout(), "cache", "c:1"),
      'impossible: unable to find container named "cache"',
    ],
    [
      "nothing where the Deployment is not there",
      setImage(rollout({ ...deployment, template: undefined }), "web", "web:3"),
      'impossible: The pods of Rollout "web" come from Deployment "shop", which is not there.',
    ],
    [
      "nothing where there is no template",
      setImage(rollout({ template: undefined }), "web", "web:3"),
      'impossible: Rollout "web" has no pod template.',
    ],
  ])("%s", (_, outcome, expected) => {
    expect(textOf(outcome)).toEqual(expected);
  });
});

const replicaSet = (revision: number, image: string, more: object = {}): ReplicaSet => ({
  metadata: {
    name: `web-${revision}`,
    namespace: "default",
    annotations: { "rollout.argoproj.io/revision": String(revision) },
    labels: {},
  },
  spec: {
    selector: {},
    template: { ...template(image, more), metadata: { labels: { app: "web", "rollouts-pod-template-hash": "abc" } } },
  },
});
const history = [replicaSet(9, "web:1"), replicaSet(11, "web:2", { imagePullPolicy: "IfNotPresent" })];
const back = (value: object, to?: string) => jsonPatch([{ op: "replace", path: "/spec/template", value }], to);

describe("an undo", () => {
  const reordered = { metadata: { labels: { app: "web" } }, spec: template("web:1").spec };

  test.each<[string, VerbOutcome, readonly string[] | string]>([
    ["goes to the revision before the latest, by number", undo(rollout(), history.toReversed()), back(reordered)],
    ["goes to a revision of one's choice", undo(rollout(), [...history, replicaSet(10, "web:x")], 9), back(reordered)],
    ["goes to the Deployment", undo(rollout(deployment), history), back(reordered, "apps/v1 Deployment shop")],
    [
      "does nothing where the template is that of the revision, but for defaults",
      undo(rollout(), history, 11),
      "nothing: skipped rollback (current template already matches revision 11)",
    ],
    [
      "brings back what was taken out of the template",
      undo(rollout(), [replicaSet(1, "web:2", { env: [{ name: "A" }] }), replicaSet(2, "web:2")]),
      back({ metadata: { labels: { app: "web" } }, spec: template("web:2", { env: [{ name: "A" }] }).spec }),
    ],
    ["needs a revision before", undo(rollout(), history.slice(1)), 'impossible: no revision found for rollout "web"'],
    ["needs the revision", undo(rollout(), history, 7), "impossible: unable to find specified revision 7 in history"],
    [
      "needs the Deployment",
      undo(rollout({ ...deployment, template: undefined }), history),
      'impossible: The pods of Rollout "web" come from Deployment "shop", which is not there.',
    ],
  ])("%s", (_, outcome, expected) => {
    expect(textOf(outcome)).toEqual(expected);
  });
});

describe("a PodTemplate", () => {
  const named = { workloadRef: { apiVersion: "v1", kind: "PodTemplate", name: "shop" } };
  const stored = { apiVersion: "v1", kind: "PodTemplate", template: template("web:2") };
  const filled = withTemplateOf(rollout({ ...named, template: undefined }), stored);

  test("has its template beside its metadata", () => {
    expect(filled.spec.template).toEqual(template("web:2"));
    expect(withTemplateOf(rollout(deployment), { spec: stored }).spec.template).toEqual(template("web:2"));
  });

  test("gets a new image, or an earlier template, there", () => {
    expect(textOf(setImage(filled, "proxy", "p:1"))).toEqual([
      `v1 PodTemplate shop json ${JSON.stringify(imageOf("containers", 1, "proxy", "p:1")).replaceAll("/spec/template", "/template")}`,
    ]);
    expect(textOf(undo(filled, history))[0]).toStartWith(
      'v1 PodTemplate shop json [{"op":"replace","path":"/template","value":{',
    );
  });
});
