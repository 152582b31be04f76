import { describe, expect, test } from "bun:test";
import { refusal, testApi } from "../../../test/apiServer.ts";
import { CANARY } from "../convert/profile.ts";
import { watchProfiles } from "./profiles.ts";

const quiet = (): void => undefined;
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };

type Texts = Readonly<Record<string, string>>;

function set() {
  const api = testApi({ namespaces: ["shop", "own", "other"] });
  const ending = new AbortController();
  const changes: string[] = [];
  const { client, clock, core } = api;
  const profiles = watchProfiles({
    client,
    clock,
    log,
    watched: undefined,
    ownNamespace: "own",
    signal: ending.signal,
  });
  profiles.maps.onChange((old, next) => void changes.push((next ?? old)?.metadata.namespace ?? ""));
  const put = (namespace: string, name: string, data: Texts, labels: Texts = { "sluice.dev/profiles": "true" }) =>
    core.create("configmaps", { metadata: { name, namespace, labels }, data });
  return { ...api, profiles, put, changes, end: () => ending.abort() };
}

const weight = (setWeight: number): string => `canary:\n  steps:\n    - setWeight: ${setWeight}\n    - pause: {}\n`;
const found = (from: string, setWeight: number) => ({
  kind: "found",
  from,
  profile: { strategy: { canary: { steps: [{ setWeight }, { pause: {} }] } } },
});

describe("a profile is looked up", () => {
  test("in the Deployment's namespace, then in Sluice's own, and in no other", async () => {
    const { profiles, put, end } = set();
    put("shop", "a", { quick: weight(50) });
    put("own", "a", { quick: weight(1), slow: weight(2) });
    put("other", "a", { theirs: weight(3) });
    await profiles.soon();
    expect(profiles.findProfile("shop", "quick")).toMatchObject(found('ConfigMap "shop/a"', 50));
    expect(profiles.findProfile("shop", "slow")).toMatchObject(found('ConfigMap "own/a"', 2));
    expect(profiles.findProfile("other", "quick")).toMatchObject(found('ConfigMap "own/a"', 1));
    expect(profiles.findProfile("shop", "theirs")).toMatchObject({ kind: "missing" });
    end();
  });

  test("as canary where none is named, which is built in until a ConfigMap has one", async () => {
    const { profiles, put, end } = set();
    await profiles.soon();
    expect(profiles.findProfile("shop", "")).toEqual({ kind: "found", profile: CANARY, from: "" });
    expect(profiles.findProfile("shop", "canary")).toEqual({ kind: "found", profile: CANARY, from: "" });
    end();
    const second = set();
    second.put("own", "a", { canary: weight(7) });
    await second.profiles.soon();
    expect(second.profiles.findProfile("shop", "")).toMatchObject(found('ConfigMap "own/a"', 7));
    second.end();
    put("own", "late", {});
  });

  test("in the ConfigMap whose name comes first, where two have it", async () => {
    const { profiles, put, end } = set();
    put("shop", "b", { quick: weight(2) });
    put("shop", "a", { quick: weight(1) });
    await profiles.soon();
    expect(profiles.findProfile("shop", "quick")).toMatchObject(found('ConfigMap "shop/a"', 1));
    end();
  });

  test("only in ConfigMaps with the label", async () => {
    const { profiles, put, requests, end } = set();
    put("shop", "a", { quick: weight(1) }, {});
    put("shop", "b", { quick: weight(1) }, { "sluice.dev/profiles": "false" });
    await profiles.soon();
    expect(profiles.findProfile("shop", "quick")).toMatchObject({ kind: "missing" });
    expect(requests.every(({ query }) => query?.["labelSelector"] === "sluice.dev/profiles=true")).toBe(true);
    end();
  });
});

describe("a profile that cannot be used", () => {
  test("is missing, with the names that there are and the one that was probably meant", async () => {
    const { profiles, put, end } = set();
    put("shop", "a", { careful: weight(1) });
    put("own", "a", { quick: weight(1) });
    await profiles.soon();
    expect(profiles.findProfile("shop", "carefull")).toEqual({
      kind: "missing",
      name: "carefull",
      known: ["canary", "careful", "quick"],
      near: "careful",
    });
    expect(profiles.findProfile("shop", "toString")).toMatchObject({ kind: "missing" });
    end();
  });

  test.each([
    ["canary: [", "data[bad]: line 1, column"],
    ["canary: {}\ncanary: {}\n", "data[bad]: line 2, column 1: Map keys must be unique"],
    ["", "data[bad]: Required value: canary or blueGreen"],
    ["canary: { steps: [{ setWeight: 200 }] }", "data[bad].canary.steps[0].setWeight: Invalid value: 200"],
    ["canary: {}\n---\ncanary: {}\n", "data[bad]: line 2"],
    ["canary: &c { self: *c }", "data[bad]"],
    ["x".repeat(70_000), "data[bad]: it has more than 65536 characters"],
  ])("is invalid, with what is wrong and where, and hides the one of Sluice's own namespace: %#", async (text, why) => {
    const { profiles, put, end } = set();
    put("shop", "a", { bad: text });
    put("own", "a", { bad: weight(1) });
    await profiles.soon();
    expect(profiles.findProfile("shop", "bad")).toMatchObject({
      kind: "invalid",
      from: 'ConfigMap "shop/a"',
      problems: [expect.stringContaining(why)],
    });
    end();
  });
});

describe("profiles", () => {
  test("are not known, and nobody waits, where ConfigMaps may not be read", async () => {
    const { profiles, hook, end } = set();
    hook.before = (request) => {
      throw refusal(request, 403, "Forbidden");
    };
    await profiles.soon();
    expect(profiles.findProfile("shop", "")).toBeUndefined();
    expect(profiles.soon()).toBeUndefined();
    end();
  });

  test("are not watched before somebody asks", () => {
    const { requests, end } = set();
    expect(requests).toEqual([]);
    end();
  });

  test("that change are found as they are then, and those concerned are called", async () => {
    const { profiles, put, core, changes, end } = set();
    put("shop", "a", { quick: weight(1) });
    await profiles.soon();
    expect(profiles.findProfile("shop", "quick")).toMatchObject({ kind: "found" });
    core.delete({ resource: "configmaps", namespace: "shop", name: "a" });
    put("own", "b", { quick: weight(2) });
    await Bun.sleep(0);
    expect(profiles.findProfile("shop", "quick")).toMatchObject(found('ConfigMap "own/b"', 2));
    expect(changes).toEqual(["shop", "shop", "own"]);
    end();
  });
});
