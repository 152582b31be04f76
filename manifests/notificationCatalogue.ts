/**
 * The triggers and templates that come with Sluice (docs/notifications.md#the-catalogue), by the names that Argo Rollouts
 * gives them: subscriptions carry over.
 */
import { labels } from "./text/manifestNames.ts";
import type { Manifest } from "./text/render.ts";

const GREEN = "#18be52";
const YELLOW = "#ECB22E";
const RED = "#E01E5A";

interface Row {
  readonly trigger: string;
  readonly template: string;
  /** Behind the name of the Rollout. */
  readonly says: string;
  readonly colour: string;
  /** Fields of the attachment besides the strategy and the images. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** The event comes before the status has gone on: its index is that of the step that is done. */
const STEP = "{{add .rollout.status.currentStepIndex 1}} of {{len .rollout.spec.strategy.canary.steps}}";

const ROWS: readonly Row[] = [
  {
    trigger: "on-rollout-completed",
    template: "rollout-completed",
    says: "is rolled out: its new version is the stable one now.",
    colour: GREEN,
  },
  {
    trigger: "on-rollout-step-completed",
    template: "rollout-step-completed",
    says: `has done step ${STEP}.`,
    colour: GREEN,
    fields: { "Step done": STEP },
  },
  {
    trigger: "on-rollout-updated",
    template: "rollout-updated",
    says: "has a new version, which begins to be rolled out.",
    colour: GREEN,
  },
  {
    trigger: "on-rollout-paused",
    template: "rollout-paused",
    says: "waits: its update is paused.",
    colour: GREEN,
  },
  {
    trigger: "on-rollout-aborted",
    template: "rollout-aborted",
    says: "is turned back: its update was aborted, and the stable version serves.",
    colour: RED,
  },
  {
    trigger: "on-scaling-replica-set",
    template: "scaling-replicaset",
    says: "is scaled; it wants {{.rollout.spec.replicas}} replicas.",
    colour: GREEN,
    fields: {
      "Replicas wanted": "{{.rollout.spec.replicas}}",
      "Replicas of the new version": "{{.rollout.status.updatedReplicas}}",
    },
  },
  {
    trigger: "on-analysis-run-running",
    template: "analysis-run-running",
    says: "is being judged: an analysis has begun.",
    colour: GREEN,
  },
  {
    trigger: "on-analysis-run-error",
    template: "analysis-run-error",
    says: "cannot be judged: an analysis could not be carried out.",
    colour: YELLOW,
  },
  {
    trigger: "on-analysis-run-failed",
    template: "analysis-run-failed",
    says: "was judged bad by an analysis.",
    colour: RED,
  },
];

const STRATEGY = "{{if .rollout.spec.strategy.blueGreen}}BlueGreen{{else}}Canary{{end}}";

function templateText({ says, colour, fields = {} }: Row): string {
  const sentence = `Rollout {{.rollout.metadata.name}} ${says}`;
  const attachments = [
    "[{",
    '  "title": "{{.rollout.metadata.namespace}}/{{.rollout.metadata.name}}",',
    `  "color": "${colour}",`,
    '  "fields": [',
    ...Object.entries({ Strategy: STRATEGY, ...fields }).map(
      ([title, value], index) => `    ${index === 0 ? "" : ","}${field(title, value)}`,
    ),
    "    {{- range .rollout.spec.template.spec.containers}}",
    `    ,${field("{{.name}}", "{{.image}}")}`,
    "    {{- end}}",
    "  ]",
    "}]",
  ];
  const lines = [
    `message: ${sentence.includes(": ") ? JSON.stringify(sentence) : sentence}`,
    "email:",
    `  subject: ${sentence.includes(": ") ? JSON.stringify(sentence) : sentence}`,
    "slack:",
    "  attachments: |",
    ...attachments.map((line) => `    ${line}`),
  ];
  return `${lines.join("\n")}\n`;
}

const field = (title: string, value: string): string => `{"title": "${title}", "value": "${value}", "short": true}`;

/** The ConfigMap. `namespace` undefined: kubectl's -n sets it. */
export const notificationCatalogue = (
  namespace: string | undefined,
): Manifest & { readonly data: Readonly<Record<string, string>> } => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: {
    name: "argo-rollouts-notification-configmap",
    ...(namespace === undefined ? {} : { namespace }),
    labels: labels("controller"),
  },
  data: Object.fromEntries(
    ROWS.flatMap((row): [string, string][] => [
      [`trigger.${row.trigger}`, `- send: [${row.template}]\n`],
      [`template.${row.template}`, templateText(row)],
    ]),
  ),
});
