import type { ApiObject } from "../../../simulator/model/model.ts";
import { type Plane, divided, listIn, service, textIn, type Way } from "./plane.ts";

const RESOURCE = "ingresses.networking.k8s.io";
const PREFIX = "alb.ingress.kubernetes.io";
const CONDITIONS = `${PREFIX}/conditions.`;

const targetsIn = (action: string | undefined) =>
  listIn(action === undefined ? undefined : (JSON.parse(action) as unknown), "ForwardConfig", "TargetGroups").map(
    (group) => ({ to: service(textIn(group, "ServiceName")), weight: group["Weight"] }),
  );

const isMarked = ({ metadata }: ApiObject): boolean =>
  metadata.annotations?.["rollouts.argoproj.io/managed-alb-annotations"] !== undefined;

export const alb: Plane = {
  resources: [RESOURCE],
  ways({ seen, settings, rollout }) {
    const name = textIn(settings, "ingress");
    const ingress = seen.object(RESOURCE, name);
    const { annotations = {} } = ingress?.metadata ?? {};
    const entrance = textIn(settings, "rootService") || (rollout.spec.strategy?.canary?.stableService ?? "");
    const main = divided(`Ingress ${name}`, targetsIn(annotations[`${PREFIX}/actions.${entrance}`]));
    const routes = Object.keys(annotations)
      .filter((key) => key.startsWith(CONDITIONS))
      .flatMap((key): readonly Way[] => {
        const targets = targetsIn(annotations[key.replace(CONDITIONS, `${PREFIX}/actions.`)]);
        return targets.map(({ to }) => ({ kind: "header", of: `Ingress ${name} ${key}`, to, weight: 1, total: 1 }));
      });
    return [...main, ...routes];
  },
  lasts: (_, ingress) => isMarked(ingress),
  // The action stays, with stable alone: requests come by it.
  isMarked: (_, ingress) => (textIn(ingress["spec"], "ingressClassName") === "alb" ? isMarked(ingress) : undefined),
  settingsFor: () => ({ ingress: "door", servicePort: 80, rootService: "root" }),
};
