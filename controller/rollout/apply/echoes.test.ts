import { describe, expect, test } from "bun:test";
import { REPLICA_SETS, ROLLOUTS } from "../../../kube/client/resources.ts";
import { createEchoes } from "./echoes.ts";

function heardOf() {
  const echoes = createEchoes();
  const heeded: string[] = [];
  const hear = (resource: typeof ROLLOUTS, key: string, version: string): void =>
    echoes.heard(resource, key, version, () => void heeded.push(`${resource.plural} ${key} ${version}`));
  return { ...echoes, heeded, hear };
}

describe("what a watch brings of an object", () => {
  test("is heeded at once while nothing is written about it", () => {
    const { writing, hear, heeded } = heardOf();
    writing(ROLLOUTS, "ns/other");
    writing(REPLICA_SETS, "ns/web");
    hear(ROLLOUTS, "ns/web", "7");
    expect(heeded).toEqual(["rollouts ns/web 7"]);
  });

  test("is not heeded when it is the echo of a write whose answer came later", () => {
    const { writing, hear, heeded } = heardOf();
    const ended = writing(ROLLOUTS, "ns/web");
    hear(ROLLOUTS, "ns/web", "7");
    ended("7");
    expect(heeded).toEqual([]);
  });

  test("is heeded after the answer when others have written as well, before or after", () => {
    const { writing, hear, heeded } = heardOf();
    const ended = writing(ROLLOUTS, "ns/web");
    for (const version of ["6", "7", "8"]) hear(ROLLOUTS, "ns/web", version);
    expect(heeded).toEqual([]);
    ended("7");
    expect(heeded).toEqual(["rollouts ns/web 6", "rollouts ns/web 8"]);
  });

  test("is heeded when the write fails: its answer may be lost, and what follows from it not done", () => {
    const { writing, hear, heeded } = heardOf();
    const ended = writing(ROLLOUTS, "ns/web");
    hear(ROLLOUTS, "ns/web", "7");
    ended();
    expect(heeded).toEqual(["rollouts ns/web 7"]);
  });

  test("is heeded at once again when the write has ended", () => {
    const { writing, hear, heeded } = heardOf();
    writing(ROLLOUTS, "ns/web")("7");
    hear(ROLLOUTS, "ns/web", "8");
    expect(heeded).toEqual(["rollouts ns/web 8"]);
  });
});
