/** Points a Service at the pods of one hash (docs/behaviour/traffic.md#how-a-service-is-switched). */
import { HASH_LABEL, MANAGED_BY } from "../../../schema/labels.ts";
import { SERVICES } from "../../../kube/client/resources.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { World } from "../model/model.ts";
import type { Action } from "./action.ts";
import type { ActionRow } from "./row.ts";

export interface SwitchService {
  readonly kind: "switchService";
  readonly name: string;
  readonly resourceVersion: string;
  readonly hash: string;
  /** The Service gets the managed-by annotation with this Rollout's name as well. */
  readonly adopt: boolean;
}

interface Needs {
  readonly rollout: Rollout;
}

const managedBy = ({ metadata }: Rollout): Record<string, string> => ({ [MANAGED_BY]: metadata.name });

function effect(world: World, { name, hash, adopt }: SwitchService): World {
  const service = world.services.get(name);
  if (service === undefined) return world;
  const annotations = adopt ? { ...service.annotations, ...managedBy(world.rollout) } : service.annotations;
  const switched = { ...service, annotations, selector: { ...service.selector, [HASH_LABEL]: hash } };
  return { ...world, services: new Map(world.services).set(name, switched) };
}

const join = (first: Action, second: SwitchService): SwitchService | undefined =>
  first.kind === "switchService" ? { ...second, adopt: first.adopt || second.adopt } : undefined;

export const switchService = {
  effect,
  requests: ({ name, resourceVersion, hash, adopt }, { rollout }) => [
    {
      verb: "patch",
      resource: SERVICES,
      name,
      resourceVersion,
      body: {
        ...(adopt ? { metadata: { annotations: managedBy(rollout) } } : {}),
        spec: { selector: { [HASH_LABEL]: hash } },
      },
    },
  ],
  words: ({ name, hash, adopt }) => `switch Service "${name}" to hash "${hash}"${adopt ? " and manage it" : ""}`,
  target: ({ name }) => `Service/${name}`,
  join,
  divides: () => "traffic",
} as const satisfies ActionRow<SwitchService, Needs>;
