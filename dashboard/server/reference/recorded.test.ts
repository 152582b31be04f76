/** The answers of the reference's dashboard, recorded on a real API server, and ours for the same objects. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { isList, isObject } from "../../../kube/object/json.ts";
import { refused } from "../../../kube/client/apiError.ts";
import { targetOf } from "../../../kube/client/target.ts";
import { status } from "../../../kube/client/testing.ts";
import type { KubeClient, KubeRequest } from "../../../kube/client/transport.ts";
import { gatewayError } from "./errors.ts";
import { operationOf } from "./paths.ts";
import { readInfo, readList } from "./reads.ts";

interface Line {
  readonly what: "object" | "info" | "list";
  /** Of an object: the plural of its kind. */
  readonly kind?: string;
  readonly name?: string;
  readonly value: { readonly metadata?: { readonly name?: string } };
}

const lines = (await Bun.file(join(import.meta.dir, "recorded/dashboard.jsonl")).text())
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Line);

/** Serves the objects that were there. */
const client: KubeClient = {
  server: "https://recorded.example",
  namespace: "shop",
  async request<T>({ method, path }: KubeRequest) {
    const [, plural = "", name] = /\/namespaces\/shop\/(\w+)(?:\/([^/]+))?$/.exec(path) ?? [];
    const all = lines.filter(({ what, kind }) => what === "object" && kind === plural).map(({ value }) => value);
    if (name === undefined) return { items: all, metadata: { resourceVersion: "1" } } as T;
    const found = all.find(({ metadata }) => metadata?.name === name);
    if (found !== undefined) return found as T;
    const why = `rollouts.argoproj.io "${name}" not found`;
    throw refused(targetOf(method, path), 404, status(404, "NotFound", why), null);
  },
  open: () => Promise.reject(new Error("nothing is watched")),
};

/** Go writes structs that are empty, where the API server has stored nothing. */
function withoutEmpty(value: unknown): unknown {
  if (isList(value)) return value.map(withoutEmpty);
  if (!isObject(value)) return value;
  const isEmpty = (member: unknown): boolean => isObject(member) && Object.keys(member).length === 0;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, member]) => [key, withoutEmpty(member)] as const)
      .filter(([, member]) => !isEmpty(member)),
  );
}

describe("what is recorded of the reference is what we answer", () => {
  const infos = lines.filter(({ what }) => what === "info").map(({ name = "", value }) => [name, value] as const);
  test.each(infos)("of Rollout %s", async (name, recorded) => {
    const ours = JSON.parse(JSON.stringify(await readInfo(client, { namespace: "shop", name }))) as unknown;
    expect(withoutEmpty(ours)).toEqual(withoutEmpty(recorded));
  });

  test("there are a paused canary, a blue-green, a degraded one, one with an analysis and one with an Experiment", () => {
    expect(infos.map(([name]) => name)).toEqual(["analysed", "bg", "broken", "canary", "tried"]);
  });

  test("of the list, but for the weight that is reached, which is 0 there", async () => {
    const weightless = (list: unknown): unknown =>
      JSON.parse(JSON.stringify(list), (key, value: unknown) => (key === "actualWeight" ? "" : value));
    const recorded = lines.find(({ what }) => what === "list");
    expect(withoutEmpty(weightless(await readList(client, "shop")))).toEqual(withoutEmpty(weightless(recorded?.value)));
  });

  test("of one that is not there", async () => {
    const error = await readInfo(client, { namespace: "shop", name: "nope" }).catch(gatewayError);
    expect(error).toEqual({ status: 500, body: { code: 2, message: 'rollout.argoproj.io "nope" not found' } });
  });
});

describe("paths", () => {
  test.each([
    ["GET version", { kind: "version" }],
    ["GET namespace", { kind: "namespace" }],
    ["GET rollouts/shop/info", { kind: "list", namespace: "shop" }],
    ["GET rollouts/shop/info/watch", { kind: "watchList", namespace: "shop" }],
    ["GET rollouts/shop/web/info", { kind: "info", namespace: "shop", name: "web" }],
    ["GET rollouts/shop/web/info/watch", { kind: "watchInfo", namespace: "shop", name: "web" }],
    ["PUT rollouts/shop/web/promote", { kind: "promote", namespace: "shop", name: "web" }],
    ["PUT rollouts/shop/web/undo/3", { kind: "undo", namespace: "shop", name: "web", revision: "3" }],
    [
      "PUT rollouts/shop/web/set/main/registry.example.com/team/web/2",
      {
        kind: "setImage",
        namespace: "shop",
        name: "web",
        container: "main",
        image: "registry.example.com/team/web",
        tag: "2",
      },
    ],
  ])("%s", (asked, operation) => {
    const [method = "", path = ""] = asked.split(" ");
    expect(operationOf(method, path.split("/")) as unknown).toEqual(operation);
  });

  test.each(["GET nothing", "GET rollouts/shop", "GET rollouts/shop/web/restart", "POST rollouts/shop/web/promote"])(
    "%s is none",
    (asked) => {
      const [method = "", path = ""] = asked.split(" ");
      expect(operationOf(method, path.split("/"))).toBeUndefined();
    },
  );
});
