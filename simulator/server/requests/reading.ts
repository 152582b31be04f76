/** get, list and watch. */
import { answer, asksForMetadata, type Call, listHead, type Outcome, selectorsOf, shownTo } from "../objects/call.ts";
import { foundSlot } from "../objects/core.ts";
import { checkListOptions } from "./listOptions.ts";
import { listPage } from "./listing.ts";
import { StatusError } from "../../model/statusError.ts";
import { startWatch, versionNumber } from "./watching.ts";

const isTrue = (text: string | undefined): boolean => text === "true" || text === "1";

const numberOf = (text: string | undefined): number | undefined =>
  text === undefined || text === "" ? undefined : Number(text);

export const get = (call: Call, name: string): Outcome => {
  const { world, route } = call;
  return answer(200, shownTo(call)(foundSlot(world, route.kind, route.namespace, name).object));
};

/** Refuses a resourceVersion that is still in the future. @throws {StatusError} 504 */
const checkNotInFuture = ({ world, request }: Call): void => {
  const wanted = versionNumber(request.query["resourceVersion"]);
  if (wanted <= world.store.version) return;
  const message = `Too large resource version: ${wanted}, current: ${world.store.version}`;
  throw new StatusError(504, "Timeout", `Timeout: ${message}`, {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version", field: "" }],
    retryAfterSeconds: 1,
  });
};

/** Items of the API server's own kinds have no apiVersion and kind: their list has. */
const unnamed = (item: unknown): unknown => {
  if (typeof item !== "object" || item === null) return item;
  const { apiVersion: _, kind: __, ...rest } = item as Readonly<Record<string, unknown>>;
  return rest;
};

const list = (call: Call): Outcome => {
  const { world, route, request } = call;
  checkNotInFuture(call);
  const page = listPage(world, route.kind, {
    ...selectorsOf(call),
    limit: numberOf(request.query["limit"]),
    continue: request.query["continue"],
  });
  const show = shownTo(call);
  return answer(200, {
    ...listHead(call),
    metadata: {
      resourceVersion: page.resourceVersion,
      ...(page.continue !== undefined ? { continue: page.continue } : route.kind.custom ? { continue: "" } : {}),
      ...(page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
    },
    items: page.items.map(route.kind.custom || asksForMetadata(request) ? show : (object) => unnamed(show(object))),
  });
};

const watch = (call: Call): Outcome => {
  const { world, route, request } = call;
  const { query } = request;
  const options = {
    ...selectorsOf(call),
    resourceVersion: query["resourceVersion"],
    allowBookmarks: isTrue(query["allowWatchBookmarks"]),
    sendInitialEvents: isTrue(query["sendInitialEvents"]),
    timeoutSeconds: numberOf(query["timeoutSeconds"]),
  };
  const show = shownTo(call);
  return { kind: "watch", start: (send, end) => startWatch(world, route.kind, options, show, send, end) };
};

export const listOrWatch = (call: Call): Outcome => {
  const isWatch = isTrue(call.request.query["watch"]);
  checkListOptions(call.request, isWatch);
  return isWatch ? watch(call) : list(call);
};
