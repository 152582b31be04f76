/**
 * How a world is written as text, as test/golden/README.md explains. Up to three lines for each decision: when, why and
 * what was there; `do`, what is done; `=>`, the status afterwards.
 *
 * ReplicaSets read `web:1 4/5`: available pods and the size in the spec; `*` is stable, `+` the current revision.
 * Conditions are letters, capital when True: Available, Completed, Healthy, Paused; `-` while there is no condition.
 * `pods 6·1·5·5`: all, updated, ready and available ones of the status.
 */
import { HASH_LABEL, SCALE_DOWN_DEADLINE } from "../../schema/labels.ts";
import type { Action, ActionOf, Decision } from "../../controller/rollout/actions/action.ts";
import { wordsOf } from "../../controller/rollout/actions/actions.ts";
import type { ReplicaSetFacts } from "../../controller/rollout/model/model.ts";
import { stableWeight, type Traffic } from "../../providers/traffic/router.ts";
import type { RolloutCondition, RolloutStatus } from "../../schema/rollout.ts";
import { runsText } from "./fakeAnalyses.ts";
import { experimentsText } from "./fakeExperiments.ts";
import { START, type Cluster } from "./goldenCluster.ts";

export const instantText = (at: number): string => `+${Number(((at - START) / 1000).toFixed(3))}s`;

/** Hashes mean nothing to a reader: they are replaced by the image that they stand for. */
export function readable(cluster: Cluster, text: string): string {
  let written = text;
  for (const [name, image] of cluster.images) {
    const hash = cluster.sets.get(name)?.labels[HASH_LABEL] ?? name.slice(name.lastIndexOf("-") + 1);
    written = written.replaceAll(hash, `<${image}>`);
  }
  return written.replaceAll(/2026-01-[\dT:]+Z/g, (time) => instantText(Date.parse(time)));
}

export function lineOf(cluster: Cluster, cause: string, decision: Decision, setsBefore: string): string {
  const status = decision.status ?? cluster.rollout.status ?? {};
  const done = decision.actions.map((action) => actionText(cluster, action)).join(", ");
  const wakes = decision.wakeAt === undefined ? "" : `wakes ${instantText(decision.wakeAt)}`;
  const { finished } = decision;
  const ended =
    finished === undefined
      ? ""
      : `ended ${finished.status} after ${finished.totalSeconds}s, ${finished.manualPauseSeconds}s waited`;
  const written = [statusText(cluster, status), ended, wakes].filter((part) => part !== "").join("; ");
  return [
    wrapped(`${instantText(cluster.now).padEnd(8)}${cause.padEnd(30)} ${setsBefore}`.trimEnd()),
    ...(done === "" ? [] : [wrapped(`        do ${done}`)]),
    wrapped(`        => ${decision.status === undefined ? "(same) " : ""}${written}`),
  ].join("\n");
}

const WIDTH = 110;

/** Breaks a text at blanks and after commas into lines that fit a screen, indented after the first one. */
export function wrapped(line: string): string {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > WIDTH) {
    const head = rest.slice(0, WIDTH);
    const at = Math.max(head.lastIndexOf(" "), head.lastIndexOf(",") + 1);
    if (at <= INDENT.length) break;
    lines.push(rest.slice(0, at).trimEnd());
    rest = INDENT + rest.slice(at).trimStart();
  }
  return [...lines, rest].join("\n");
}
const INDENT = " ".repeat(12);

/** The ReplicaSets that matter: those with pods, the stable and the current one. */
export function setsText(cluster: Cluster): string {
  const { stableRS, currentPodHash } = cluster.rollout.status ?? {};
  const written = [...cluster.sets.values()].flatMap((rs) => {
    const hash = rs.labels[HASH_LABEL];
    const part = `${hash === stableRS ? "*" : ""}${hash === currentPodHash ? "+" : ""}`;
    if (part === "" && rs.replicas === 0) return [];
    const deadline = rs.annotations[SCALE_DOWN_DEADLINE];
    const until = deadline === undefined ? "" : ` until ${instantText(Date.parse(deadline))}`;
    const apart = rs.antiAffinity === undefined ? "" : ` apart from ${imageOfHash(cluster, rs.antiAffinity)}`;
    return [`${part}${cluster.images.get(rs.name)} ${podsText(rs)}${apart}${until}`];
  });
  const services = [...cluster.services.values()].map(({ name, selector }) => {
    const hash = selector[HASH_LABEL];
    return `${name}→${hash === undefined ? "none" : imageOfHash(cluster, hash)}`;
  });
  const { routed, deployment } = cluster;
  const traffic = routed === undefined ? [] : [`traffic ${shareText(routed)}`];
  const size = deployment === undefined ? [] : [`deployment ${deployment.spec?.replicas ?? 1}`];
  const runs = [...runsText(cluster.analyses), ...experimentsText(cluster.trials)].map((text) =>
    readable(cluster, text),
  );
  return [...written, ...services, ...traffic, ...size, ...runs].join(" ");
}

const podsText = (rs: ReplicaSetFacts): string => {
  const { replicas, readyReplicas, availableReplicas } = rs.status;
  const ready = readyReplicas === availableReplicas ? "" : `(${readyReplicas} ready)`;
  return `${availableReplicas}/${rs.replicas}${replicas === rs.replicas ? "" : `(${replicas} there)`}${ready}`;
};

const imageOfHash = (cluster: Cluster, hash: string): string => {
  const rs = [...cluster.sets.values()].find((other) => other.labels[HASH_LABEL] === hash);
  return cluster.images.get(rs?.name ?? "") ?? "new";
};

function statusText(cluster: Cluster, status: RolloutStatus): string {
  const steps = cluster.rollout.spec.strategy?.canary?.steps ?? [];
  const index = status.currentStepIndex === undefined ? "-" : String(status.currentStepIndex);
  const counts = [status.replicas, status.updatedReplicas, status.readyReplicas, status.availableReplicas];
  const flags = [
    status.abort === true ? "aborted" : "",
    status.promoteFull === true ? "promoteFull" : "",
    status.conditions?.some((c) => c.type === "ReplicaFailure") === true ? "ReplicaFailure" : "",
    status.blueGreen?.scaleUpPreviewCheckPoint === true ? "checkpoint" : "",
    status.controllerPause === true ? "controllerPause" : "",
  ];
  const progressing = status.conditions?.find((c) => c.type === "Progressing");
  return [
    `${status.phase ?? "-"}${(status.message ?? "") === "" ? "" : ` "${readable(cluster, status.message ?? "")}"`}`,
    steps.length === 0 && status.currentStepIndex === undefined ? "" : `${index}/${steps.length}`,
    progressing === undefined ? "-" : progressing.reason,
    lettersOf(status),
    `pods ${counts.map((count) => count ?? 0).join("·")}`,
    ...flags,
  ]
    .filter((part) => part !== "")
    .join(" ");
}

function lettersOf(status: RolloutStatus): string {
  return ["Available", "Completed", "Healthy", "Paused"]
    .map((type) => {
      const condition = status.conditions?.find((c) => c.type === type);
      if (condition === undefined) return "-";
      return condition.status === "True" ? type.slice(0, 1) : type.slice(0, 1).toLowerCase();
    })
    .join("");
}

export function actionText(cluster: Cluster, action: Action): string {
  const imageOf = (name: string): string => cluster.images.get(name) ?? name;
  switch (action.kind) {
    case "createReplicaSet":
      return `create ${imageInManifest(action.manifest)} ${action.manifest.spec.replicas ?? 0}`;
    case "updateReplicaSet":
      return `${imageOf(action.name)}${updateText(action)}`;
    case "setPodMetadata":
      return `${imageOf(action.name)} pods get ${metadataText({ ...action.labels, ...action.annotations })}`;
    case "evictPods":
      return action.names
        .slice(0, action.most)
        .map((name) => `evict ${readable(cluster, name)}`)
        .join(", ");
    case "deleteReplicaSet":
      return `delete ${imageOf(action.name)}`;
    case "adoptReplicaSet":
      return `adopt ${imageOf(action.name)}`;
    case "releaseReplicaSet":
      return `release ${imageOf(action.name)}`;
    case "switchService":
      return `${action.name}→${imageOfHash(cluster, action.hash)}${action.adopt ? " (adopted)" : ""}`;
    case "routeTraffic":
      return `route ${trafficText(cluster, action.traffic)}`;
    case "updateRollout":
      return [
        ...(action.replicas === undefined ? [] : [`replicas ${action.replicas}`]),
        ...(action.revision === undefined ? [] : [`revision ${action.revision}`]),
        ...(action.workloadGeneration === undefined ? [] : [`workload generation ${action.workloadGeneration}`]),
        ...(action.finalizers === undefined ? [] : [`finalizers [${action.finalizers.join(" ")}]`]),
      ].join(", ");
    case "scaleWorkload":
      return `deployment to ${action.replicas}, before ${action.replicasBefore}`;
    default:
      return readable(cluster, wordsOf(action));
  }
}

const shareText = (traffic: Traffic): string => {
  const { canaryWeight, additional, routes, affinity } = traffic;
  const weights = [canaryWeight, stableWeight(traffic), ...additional.map(({ weight }) => weight)].join("/");
  return [weights, ...routes.map(routeText), ...(affinity === undefined ? [] : ["sessions"])].join("+");
};

/** `beta` is a header route, `copy%` a mirror route. */
const routeText = ({ kind, name }: Traffic["routes"][number]): string => (kind === "header" ? name : `${name}%`);

const trafficText = (cluster: Cluster, traffic: Traffic): string =>
  [
    `${imageOfHash(cluster, traffic.canaryHash)} ${traffic.canaryWeight}`,
    `${imageOfHash(cluster, traffic.stableHash)} ${stableWeight(traffic)}`,
    ...traffic.additional.map(({ serviceName, weight }) => `${readable(cluster, serviceName)} ${weight}`),
    ...traffic.routes.map((route) => `${route.kind} ${route.name}`),
    ...(traffic.affinity === undefined ? [] : [`sessions of ${imageOfHash(cluster, traffic.affinity.value)}`]),
  ].join(", ");

const imageInManifest = (manifest: { spec: { template?: { spec?: unknown } | undefined } }): string => {
  const pod = manifest.spec.template?.spec as { containers?: { image?: string }[] } | undefined;
  return pod?.containers?.[0]?.image ?? "?";
};

function updateText({ replicas, minReadySeconds, annotations }: ActionOf<"updateReplicaSet">): string {
  const noted = Object.entries(annotations ?? {}).map(([key, value]) => {
    const short = key.replace("rollout.argoproj.io/", "");
    if (value === null) return ` -${short}`;
    return key === SCALE_DOWN_DEADLINE ? ` until ${instantText(Date.parse(value))}` : ` ${short}=${value}`;
  });
  const size = replicas === undefined ? "" : ` to ${replicas}`;
  return `${size}${minReadySeconds === undefined ? "" : ` minReady ${minReadySeconds}s`}${noted.join("")}`;
}

const metadataText = (changes: Readonly<Record<string, string | null>>): string =>
  Object.entries(changes)
    .map(([key, value]) => (value === null ? `-${key}` : `${key}=${value}`))
    .join(" ");

/** The whole status at the end of a story: a line for each condition, then everything that the lines left out. */
export function endOf(cluster: Cluster): string[] {
  const { conditions, phase: _p, message: _m, ...rest } = cluster.rollout.status ?? {};
  return [
    ...(conditions ?? []).map((c) => readable(cluster, conditionText(c))),
    ...Object.entries(rest).map(([key, value]) => readable(cluster, `${key} ${JSON.stringify(value)}`)),
  ];
}

const conditionText = (c: RolloutCondition): string =>
  `${c.type} ${c.status} ${c.reason}, since ${c.lastTransitionTime}, updated ${c.lastUpdateTime}: ${c.message}`;
