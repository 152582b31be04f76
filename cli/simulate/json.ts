/** A simulated update as JSON, in seconds (docs/cli/simulate.md#json). Pure. */
import type { Pods } from "../../simulator/simulate/moment.ts";
import type { Extra, Report } from "../../simulator/simulate/report.ts";
import type { Analysis } from "../../simulator/simulate/analyses.ts";

const seconds = (ms: number): number => Math.round(ms / 100) / 10;

const extraJson = ({ most, ms, podMs }: Extra) => ({ most, seconds: seconds(ms), podSeconds: seconds(podMs) });
const podsJson = ({ ready, starting }: Pods) => ({ ready, starting });

const analysisJson = ({ fromMs, toMs, metrics, ...rest }: Analysis) => ({
  ...rest,
  from: seconds(fromMs),
  ...(toMs !== undefined && { to: seconds(toMs) }),
  metrics: metrics.map(({ measurements, ...metric }) => ({
    ...metric,
    measurements: measurements.map(({ atMs, ...one }) => ({ at: seconds(atMs), ...one })),
  })),
});

/** @param name which file it is of */
export function reportJson(report: Report, name: string): unknown {
  const { rollout, replicas, strategy, images, outcome, stages, incidents, analyses, notes, requests } = report;
  const { atMs, ...what } = outcome;
  return {
    file: name,
    rollout,
    strategy,
    replicas,
    images,
    outcome: { ...what, after: seconds(atMs) },
    lasted: seconds(report.endMs),
    worstCapacity: { value: report.worstCapacity.value, at: seconds(report.worstCapacity.atMs) },
    extraPods: extraJson(report.extra),
    mostShare: report.mostShare,
    ...(requests === undefined ? {} : { requests }),
    stages: stages.map((stage) => ({
      stage: stage.text,
      from: seconds(stage.fromMs),
      to: seconds(stage.toMs),
      share: stage.share,
      pods: { old: podsJson(stage.old), new: podsJson(stage.new), others: podsJson(stage.others) },
      worstCapacity: stage.worstCapacity,
      extraPods: extraJson(stage.extra),
    })),
    incidents: incidents.map(({ atMs: at, ...incident }) => ({ at: seconds(at), ...incident })),
    analyses: analyses.map(analysisJson),
    notes,
  };
}
