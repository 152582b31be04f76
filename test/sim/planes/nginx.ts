import type { ApiObject } from "../../../simulator/model/model.ts";
import { type Plane, listIn, service, shared, textIn } from "./plane.ts";

const RESOURCE = "ingresses.networking.k8s.io";
const NGINX = "nginx.ingress.kubernetes.io";

/** The first Service that an Ingress leads to. */
function backendOf(ingress: ApiObject | undefined): string {
  const [path] = listIn(ingress?.["spec"], "rules").flatMap((rule) => listIn(rule, "http", "paths"));
  return textIn(path, "backend", "service", "name");
}

export const nginx: Plane = {
  resources: [RESOURCE],
  ways({ seen, settings, rollout }) {
    const name = textIn(settings, "stableIngress");
    const main = seen.object(RESOURCE, name);
    if (main === undefined) return [];
    const canary = seen.object(RESOURCE, `${rollout.metadata.name}-${name}-canary`);
    const { annotations = {} } = canary?.metadata ?? {};
    const annotated = (key: string, otherwise: number): number => Number(annotations[`${NGINX}/${key}`] ?? otherwise);
    const weight = annotations[`${NGINX}/canary`] === "true" ? annotated("canary-weight", 0) : 0;
    const total = annotated("canary-weight-total", 100);
    return shared(`Ingress ${name}`, service(backendOf(canary)), service(backendOf(main)), weight, total);
  },
  entrances: ({ rollout }) => [rollout.spec.strategy?.canary?.stableService ?? ""],
  lasts: (_, { metadata }) => metadata.annotations?.[`${NGINX}/canary`] === "true",
  settingsFor: () => ({ stableIngress: "web" }),
};
