import type { Json } from "../../../kube/object/json.ts";
import { divided, listIn, type Plane, service, textIn, type Way, whole } from "./plane.ts";

const GROUP = "gateway.networking.k8s.io";
export const GATEWAY = "argoproj-labs/gatewayAPI";
const KINDS = ["httpRoute", "grpcRoute", "tcpRoute", "tlsRoute"];
const resourceOf = (kind: string): string => `${kind.toLowerCase()}s.${GROUP}`;

const hasHeaders = (rule: Json): boolean => listIn(rule, "matches").some(({ headers }) => headers !== undefined);

/** Without a weight a backend has 1. A rule for some headers has been made for a header route, or a mirror. */
function waysOf(of: string, rule: Json): readonly Way[] {
  const targets = listIn(rule, "backendRefs").map((ref) => ({
    to: service(textIn(ref, "name")),
    weight: ref["weight"],
  }));
  const mirrors = listIn(rule, "filters").filter(({ type }) => type === "RequestMirror");
  if (hasHeaders(rule) && mirrors.length === 0) return targets.map(({ to }) => whole("header", of, to));
  return [
    ...divided(of, targets),
    ...mirrors.map((filter) => whole("mirror", of, service(textIn(filter, "requestMirror", "backendRef", "name")))),
  ];
}

export const gatewayApi: Plane = {
  resources: KINDS.map(resourceOf),
  ways({ seen, settings }) {
    const own = settings[GATEWAY];
    return KINDS.flatMap((kind) => {
      const names = [textIn(own, kind), ...listIn(own, `${kind}s`).map(({ name }) => name as string)];
      const selected = (own as Json | undefined)?.[`${kind}Selector`] === undefined ? [] : ["selected"];
      return [...names, ...selected].flatMap((name) =>
        listIn(seen.object(resourceOf(kind), name)?.["spec"], "rules").flatMap((rule, index) =>
          waysOf(`${kind} ${name} ${index}`, rule),
        ),
      );
    });
  },
  settingsFor: (pick) => ({
    [GATEWAY]: pick<Json>([
      { httpRoute: "web" },
      { httpRoute: "web", tcpRoute: "tcp" },
      { httpRoutes: [{ name: "web", useHeaderRoutes: true }, { name: "two" }] },
      { httpRouteSelector: { matchLabels: { app: "web" } }, grpcRoute: "web" },
    ]),
  }),
};
