import { describe, expect, test } from "bun:test";
import { routingWorld } from "../../test/golden/routingStories.ts";
import { forwardText } from "./albAnnotations.ts";
import { release } from "./albRelease.ts";
import { INGRESSES, specOf } from "./ingress.ts";

const MANAGED = "rollouts.argoproj.io/managed-alb-annotations";
const LEGACY = "rollouts.argoproj.io/managed-alb-actions";
const key = (name: string, kind = "actions") => `alb.ingress.kubernetes.io/${kind}.${name}`;
const group = (ServiceName: string, Weight: number) => ({ ServiceName, ServicePort: "80", Weight });
const split = forwardText([group("web-next", 20), group("web", 80)], undefined);
const whole = (service: string, stickiness?: Parameters<typeof forwardText>[1]) =>
  forwardText([group(service, 100)], stickiness);
const path = (name: string, port: object = { name: "use-annotation" }) => ({
  path: "/*",
  pathType: "ImplementationSpecific",
  backend: { service: { name, port } },
});
const plain = { rules: [{ http: { paths: [path("web")] } }] };
const ref = { resource: INGRESSES, namespace: "default", name: "shop" };

/** The annotations, and the paths of each rule, after the Rollouts have gone; a second release has nothing to do. */
function released(annotations: Readonly<Record<string, string>>, gone: readonly string[], spec: object = plain) {
  const world = routingWorld([{ metadata: { name: "shop", annotations }, spec }]);
  const write = () => {
    const ingress = world.object(ref);
    if (ingress === undefined) throw new Error("no ingress");
    return release.plan(ref, ingress, new Set(gone));
  };
  const first = write();
  if (first !== undefined) world.carryOut(first);
  expect(write()).toBeUndefined();
  const after = world.object(ref);
  const rules = after === undefined ? [] : (specOf(after).rules ?? []);
  return {
    annotations: after?.metadata.annotations ?? {},
    backends: rules.map(({ http }) => http?.paths.map(({ backend }) => JSON.stringify(backend)) ?? []),
  };
}

const sticky = { Enabled: true, DurationSeconds: 60 };

const table: readonly {
  readonly sentence: string;
  readonly before: Readonly<Record<string, string>>;
  readonly gone?: readonly string[];
  readonly after: Readonly<Record<string, string>>;
}[] = [
  {
    sentence: "the action goes to the Service of its name",
    before: { [key("web")]: split, [MANAGED]: `{"web":["${key("web")}"]}`, team: "shop" },
    after: { [key("web")]: whole("web"), team: "shop" },
  },
  {
    sentence: "stickiness stays",
    before: {
      [key("web")]: forwardText([group("web-next", 20), group("web", 80)], sticky),
      [MANAGED]: `{"web":["${key("web")}"]}`,
    },
    after: { [key("web")]: whole("web", sticky) },
  },
  {
    sentence: "the action of a root Service goes to the one that was stable",
    before: { [key("root")]: split, [MANAGED]: `{"web":["${key("root")}"]}` },
    after: { [key("root")]: whole("web") },
  },
  {
    sentence: "the mark of the older form goes, too",
    before: { [key("web")]: split, [MANAGED]: `{"web":["${key("web")}"]}`, [LEGACY]: "web:web" },
    after: { [key("web")]: whole("web") },
  },
  {
    sentence: "other Rollouts keep their actions and their marks",
    before: {
      [key("web")]: split,
      [key("cart")]: split,
      [MANAGED]: `{"cart":["${key("cart")}"],"web":["${key("web")}"]}`,
    },
    after: { [key("web")]: whole("web"), [key("cart")]: split, [MANAGED]: `{"cart":["${key("cart")}"]}` },
  },
  {
    sentence: "an action that another Rollout writes as well is that one's",
    before: { [key("web")]: split, [MANAGED]: `{"twin":["${key("web")}"],"web":["${key("web")}"]}` },
    after: { [key("web")]: split, [MANAGED]: `{"twin":["${key("web")}"]}` },
  },
  {
    sentence: "an action that somebody has replaced stays",
    before: { [key("web")]: '{"type":"redirect"}', [MANAGED]: `{"web":["${key("web")}"]}` },
    after: { [key("web")]: '{"type":"redirect"}' },
  },
  {
    sentence: "an action that somebody has taken away stays away",
    before: { [MANAGED]: `{"web":["${key("web")}","example.com/other"]}`, "example.com/other": "x" },
    after: { "example.com/other": "x" },
  },
  {
    sentence: "without a Rollout that is gone nothing changes",
    before: { [key("web")]: split, [MANAGED]: `{"web":["${key("web")}"]}` },
    gone: ["other"],
    after: { [key("web")]: split, [MANAGED]: `{"web":["${key("web")}"]}` },
  },
  {
    sentence: "a list that cannot be read is nobody's",
    before: { [key("web")]: split, [MANAGED]: "web" },
    after: { [key("web")]: split, [MANAGED]: "web" },
  },
];

describe("when a Rollout is gone", () => {
  test.each([...table])("$sentence", ({ before, gone = ["web"], after }) => {
    expect(released(before, gone).annotations).toEqual(after);
  });

  const route = {
    [key("beta")]: whole("web-next"),
    [key("beta", "conditions")]: "[]",
    [key("web")]: split,
    [MANAGED]: `{"web":["${key("web")}","${key("beta")}","${key("beta", "conditions")}"]}`,
  };

  test("its header routes go with their paths", () => {
    const spec = {
      rules: [
        { http: { paths: [path("beta"), path("web")] } },
        { host: "bare.example" },
        { http: { paths: [path("beta", { number: 80 }), path("docs", { number: 80 })] } },
      ],
    };
    const after = released(route, ["web"], spec);
    expect(after.annotations).toEqual({ [key("web")]: whole("web") });
    expect(after.backends).toEqual([
      [JSON.stringify(path("web").backend)],
      [],
      [path("beta", { number: 80 }), path("docs", { number: 80 })].map(({ backend }) => JSON.stringify(backend)),
    ]);
  });

  test("a rule does not lose its last path, which the API server would refuse", () => {
    const after = released(route, ["web"], { rules: [{ http: { paths: [path("beta")] } }] });
    expect(after.backends).toEqual([[JSON.stringify(path("beta").backend)]]);
  });
});

test("an Ingress tells which Rollouts hold it", () => {
  const holders = (text: string | undefined) =>
    release.holders({
      metadata: { name: "shop", namespace: "default", annotations: text === undefined ? {} : { [MANAGED]: text } },
    });
  expect(holders(undefined)).toEqual([]);
  expect(holders("")).toEqual([]);
  expect(holders("null")).toEqual([]);
  expect(holders('{"a":["x"],"b":null}')).toEqual(["a", "b"]);
  expect(holders('{"a":"x"}')).toEqual([]);
});
