/** A simulated update, as one of the command line looks. */
import type { SimulationView } from "../../dashboard/model.ts";

type Moment = SimulationView["moments"][number];

const moment = (minute: number, text: string, fresh: number, old: number, starting: number, share: number): Moment => ({
  atMs: minute * 60_000,
  stage: { text },
  phase: "Progressing",
  old: { ready: old, starting: 0 },
  new: { ready: fresh, starting },
  others: { ready: 0, starting: 0 },
  share,
  capacity: Math.min(1, (fresh + old) / 10),
});

const moments: readonly Moment[] = [
  moment(0, "1/6 set weight 20", 0, 10, 2, 0),
  moment(0.3, "2/6 pause 5m", 2, 10, 0, 0.2),
  moment(5.3, "3/6 set weight 40", 2, 10, 2, 0.2),
  moment(5.6, "4/6 pause 10m", 4, 10, 0, 0.4),
  moment(15.6, "5/6 analysis success-rate", 4, 10, 0, 0.4),
  moment(25.6, "6/6 set weight 80", 4, 10, 4, 0.4),
  moment(26, "the rest", 8, 10, 2, 0.8),
  moment(26.4, "over", 10, 10, 0, 1),
  moment(27, "over", 10, 0, 0, 1),
];
const none = { most: 4, ms: 60_000, podMs: 600_000 };

export const simulation: SimulationView = {
  rollout: "web",
  strategy: "canary",
  replicas: 10,
  images: { old: "registry.example.com/shop/web:2.15.0", new: "registry.example.com/shop/web:2.16.0" },
  outcome: { kind: "healthy", atMs: 1_584_000, at: "", why: "" },
  endMs: 1_620_000,
  mostShare: 0.8,
  worstCapacity: { value: 1, atMs: 0 },
  extra: { most: 10, ms: 1_600_000, podMs: 4_200_000 },
  stages: moments.map(({ stage, atMs, old, new: fresh, others, share, capacity }, index) => ({
    text: stage.text,
    fromMs: atMs,
    toMs: moments[index + 1]?.atMs ?? 1_620_000,
    old,
    new: fresh,
    others,
    share,
    worstCapacity: capacity,
    extra: none,
    incidents: [],
  })),
  moments,
  incidents: [{ atMs: 1_536_000, kind: "passed", text: "AnalysisRun web-13-4 is successful" }],
  analyses: [
    {
      name: "web-13-4",
      kind: "AnalysisRun",
      phase: "Successful",
      fromMs: 936_000,
      toMs: 1_536_000,
      metrics: [
        {
          name: "success-rate",
          phase: "Successful",
          measurements: [{ atMs: 996_000, phase: "Successful", value: "[0.99]" }],
        },
      ],
    },
  ],
  notes: ["The router nginx was made up: it routes as it is told at once."],
};
