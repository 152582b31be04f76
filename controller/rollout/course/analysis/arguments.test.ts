import { describe, expect, test } from "bun:test";
import type { Rollout, RolloutAnalysisArgument } from "../../../../schema/rollout.ts";
import { resolveArguments } from "./arguments.ts";

const rollout: Rollout = {
  metadata: {
    name: "web",
    namespace: "shop",
    uid: "u1",
    labels: { team: "a", app: 'say "x"' },
    annotations: { "example.com/owner": "me" },
  },
  spec: { replicas: 3, paused: false, template: { spec: { containers: [{ name: "web", image: "web:2" }] } } },
};

const hashes = { latest: "new", stable: "old" };
const valueOf = (argument: Omit<RolloutAnalysisArgument, "name">): string | undefined => {
  const resolved = resolveArguments([{ name: "x", ...argument }], rollout, hashes);
  return resolved.kind === "resolved" ? resolved.args[0]?.value : resolved.why;
};
const field = (fieldPath: string): string | undefined => valueOf({ valueFrom: { fieldRef: { fieldPath } } });

describe("the value of an argument", () => {
  test.each<[string, string | undefined, string]>([
    ["its own", valueOf({ value: "v" }), "v"],
    ["none", valueOf({}), ""],
    ["the new version's hash", valueOf({ valueFrom: { podTemplateHashValue: "Latest" } }), "new"],
    ["the stable version's hash", valueOf({ valueFrom: { podTemplateHashValue: "Stable" } }), "old"],
    ["a hash of no version", valueOf({ value: "v", valueFrom: { podTemplateHashValue: "Other" } }), "v"],
    ["the name", field("metadata.name"), "web"],
    ["the namespace", field("metadata.namespace"), "shop"],
    ["the uid", field("metadata.uid"), "u1"],
    ["a label", field("metadata.labels['team']"), "a"],
    ["an annotation", field("metadata.annotations['example.com/owner']"), "me"],
    ["a label that is not there", field("metadata.labels['none']"), ""],
    ["a label that every object seems to have", field("metadata.labels['constructor']"), ""],
    ["all labels", field("metadata.labels"), 'app="say \\"x\\""\nteam="a"'],
    ["a number of the spec", field("spec.replicas"), "3"],
    ["a boolean of the spec", field("spec.paused"), "false"],
    ["a member of a list", field("spec.template.spec.containers[0].image"), "web:2"],
    ["a field that is not there", field("spec.nope"), "args.x: invalid path spec.nope in rollout"],
    ["beyond a list", field("spec.template.spec.containers[4]"), "args.x: index 4 out of range"],
    ["no place in a list", field("spec.template.spec.containers.a"), "args.x: invalid index 'a'"],
    [
      "a whole object",
      field("spec.template"),
      "args.x: path spec.template in rollout must terminate in a primitive value",
    ],
    ["other metadata", field("metadata.generation"), "args.x: unsupported fieldPath: metadata.generation"],
    ["a member of every object", field("spec.constructor"), "args.x: invalid path spec.constructor in rollout"],
  ])("is %s", (_, value, wanted) => {
    expect(value).toBe(wanted);
  });

  test("is missing for one: none is given", () => {
    const args = [
      { name: "a", value: "1" },
      { name: "b", valueFrom: { fieldRef: { fieldPath: "spec.nope" } } },
      { name: "c" },
    ];
    expect(resolveArguments(args, rollout, hashes).kind).toBe("unresolved");
    expect(resolveArguments(undefined, rollout, hashes)).toEqual({ kind: "resolved", args: [] });
  });
});
