import { expect, test } from "bun:test";
import { foldActions } from "./fold.ts";
import type { Action } from "./action.ts";

type Metadata = Extract<Action, { kind: "setPodMetadata" }>;

const metadata = (name: string, role: string | null, record: string | null): Metadata => ({
  kind: "setPodMetadata",
  name,
  resourceVersion: "1",
  labels: { role },
  annotations: {},
  record,
});
const resize = (name: string, replicas: number): Action => ({
  kind: "updateReplicaSet",
  name,
  resourceVersion: "1",
  replicas,
});

test("pods that change their part twice get the metadata of the last one only, before any resize that follows", () => {
  const actions = [
    metadata("a", "canary", "c"),
    resize("a", 3),
    metadata("b", "stable", "s"),
    metadata("a", "stable", "s"),
  ];
  expect(foldActions(actions, [])).toEqual({
    actions: [metadata("a", "stable", "s"), resize("a", 3), metadata("b", "stable", "s")],
    events: [],
  });
});

test("labels of the earlier part that the last one does not have stay asked for as they were", () => {
  const first: Metadata = { ...metadata("a", "canary", "c"), labels: { role: "canary", old: null } };
  const [joined] = foldActions([first, metadata("a", "stable", "s")], []).actions;
  expect(joined).toMatchObject({ labels: { role: "stable", old: null }, record: "s" });
});
