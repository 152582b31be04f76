/** What a person sends to the cluster of a simulation, as kubectl does. */
import type { VerbOutcome } from "../../controller/rollout/verbs/verb.ts";
import { collectionPath, objectPath } from "../../kube/client/path.ts";
import { ROLLOUTS } from "../../kube/client/resources.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { ask, refusalLines } from "../demo/kubectl.ts";
import type { ApiServer, Resource } from "../model/model.ts";
import type { Status } from "../model/statusError.ts";
import type { Manifest } from "../model/manifest.ts";

/** What was given cannot be simulated: a sentence, or admission's own. */
export class NotSimulated extends Error {}

/** A patch that raced with another write is tried again, as an API server does by itself. */
const ATTEMPTS = 5;

/** @returns warnings @throws {NotSimulated} with what kubectl would print */
async function send(server: ApiServer, request: Parameters<typeof ask>[1]): Promise<readonly string[]> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await ask(server, request);
    if (answer.status < 300) return answer.warnings ?? [];
    if (answer.status === 409 && request.method === "PATCH" && attempt < ATTEMPTS) continue;
    throw new NotSimulated(refusalLines(answer.body as Status).join("\n"));
  }
}

export function resourceOf(
  { core }: ApiServer,
  { apiVersion, kind }: Pick<Manifest, "apiVersion" | "kind">,
): Resource | undefined {
  const [version = "", group = ""] = apiVersion.split("/").toReversed();
  return core.resources().find((one) => one.kind === kind && one.group === group && one.version === version);
}

/** `kubectl create`. @throws {NotSimulated} */
export async function create(server: ApiServer, manifest: Manifest, namespace: string): Promise<readonly string[]> {
  const resource = resourceOf(server, manifest);
  if (resource === undefined) throw new NotSimulated(`no kind ${manifest.kind} in ${manifest.apiVersion}`);
  const { group, version, name: plural, namespaced } = resource;
  const own = manifest.metadata.namespace ?? namespace;
  return send(server, {
    method: "POST",
    path: collectionPath({ group, version, plural }, namespaced ? own : undefined),
    query: { fieldManager: "kubectl-client-side-apply", fieldValidation: "Strict" },
    body: { ...manifest, metadata: { ...manifest.metadata, ...(namespaced && { namespace: own }) } },
  });
}

/** `kubectl create namespace`, where there is none of this name. @throws {NotSimulated} */
export async function createNamespace(server: ApiServer, name: string): Promise<void> {
  if (server.core.get({ resource: "namespaces", name }) === undefined)
    await create(server, { apiVersion: "v1", kind: "Namespace", metadata: { name } }, "");
}

/** `kubectl patch --type merge`. @throws {NotSimulated} */
export async function patch(server: ApiServer, manifest: Manifest, namespace: string, body: unknown): Promise<void> {
  const { group, version, name: plural } = resourceOf(server, manifest) ?? { group: "", version: "", name: "" };
  const path = objectPath({ group, version, plural }, { namespace, name: manifest.metadata.name });
  await send(server, { method: "PATCH", path, contentType: "application/merge-patch+json", body });
}

/** As `kubectl argo rollouts VERB NAME`, where there is something to change. @throws {NotSimulated} */
export async function perform(
  server: ApiServer,
  { metadata: { namespace, name } }: Rollout,
  verb: (rollout: Rollout) => VerbOutcome,
): Promise<void> {
  const stored = server.core.get({ resource: "rollouts.argoproj.io", namespace, name });
  const outcome = verb(stored as unknown as Rollout);
  if (outcome.kind !== "patches") return;
  for (const { subresource, contentType, body } of outcome.patches) {
    const path = objectPath(ROLLOUTS, { namespace: namespace ?? "default", name, subresource });
    await send(server, { method: "PATCH", path, contentType, body });
  }
}
