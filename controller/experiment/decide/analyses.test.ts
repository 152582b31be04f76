import { describe, expect, test } from "bun:test";
import { hashOf, podsBecome, runBecomes, settle, started, world } from "./testing.ts";

const check = (name: string, more: object = {}) => ({ name, templateName: "check", ...more });
const SECOND = 1_000;

describe("analyses", () => {
  test("begin once all pods have been available, with the values of the Experiment", () => {
    const w = world({
      duration: "1m",
      analyses: [
        check("a", {
          args: [
            { name: "hash", value: "{{templates.one.podTemplateHash}}" },
            { name: "pods", value: "{{ templates.one.replicaset.name }}" },
            { name: "from", value: "{{experiment.availableAt}} {{experiment.finishedAt}}" },
          ],
        }),
      ],
      dryRun: [{ metricName: "errors" }],
      analysisRunMetadata: { labels: { team: "x" }, annotations: { why: "y" } },
    });
    const args = ["hash", "pods", "from"].map((name) => ({ name }));
    w.analysisTemplates.set("check", { metrics: [{ name: "errors", provider: { web: { url: "http://m" } } }], args });
    settle(w);
    expect(w.runs.size).toBe(0);
    podsBecome(w);
    settle(w);
    const run = w.runs.get("exp-a");
    expect(run?.spec.args).toEqual([
      { name: "hash", value: hashOf(w, "one") },
      { name: "pods", value: "exp-one" },
      { name: "from", value: "2026-01-01T00:00:00Z 2026-01-01T00:01:00Z" },
    ]);
    expect(run?.spec.dryRun).toEqual([{ metricName: "errors" }]);
    expect(run?.metadata).toMatchObject({ labels: { team: "x" }, annotations: { why: "y" } });
    expect(w.events).toContain("Normal AnalysisRunPending: AnalysisRun 'a' transitioned from  -> Pending");
  });

  test("their events are the Rollout's, too", () => {
    const w = world({ analyses: [check("a")] });
    w.rollout = "web";
    settle(w);
    podsBecome(w);
    settle(w);
    runBecomes(w, "exp-a", "Failed", "why");
    settle(w);
    const text = "AnalysisRun 'a' transitioned from Pending -> Failed: why";
    expect(w.events).toContain(`Warning AnalysisRunFailed: ${text}`);
    expect(w.events).toContain(`(on the Rollout) Warning AnalysisRunFailed: ${text}`);
  });

  test("a template that is not there yet is waited for, and used when it arrives", () => {
    const w = world({ duration: "1m", analyses: [{ name: "a", templateName: "later" }] });
    settle(w);
    podsBecome(w);
    settle(w);
    expect(w.experiment.status).toMatchObject({
      phase: "Running",
      message: "AnalysisTemplate 'later' not found; the analysis begins once it is there",
    });
    w.analysisTemplates.set("later", w.analysisTemplates.get("check"));
    settle(w);
    expect(w.runs.has("exp-a")).toBe(true);
    expect(w.experiment.status).not.toHaveProperty("message");
  });

  test("one that has not begun when the time is over has found nothing out", () => {
    const w = started({ duration: "1m", analyses: [{ name: "a", templateName: "later" }] });
    w.now += 60 * SECOND;
    settle(w);
    expect(w.experiment.status).toMatchObject({
      phase: "Error",
      message: "AnalysisTemplate verification failed for analysis 'a': AnalysisTemplate 'later' not found",
    });
  });

  test("a value that cannot be resolved is an error", () => {
    const w = started({
      analyses: [check("a", { args: [{ name: "x", value: "{{templates.two.podTemplateHash}}" }] })],
    });
    expect(w.experiment.status).toMatchObject({
      phase: "Error",
      message: "Failed to create AnalysisRun for analysis 'a': failed to resolve {{templates.two.podTemplateHash}}",
    });
  });

  test("one whose run somebody has deleted is an error", () => {
    const w = started({ analyses: [check("a")] });
    w.runs.clear();
    settle(w);
    expect(w.experiment.status).toMatchObject({
      phase: "Error",
      message: 'analysisruns.argoproj.io "exp-a" not found',
    });
  });
});
