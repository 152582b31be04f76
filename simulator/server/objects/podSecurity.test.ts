/** Recorded from a real API server (1.34) by server-side dry runs of Deployments; baseline by its label for warnings. */
import { describe, expect, test } from "bun:test";
import { podSecurityWarnings } from "./podSecurity.ts";

interface Recorded {
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: object;
  /** "" where there is none. */
  readonly warning: string;
}

const recorded = (await Bun.file(`${import.meta.dir}/podSecurity.recorded.jsonl`).text())
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as Recorded);

const deployment = (spec: unknown) => ({ spec: { template: { spec } } });

describe("Pod Security admission warns in Kubernetes' words", () => {
  test.each(recorded.map((each, index) => ({ index, ...each })))("$index", ({ labels, spec, warning }) => {
    expect(podSecurityWarnings(labels, deployment(spec))).toEqual(warning === "" ? [] : [warning]);
  });

  test("not where no label asks for it, nor of whatever is no pod", () => {
    const bare = deployment({ containers: [{ name: "a" }] });
    for (const labels of [
      {},
      { "pod-security.kubernetes.io/warn": "privileged" },
      { "pod-security.kubernetes.io/audit": "restricted" },
    ])
      expect(podSecurityWarnings(labels, bare)).toEqual([]);
    for (const junk of [undefined, null, 1, [], { containers: [null, 1] }])
      expect(podSecurityWarnings({ "pod-security.kubernetes.io/warn": "baseline" }, deployment(junk))).toEqual([]);
  });
});
