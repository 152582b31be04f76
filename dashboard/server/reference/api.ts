/** The HTTP API of the reference's dashboard, which its pages and Argo CD's extension speak (docs/dashboard.md#the-api-of-argo-rollouts). */
import { perform } from "../../../controller/acting/perform.ts";
import { ROLLOUTS } from "../../../kube/client/resources.ts";
import { canBeName, objectPath } from "../../../kube/client/path.ts";
import { isObject, type Json } from "../../../kube/object/json.ts";
import type { Act } from "../../model.ts";
import { checkRight, clusterFor } from "../act/act.ts";
import { actOf, taskOf } from "../act/tasks.ts";
import { type Arrived, type Callers, checkCsrf } from "../http/caller.ts";
import { Failed } from "../failures/failure.ts";
import type { DashboardOptions } from "../http/options.ts";
import type { People } from "../auth/people.ts";
import type { Boards } from "../live/boards.ts";
import type { Viewer } from "../live/live.ts";
import type { Slots } from "../live/slots.ts";
import { badParameter, type GatewayError, gatewayError, streamError, unimplemented } from "./errors.ts";
import { type Operation, operationOf } from "./paths.ts";
import { namespacesWithRollouts } from "../auth/places.ts";
import { readInfo, readList } from "./reads.ts";
import { watchInfo, watchList } from "./watches.ts";

export interface ReferencePorts {
  readonly options: DashboardOptions;
  readonly people: People;
  readonly callers: Callers;
  readonly boards: Boards;
  readonly slots: Slots;
}

/** A body is small: a flag, or nothing. */
const MOST_BYTES = 65_536;

const JSON_TYPE = { "content-type": "application/json", "cache-control": "no-store" } as const;

const answered = (body: unknown, status = 200): Response =>
  new Response(JSON.stringify(body), { status, headers: JSON_TYPE });
const refused = ({ status, body }: GatewayError): Response => answered(body, status);

export function createReferenceApi(ports: ReferencePorts): (arrived: Arrived, path: string) => Promise<Response> {
  return async (arrived, path) => {
    try {
      const operation = operationOf(arrived.request.method, decoded(path));
      if (operation === undefined) return refused(unimplemented);
      const { viewer, csrf } = await ports.callers.needed(arrived);
      checkCsrf(arrived, csrf);
      checkNames(operation);
      return await carriedOut(ports, arrived, viewer, operation);
    } catch (error) {
      return refused(gatewayError(error));
    }
  };
}

/** A name that no object can have is in no request of ours. @throws {Failed} */
function checkNames(operation: Operation): void {
  const names = ["namespace" in operation ? operation.namespace : [], "name" in operation ? operation.name : []].flat();
  const wrong = names.find((each) => !canBeName(each));
  if (wrong !== undefined) throw new Failed("invalid", `${JSON.stringify(wrong.slice(0, 100))} is not a name`);
}

const decoded = (path: string): readonly string[] => {
  try {
    return path.split("/").map(decodeURIComponent);
  } catch {
    throw new Failed("invalid", "the path is not valid");
  }
};

async function carriedOut(
  { options, people, boards, slots }: ReferencePorts,
  { request }: Arrived,
  viewer: Viewer,
  operation: Operation,
): Promise<Response> {
  const { client } = viewer.person;
  const watching = { boards, people, slots, clock: options.clock, left: request.signal };
  switch (operation.kind) {
    case "version":
      return answered({ rolloutsVersion: `v${options.version}` });
    case "namespace": {
      const found = await namespacesWithRollouts(client).catch(() => []);
      const namespace = options.auth.kind === "kubeconfig" ? options.auth.namespace : "";
      return answered({
        ...(namespace === "" ? {} : { namespace }),
        ...(found.length === 0 ? {} : { availableNamespaces: found }),
      });
    }
    case "list":
      return answered(await readList(client, operation.namespace));
    case "info":
      return answered(await readInfo(client, operation));
    case "watchList":
      return await streamed(viewer, operation.namespace, () => watchList(watching, viewer, operation.namespace));
    case "watchInfo":
      return await streamed(viewer, operation.namespace, () => watchInfo(watching, viewer, operation));
    case "undo":
      if (!/^[+-]?\d{1,18}$/.test(operation.revision))
        return refused(
          badParameter("revision", `strconv.ParseInt: parsing ${JSON.stringify(operation.revision)}: invalid syntax`),
        );
      return write(options, viewer, { ...asAct("undo", operation), revision: Number(operation.revision) });
    case "setImage": {
      const { container, image, tag } = operation;
      return write(options, viewer, { ...asAct("set-image", operation), container, image: `${image}:${tag}` });
    }
    case "promote": {
      const { full } = await bodyOf(request);
      return write(options, viewer, asAct(full === true ? "promote-full" : "promote", operation));
    }
    case "restart":
    case "abort":
    case "retry":
      return write(options, viewer, asAct(operation.kind, operation));
    default:
      return operation satisfies never;
  }
}

const asAct = (verb: Act["verb"], { namespace, name }: { readonly namespace: string; readonly name: string }): Act => ({
  verb,
  namespace,
  name,
});

/** Nothing is the same as an empty object; members that are not known do not matter. */
async function bodyOf(request: Request): Promise<Json> {
  const text = (await request.text()).trim();
  if (text.length > MOST_BYTES) throw new Failed("invalid", "the body is too long");
  if (text === "") return {};
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Failed("invalid", "the body is not JSON");
  }
  if (!isObject(body)) throw new Failed("invalid", "the body is not a JSON object");
  return body;
}

/** @returns the Rollout as it is then */
async function write({ isReadOnly, clock, log }: DashboardOptions, { person }: Viewer, given: Act): Promise<Response> {
  if (isReadOnly) throw new Failed("read-only", "This dashboard is read-only.");
  const act = actOf(given);
  const { namespace, name } = act;
  const cluster = clusterFor(person, namespace, clock);
  await checkRight(person, act, cluster);
  await perform(cluster, taskOf(act, clock.now()));
  log.info("A verb was carried out", { user: person.user.name, verb: act.verb, namespace, name });
  return answered(await person.client.request({ method: "GET", path: objectPath(ROLLOUTS, { namespace, name }) }));
}

/** What is wrong at the beginning is told in a line of the stream, whose status is the reference's then. */
async function streamed(
  { person }: Viewer,
  namespace: string,
  open: () => ReadableStream<Uint8Array>,
): Promise<Response> {
  const isAllowed = await person.access.allowed({ resource: ROLLOUTS, verb: "watch", namespace });
  if (isAllowed) return new Response(open(), { headers: JSON_TYPE });
  const { name } = person.user;
  const why = `rollouts.argoproj.io is forbidden: User ${JSON.stringify(name)} cannot watch resource "rollouts" in API group "argoproj.io" in the namespace ${JSON.stringify(namespace)}`;
  const error: GatewayError = { status: 403, body: { code: 7, message: why } };
  return new Response(`${JSON.stringify(streamError(error))}\n`, { status: error.status, headers: JSON_TYPE });
}
