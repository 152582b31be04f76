/** A router that does not exist: a new one takes one such file and a line in a table (madeUpRouter.test.ts). */
import { at, present, root, text } from "../kube/validation/place.ts";
import { invalid, required } from "../kube/validation/violation.ts";
import type { ObjectRef, RoutedResource, Router, RoutingInput } from "../providers/traffic/router.ts";
import { isOn, listIn, type RouterSetting } from "../providers/traffic/settings.ts";
import { always } from "../providers/traffic/traits.ts";
import type { Rollout } from "../schema/rollout.ts";

const FERRIES: RoutedResource = { kind: "Ferry", group: "example.com", version: "v1", plural: "ferries" };

const harbours: RouterSetting = {
  name: "ferryHarbours",
  flag: "ferry-harbours",
  kind: "list",
  value: "north",
  help: "harbour of Ferries whose changes are looked at (repeatable)",
};

/** A flag of the reference, which is ignored while no row has it. */
const verifies: RouterSetting = {
  name: "ferryVerify",
  flag: "disable-compression",
  kind: "bool",
  value: "true",
  help: "wait until a Ferry has landed",
};

const refOf = ({ metadata: { namespace, name } }: Rollout): ObjectRef => ({ resource: FERRIES, namespace, name });

const specOf = ({ traffic: { canaryWeight, routes } }: RoutingInput): object => ({
  canary: canaryWeight,
  passengers: routes.map(({ kind, name }) => `${kind} ${name}`),
});

export const ferry: Router<"ferry"> = {
  kind: "ferry",
  title: "Ferry",
  metrics: { label: "Ferry", rank: 7 },
  abilities: { headerRoutes: "anyMatch", mirrorRoutes: true, maxTrafficWeight: true },
  needsServices: always,
  violations: (settings) =>
    !present(settings) || text(at(settings, "harbour")) !== ""
      ? []
      : [required("router-names", at(settings, "harbour"), "a ferry leaves from a harbour")],
  named: {
    resource: FERRIES,
    findings(rollout, ferries) {
      const name = at(root(rollout), "metadata", "name");
      return {
        refuse: [],
        warn: ferries.has(text(name)) ? [] : [invalid("ferry-missing", name, "there is no such ferry")],
      };
    },
  },
  settings: [harbours, verifies],
  uses: [
    {
      group: FERRIES.group,
      plural: FERRIES.plural,
      verbs: ["get", "list", "watch", "patch"],
      why: { verb: "loads", what: "your Ferry" },
    },
  ],
  resources: () => [FERRIES],
  reads: (rollout) => [refOf(rollout)],
  heeds: ({ metadata }, settings) => listIn(settings, harbours).includes(metadata.labels?.["harbour"] ?? ""),
  route(input) {
    const ref = refOf(input.rollout);
    const ship = input.object(ref);
    if (ship === undefined)
      return { kind: "fault", writes: [], message: `there is no ferry ${ref.name}`, missing: true };
    if (Bun.deepEquals(ship.spec, specOf(input))) return { kind: "plan", writes: [] };
    const resourceVersion = ship.metadata.resourceVersion ?? "";
    const patch = { spec: specOf(input) };
    return {
      kind: "plan",
      writes: [{ kind: "patch", ref, resourceVersion, patch, failure: "error loading the ferry" }],
    };
  },
  verify({ rollout, object, settings }) {
    if (!isOn(settings, verifies)) return { kind: "verified" };
    const state = object(refOf(rollout))?.metadata.annotations?.["state"];
    if (state === "sunk") return { kind: "failed", reason: "the ferry has sunk" };
    return state === "landed" ? { kind: "verified" } : { kind: "notYet", reason: "the ferry is at sea" };
  },
  release: {
    holders: ({ metadata }) => (metadata.labels?.["rollout"] === undefined ? [] : [metadata.labels["rollout"]]),
    plan: (ref, { metadata: { resourceVersion = "" } }) => ({
      kind: "patch",
      ref,
      resourceVersion,
      patch: { spec: null },
      failure: "error unloading the ferry",
    }),
  },
};
