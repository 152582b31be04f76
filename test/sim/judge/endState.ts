/**
 * The final state of a world, reduced to what the spec and the script determine: names, times and revisions may differ.
 */
import { HASH_LABEL } from "../../../schema/labels.ts";
import type { Truth } from "../world/truth.ts";

export function endStateOf(truth: Truth, nowMs: number): readonly string[] {
  const { rollout } = truth;
  if (rollout === undefined) return ["no Rollout", `${truth.podCount} pods`];
  const { status = {}, spec } = rollout;
  const pods = [...truth.sets.values()]
    .filter((set) => set.replicas > 0 || truth.podsOf(set.uid).length > 0)
    .map((set) => {
      const pods = truth.podsOf(set.uid);
      const roles = [...new Set(pods.map(({ role }) => role))].join("/");
      const old = pods.filter(({ createdMs }) => createdMs < Date.parse(spec.restartAt ?? "")).length;
      const restarting = old === 0 ? "" : `, ${old} not restarted`;
      const image = truth.imageOf(set.labels[HASH_LABEL] ?? "");
      return `${image}: ${set.replicas} asked for, ${truth.availableOf(set, nowMs)} available ${roles}${restarting}`;
    });
  // A ping-pong's idle Service gets no traffic, and keeps whatever selector it was given last.
  const { pingPong } = spec.strategy?.canary ?? {};
  const idle = status.canary?.stablePingPong === "ping" ? pingPong?.pongService : pingPong?.pingService;
  const used = [...truth.services.values()].filter(
    ({ name }) => name !== idle || status.stableRS !== status.currentPodHash,
  );
  const services = used.map(({ name, selector }) => `${name} → ${truth.imageOf(selector[HASH_LABEL] ?? "")}`);
  // While an update is not finished, the Deployment's size depends on how far it is.
  const isDue = status.phase === "Healthy" && spec.replicas !== 0;
  const place =
    truth.deployment === undefined || !isDue ? [] : [`the Deployment has ${truth.deployment.replicas} replicas`];
  const { weights } = status.canary ?? {};
  const traffic = weights === undefined ? [] : [`weights ${weights.canary.weight} and ${weights.stable.weight}`];
  const { prePromotionAnalysisRunStatus: pre, postPromotionAnalysisRunStatus: post } = status.blueGreen ?? {};
  const analyses = [pre, post].flatMap((run) => (run === undefined ? [] : [`an analysis ${run.status}`]));
  const pauses = (status.pauseConditions ?? []).map(({ reason }) => reason);
  return [
    `phase ${status.phase}${status.message === undefined ? "" : `: ${status.message}`}`,
    `stable ${truth.imageOf(status.stableRS ?? "")}, current ${truth.imageOf(status.currentPodHash ?? "")}`,
    `step ${status.currentStepIndex ?? "-"}, pauses ${pauses.join(" ") || "none"}${status.controllerPause === true ? ", by the controller" : ""}`,
    `abort ${status.abort === true}, promote full ${status.promoteFull === true}`,
    ...pods.toSorted(),
    ...services.toSorted(),
    ...place,
    ...traffic,
    ...analyses,
  ];
}
