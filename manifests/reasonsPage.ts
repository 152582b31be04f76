/** docs/reasons.md: what the reasons of events, conditions, pauses and steps mean, from the list that the code uses. */
import { conditionReasons, eventReasons, gateReasons, pauseReasons, stepReasons } from "../schema/reasons.ts";
import { table } from "./text/table.ts";

const burst = { always: "always", narration: "joined when there are many" } as const;

const code = (text: string): string => `\`${text}\``;

export const reasonsPage = `# Reasons

<!-- Made from schema/reasons.ts by \`bun run generate\`; do not edit. -->

Kubernetes objects say why they are as they are by a short word, the reason. These are the ones that Sluice uses. When a
condition has which status is in [conditions and phases](behaviour/conditions-and-phases.md), what pauses an update in
[pauses and aborts](behaviour/pauses-and-aborts.md).

## Of conditions

In \`status.conditions\`. The condition \`ReplicaFailure\` has the reason that its ReplicaSet gives.

${table(
  ["reason", "condition", "means"],
  Object.entries(conditionReasons).map(([reason, { of, means }]) => [code(reason), of.map(code).join(", "), means]),
)}
## Of pauses

In \`status.pauseConditions\`, and in \`status.message\` of a Rollout whose phase is Paused.

${table(
  ["reason", "means"],
  Object.entries(pauseReasons).map(([reason, means]) => [code(reason), means]),
)}
## Of steps

Why the current step of a canary is [not complete](behaviour/canary.md#when-a-step-is-complete). No object has them.

${table(
  ["reason", "means"],
  Object.entries(stepReasons).map(([reason, means]) => [code(reason), means]),
)}
## Of explain

Why a Rollout does not move, where it is none of those above, as [\`sluice explain\`](cli/explain.md) has it. No object
has them.

${table(
  ["reason", "means"],
  Object.entries(gateReasons).map(([reason, means]) => [code(reason), means]),
)}
## Of events

Warnings are always sent; the last column is about the other events of
[a burst](behaviour/reconciling.md#events-of-a-burst), of which there are very many.

${table(
  ["reason", "means", "sent"],
  Object.entries(eventReasons).map(([reason, { send, means }]) => [code(reason), means, burst[send]]),
)}`;
