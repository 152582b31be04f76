/** What must hold of writes to routers' objects, and of an abort that cannot reach all of them. */
import { patched } from "../../../kube/object/mergePatch.ts";
import { isObject, type Json } from "../../../kube/object/json.ts";
import type { KubeRequest } from "../../../kube/client/transport.ts";
import type { ApiCore } from "../../../simulator/model/model.ts";
import type { Way } from "../planes/plane.ts";
import { hashOfTarget, planesOf, ROUTED } from "../planes/planes.ts";
import type { Truth } from "../world/truth.ts";
import { resourceOf } from "../world/past.ts";

/** A patch of a routed object that changes nothing, made from the object as it is: a loop that would never end. */
export function idleWrite(core: ApiCore, { method, path, body, contentType }: KubeRequest): string | undefined {
  if (method !== "PATCH" || contentType !== "application/merge-patch+json" || !isObject(body)) return undefined;
  const resource = resourceOf(path);
  if (!ROUTED.has(resource)) return undefined;
  const parts = path.split("/");
  const at = parts.indexOf("namespaces");
  const [, namespace = "", , name = ""] = at < 0 ? [] : parts.slice(at);
  const live = core.get({ resource, namespace, name });
  const { resourceVersion } = (body["metadata"] ?? {}) as Json;
  if (live === undefined || resourceVersion !== live.metadata.resourceVersion) return undefined;
  return Bun.deepEquals(patched(live, body), live) ? `writes ${live.kind} ${name}, and changes nothing` : undefined;
}

/**
 * Requests that still go to an aborted version by a router that can be written; with dynamicStableScale they go back only
 * as stable grows. `refused`: resources that cannot be written.
 */
export function abortProblem({ rollout, seen, services }: Truth, refused: ReadonlySet<string>): string | undefined {
  const { abort, currentPodHash, stableRS } = rollout?.status ?? {};
  const isSlow = rollout?.spec.strategy?.canary?.dynamicStableScale === true;
  if (rollout === undefined || abort !== true || currentPodHash === stableRS || isSlow) return undefined;
  const ways = planesOf(rollout)
    .filter(({ plane }) => !plane.resources.some((resource) => refused.has(resource)))
    .flatMap(({ plane, settings }) => plane.ways({ seen, settings, rollout }));
  // The canary Service may lead to stable already: the weights have to be stable's all the same.
  const isLeft = ({ kind, to, weight, total }: Way): boolean =>
    weight > 0 && (kind !== "weight" || weight < total || hashOfTarget(to, services) === currentPodHash);
  const left = ways.find(isLeft);
  return left === undefined ? undefined : `${left.of} still sends ${left.weight} of ${left.total} to ${left.to.name}`;
}
