/**
 * What the API server says of the objects that are linted, by dry runs: its own rules, its policies and its webhooks,
 * Sluice's among them. Nothing is stored.
 */
import { ApiError, isAlreadyExists, isConflict } from "../../kube/client/apiError.ts";
import { canBeName, collectionPath, objectPath } from "../../kube/client/path.ts";
import { ADMITTED } from "../../kube/client/resources.ts";
import type { KubeClient, KubeRequest } from "../../kube/client/transport.ts";
import { isObject, type Json } from "../../kube/object/json.ts";
import { messageOf } from "../../kube/object/errors.ts";
import { inBatches } from "../batches.ts";
import type { CliPorts, ConnectOptions, Connection } from "../ports.ts";
import { Unreadable } from "../yaml/files.ts";
import { placeInText, rangeOf } from "../yaml/position.ts";
import type { Finding } from "./finding.ts";
import type { Judged, Judgement } from "./judge.ts";

const RULE = "api-server";
const TIMEOUT_MS = 15_000;
/** Dry runs in flight: each goes through all webhooks of the cluster. */
const AT_ONCE = 8;
const MOST_CONFLICTS = 5;

/**
 * What the API server alone has found: of a place of which lint says something itself it says nothing new.
 * @throws {Unreadable} when there is no cluster to ask
 */
export async function serverFindings(
  { findings, objects }: Judgement,
  options: ConnectOptions,
  { connect }: CliPorts,
): Promise<readonly Finding[]> {
  let connection: Connection;
  try {
    connection = await connect(options);
  } catch (error) {
    throw new Unreadable(`cannot ask the API server (--server): ${messageOf(error)}`, { cause: error });
  }
  const told = new Set(findings.map((finding) => placeKey(finding)));
  const found = await inBatches(objects, AT_ONCE, (each) => ask(each, connection));
  return found.flat().filter((finding) => !told.has(placeKey(finding)));
}

const placeKey = ({ file, object, path }: Finding): string =>
  JSON.stringify([file, object?.kind, object?.namespace, object?.name, path]);

async function ask(judged: Judged, { client, namespace, source }: Connection): Promise<readonly Finding[]> {
  const warnings: string[] = [];
  const warned = (more: readonly string[]): void => void warnings.push(...more);
  const place = judged.kind === "ClusterAnalysisTemplate" ? undefined : judged.name.namespace || namespace;
  const wrong: Finding[] = [];
  try {
    // Where it does not know a member it looks no further: then it is asked again without that question.
    for (const fieldValidation of ["Strict", "Ignore"] as const) {
      const refused = await dryRun(judged, { client, namespace: place, warned, fieldValidation });
      if (refused === undefined) break;
      wrong.push(...refusals(judged, refused));
      if (!UNKNOWN_FIELD.test(refused.message)) break;
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new Unreadable(`cannot ask the API server of ${source} (--server): ${error.message}`, { cause: error });
  }
  return [...wrong, ...warnings.flatMap((text) => said(judged, text))];
}

/** Answers of the API server about the object; others are about the question. */
const isRefusal = (error: unknown): error is ApiError =>
  error instanceof ApiError && [400, 403, 404, 409, 413, 422].includes(error.status);

const UNKNOWN_FIELD = /unknown field "([^"]+)"/;

type Warned = (warnings: readonly string[]) => void;

interface Question {
  readonly client: KubeClient;
  readonly namespace: string | undefined;
  readonly warned: Warned;
  readonly fieldValidation: "Strict" | "Ignore";
}

/**
 * As a new object, or, where there is one of the name, as an edit of it.
 * @returns why it would be refused
 * @throws {ApiError} when the API server does not answer, or not us
 */
async function dryRun(
  { kind, at, name }: Judged,
  { client, namespace, warned, fieldValidation }: Question,
): Promise<ApiError | undefined> {
  const resource = ADMITTED[kind];
  const common = { query: { dryRun: "All", fieldValidation }, timeoutMs: TIMEOUT_MS, warned };
  const body = withoutServersOwn(at.object);
  try {
    try {
      await client.request({ ...common, method: "POST", path: collectionPath(resource, namespace), body });
    } catch (error) {
      if (!isAlreadyExists(error) || !canBeName(name.name)) throw error;
      const path = objectPath(resource, { namespace, name: name.name });
      await edited({ ...common, path, body }, client);
    }
    return undefined;
  } catch (error) {
    if (isRefusal(error)) return error;
    throw error;
  }
}

type Edit = Omit<KubeRequest, "method"> & { readonly body: Json };

/** A controller may write between the two requests: the edit is made again of what is stored then, a few times. */
async function edited(edit: Edit, client: KubeClient, left = MOST_CONFLICTS): Promise<void> {
  const { path, body } = edit;
  const stored = await client.request<Stored>({ method: "GET", path, timeoutMs: TIMEOUT_MS });
  const metadata = { ...(isObject(body["metadata"]) ? body["metadata"] : {}), ...resourceVersionOf(stored) };
  try {
    await client.request({ ...edit, method: "PUT", body: { ...body, metadata } });
  } catch (error) {
    if (!isConflict(error) || left === 0) throw error;
    await edited(edit, client, left - 1);
  }
}

interface Stored {
  readonly metadata: { readonly resourceVersion: string };
}

const resourceVersionOf = (stored: Stored): object => ({
  resourceVersion: stored.metadata.resourceVersion,
});

/** `kubectl get -o yaml` gives these; a new object must not have them. */
function withoutServersOwn(object: Json): Json {
  const { metadata } = object;
  if (!isObject(metadata)) return object;
  const { resourceVersion: _, uid: __, managedFields: ___, ...kept } = metadata;
  return { ...object, metadata: kept };
}

function refusals(judged: Judged, { details, message: whole, cause }: ApiError): readonly Finding[] {
  // Without what was tried, which is a dry run.
  const message = isObject(cause) && typeof cause["message"] === "string" ? cause["message"] : whole;
  const causes = (details?.causes ?? []).filter(({ message: text }) => text !== undefined && text !== "");
  if (causes.length > 0)
    return causes.map(({ field = "", message: text = "" }) =>
      findingAt(judged, "error", field === "<nil>" ? "" : field, text),
    );
  const unknown = [...message.matchAll(new RegExp(UNKNOWN_FIELD, "g"))].map(([text, path = ""]) => ({ text, path }));
  if (unknown.length > 0) return unknown.map(({ text, path }) => findingAt(judged, "error", path, text));
  return [findingAt(judged, "error", "", message)];
}

/** `spec.replicas: …`, as webhooks warn. */
function said(judged: Judged, text: string): readonly Finding[] {
  const [, path = "", rest = text] = /^((?:spec|metadata)[\w.[\]/-]*): (.*)$/s.exec(text) ?? [];
  return [findingAt(judged, "warning", path, rest)];
}

function findingAt(judged: Judged, severity: Finding["severity"], path: string, message: string): Finding {
  const { source, at, name } = judged;
  const place = placeInText(at.document, at.node, path === "" ? "metadata.name" : path);
  const range = rangeOf(place, source.text, false);
  return { severity, rule: RULE, path, message, file: source.name, range, object: name };
}
