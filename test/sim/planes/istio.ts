import type { Json } from "../../../kube/object/json.ts";
import {
  divided,
  hashIn,
  listIn,
  type Plane,
  type Seen,
  service,
  type Target,
  textIn,
  type Way,
  whole,
} from "./plane.ts";

const SERVICES = "virtualservices.networking.istio.io";
const RULES = "destinationrules.networking.istio.io";

/** A subset selects pods by its labels; without one the host says which Service. */
function targetOf(seen: Seen, destination: unknown): Target {
  const [host, subset] = [textIn(destination, "host"), textIn(destination, "subset")];
  if (subset === "") return service(host.split(".")[0] ?? "");
  const rule = seen.all(RULES).find(({ spec }) => textIn(spec, "host") === host);
  const found = listIn(rule?.["spec"], "subsets").find((one) => one["name"] === subset);
  return { kind: "pods", name: subset, hash: hashIn(found?.["labels"]) };
}

/** A rule for some headers has been made for a header route. */
function waysOf(seen: Seen, of: string, rule: Json): readonly Way[] {
  const targets = listIn(rule, "route").map(({ destination, weight }) => ({ to: targetOf(seen, destination), weight }));
  if (listIn(rule, "match").some(({ headers }) => headers !== undefined) && rule["mirror"] === undefined)
    return targets.map(({ to }) => whole("header", of, to));
  return [
    ...divided(of, targets, 100),
    ...(rule["mirror"] === undefined ? [] : [whole("mirror", of, targetOf(seen, rule["mirror"]))]),
  ];
}

export const istio: Plane = {
  resources: [SERVICES, RULES],
  ways({ seen, settings }) {
    const named = [settings["virtualService"], ...listIn(settings, "virtualServices")];
    return named.flatMap((entry) => {
      const name = textIn(entry, "name");
      const spec = seen.object(SERVICES, name)?.["spec"];
      return ["http", "tls", "tcp"].flatMap((protocol) =>
        listIn(spec, protocol).flatMap((rule, index) =>
          waysOf(seen, `VirtualService ${name} ${protocol} ${textIn(rule, "name") || index}`, rule),
        ),
      );
    });
  },
  lasts: (resource) => resource === RULES,
  settingsFor: (pick) =>
    pick<Json>([
      { virtualService: { name: "web" } },
      { virtualService: { name: "web", routes: ["main", "other"] } },
      {
        virtualServices: [
          { name: "web", routes: ["main"] },
          { name: "tcp", tcpRoutes: [{ port: 1 }] },
        ],
      },
      ...subsets,
    ]),
};

const rule = { name: "rule", canarySubsetName: "new", stableSubsetName: "old" };
const subsets = [
  { virtualService: { name: "web" }, destinationRule: rule },
  { virtualService: { name: "web", routes: ["main"] }, destinationRule: rule },
];
