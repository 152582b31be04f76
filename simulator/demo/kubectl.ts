/** What stock kubectl sends and prints, for the few commands of the demo. */
import { type ApiPath, collectionPath, objectPath } from "../../kube/client/path.ts";
import { DEPLOYMENTS, ROLLOUTS } from "../../kube/client/resources.ts";
import { setImage } from "../../controller/rollout/verbs/setImage.ts";
import { undo } from "../../controller/rollout/verbs/undo.ts";
import type { VerbOutcome } from "../../controller/rollout/verbs/verb.ts";
import type { ReplicaSet } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { ApiCore, ApiRequest, ApiServer } from "../model/model.ts";
import type { Status } from "../model/statusError.ts";

export interface Reply {
  /** As kubectl prints it, by line; errors too. */
  readonly lines: readonly string[];
  readonly isRefused: boolean;
}

const namespace = "default";
const agent = "kubectl/v1.36.3 (linux/amd64)";

const isStatus = (body: unknown): body is Status => (body as Status | undefined)?.status === "Failure";

/** Sends a request by kubectl's name. */
export async function ask(server: ApiServer, request: Omit<ApiRequest, "query" | "userAgent"> & Partial<ApiRequest>) {
  const response = await server.handle({ query: {}, userAgent: agent, ...request });
  if (response.kind === "watch") throw new Error("asked for an object, got a watch");
  return response;
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

function collectionOf({ apiVersion, kind }: Manifest): ApiPath {
  const [version = "", group = ""] = apiVersion.split("/").toReversed();
  return collectionPath({ group, version, plural: `${kind.toLowerCase()}s` }, namespace);
}

const rolloutPath = (name: string, subresource?: "status"): ApiPath =>
  objectPath(ROLLOUTS, { namespace, name, subresource });

/** `kubectl apply` of objects that are not there yet. */
export async function apply(server: ApiServer, documents: readonly string[]): Promise<Reply> {
  const lines: string[] = [];
  let isRefused = false;
  for (const text of documents) {
    const manifest = Bun.YAML.parse(text) as Manifest;
    const { apiVersion, kind, metadata } = manifest;
    const annotations = {
      "kubectl.kubernetes.io/last-applied-configuration": `${JSON.stringify({
        ...manifest,
        metadata: { annotations: {}, ...metadata, namespace },
      })}\n`,
    };
    const answer = await ask(server, {
      method: "POST",
      path: collectionOf(manifest),
      query: { fieldManager: "kubectl-client-side-apply", fieldValidation: "Strict" },
      body: { ...manifest, metadata: { ...metadata, annotations, namespace } },
    });
    lines.push(...(answer.warnings ?? []).map((warning) => `Warning: ${warning}`));
    const [group = ""] = apiVersion.includes("/") ? apiVersion.split("/") : [];
    const qualified = `${kind.toLowerCase()}${group === "" ? "" : `.${group}`}`;
    if (isStatus(answer.body)) {
      isRefused = true;
      lines.push(...refusalLines(answer.body));
    } else lines.push(`${qualified}/${metadata.name} created`);
  }
  return { lines, isRefused };
}

/** `kubectl get rollout NAME`, which the demo uses only to show that it is not there. */
export async function getRollout(server: ApiServer, name: string): Promise<Reply> {
  const { body } = await ask(server, { method: "GET", path: rolloutPath(name) });
  return isStatus(body) ? { lines: refusalLines(body), isRefused: true } : { lines: [name], isRefused: false };
}

/** As `set image`: the demo's containers are named after their Rollouts. */
export const imageTo =
  (image: string) =>
  (rollout: Rollout): VerbOutcome =>
    setImage(rollout, rollout.metadata.name, image);

/**
 * As `kubectl argo rollouts VERB NAME`: reads the Rollout, and sends the verb's change of it.
 *
 * @returns why there is nothing to change; undefined when something was changed
 */
export async function perform(
  server: ApiServer,
  name: string,
  verb: (rollout: Rollout) => VerbOutcome,
): Promise<string | undefined> {
  const path = rolloutPath(name);
  const { body: found } = await ask(server, { method: "GET", path });
  if (isStatus(found)) throw new Error(`Cannot read ${path}: ${found.message}`);
  const outcome = verb(found as Rollout);
  if (outcome.kind === "impossible") throw new Error(outcome.why);
  if (outcome.kind === "nothing") return outcome.why;
  for (const { subresource, contentType, body } of outcome.patches) {
    const patched = rolloutPath(name, subresource);
    const answer = await ask(server, { method: "PATCH", path: patched, contentType, body });
    if (isStatus(answer.body)) throw new Error(`Cannot patch ${patched}: ${answer.body.message}`);
  }
  return undefined;
}

/** `kubectl annotate deployment NAME KEY=VALUE`. */
export async function annotateDeployment(server: ApiServer, name: string, key: string, value: string): Promise<void> {
  const path = objectPath(DEPLOYMENTS, { namespace, name });
  const body = { metadata: { annotations: { [key]: value } } };
  const answer = await ask(server, { method: "PATCH", path, contentType: "application/merge-patch+json", body });
  if (isStatus(answer.body)) throw new Error(`Cannot patch ${path}: ${answer.body.message}`);
}

/** As `kubectl argo rollouts undo NAME`: the pod template of the revision before becomes the present one again. */
export async function undoUpdate({ core, server }: { core: ApiCore; server: ApiServer }, name: string): Promise<void> {
  const sets = core.list("replicasets.apps", { namespace }) as unknown as readonly ReplicaSet[];
  const owned = (rollout: Rollout): ReplicaSet[] =>
    sets.filter((set) => set.metadata.ownerReferences?.some(({ uid }) => uid === rollout.metadata.uid) === true);
  await perform(server, name, (rollout) => undo(rollout, owned(rollout)));
}

/** An error as kubectl prints it (cmd/util/helpers.go): for Invalid its causes, each once, otherwise its message. */
export function refusalLines({ reason, message, details }: Status): readonly string[] {
  if (reason !== "Invalid") {
    return [reason === "" ? `Error from server: ${message}` : `Error from server (${reason}): ${message}`];
  }
  const { kind = "", name = "", causes = [] } = details ?? {};
  const isNamed = kind !== "" || name !== "";
  const head = isNamed ? `The ${kind} ${JSON.stringify(name)} is invalid` : "The request is invalid";
  const texts = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))];
  const [only] = texts;
  if (only === undefined) return [isNamed || message === "" ? head : `${head}: ${message}`];
  return texts.length === 1 ? [`${head}: ${only}`] : [`${head}: `, ...texts.map((text) => `* ${text}`)];
}
