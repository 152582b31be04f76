/** Lists, a page at a time: later pages show what was there when the first one was requested. */
import type { Kind } from "../state/kinds.ts";
import type { ApiObject, ListOptions } from "../../model/model.ts";
import { badRequest, gone } from "../state/refusals.ts";
import { matcher } from "../state/selectors.ts";
import { collectionOf, type World } from "../state/state.ts";

export interface PageOptions extends ListOptions {
  /** At most so many; all for 0 and undefined. */
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
}

export interface Page {
  readonly items: readonly ApiObject[];
  readonly resourceVersion: string;
  readonly continue?: string;
  /** Undefined when there are selectors. */
  readonly remaining?: number;
}

interface Token {
  /** The resourceVersion of the first page. */
  readonly rv: number;
  /** "namespace/name" of the last object that was shown. */
  readonly after: string;
}

const tooOld =
  "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";

const encoded = (token: Token): string => Buffer.from(JSON.stringify(token)).toString("base64url");

const decoded = (text: string): Token => {
  try {
    const { rv, after } = JSON.parse(Buffer.from(text, "base64url").toString()) as Partial<Token>;
    if (typeof rv === "number" && typeof after === "string") return { rv, after };
  } catch {
    // Reported below.
  }
  throw badRequest("continue key is not valid: it was not made by this server");
};

const keyOf = ({ metadata }: ApiObject): string =>
  metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;

/** The kind's objects as they were at `version`. @throws {StatusError} 410 */
const objectsAt = (world: World, kind: Kind, namespace: string | undefined, version: number): readonly ApiObject[] => {
  const collection = collectionOf(world, kind);
  const now = world.store.slots(collection, namespace).map(({ object }) => object);
  const { history, forgottenUpTo } = collection;
  if ((history.at(-1)?.version ?? 0) <= version) return now;
  if (version < forgottenUpTo) throw gone(tooOld);
  const objects = new Map(now.map((object) => [keyOf(object), object]));
  for (const { object, old, version: each } of history.toReversed()) {
    if (each <= version) break;
    if (namespace !== undefined && object.metadata.namespace !== namespace) continue;
    if (old === undefined) objects.delete(keyOf(object));
    else objects.set(keyOf(object), old);
  }
  return [...objects].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
};

/** @throws {StatusError} 400 for selectors and tokens that cannot be read, 410 for a token that is too old */
export const listPage = (world: World, kind: Kind, options: PageOptions): Page => {
  const { namespace, limit = 0 } = options;
  const matches = matcher(options, { fields: kind.selectableFields, custom: kind.custom });
  const token = options.continue === undefined || options.continue === "" ? undefined : decoded(options.continue);
  const version = token?.rv ?? world.store.version;
  const resourceVersion = String(version);
  const all = objectsAt(world, kind, kind.resource.namespaced ? namespace : undefined, version);
  const rest = token === undefined ? all : all.filter((object) => keyOf(object) > token.after);
  const items = matches === undefined ? rest : rest.filter(matches);
  if (limit <= 0 || items.length <= limit) return { items, resourceVersion };
  const shown = items.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown,
    resourceVersion,
    ...(last === undefined ? {} : { continue: encoded({ rv: version, after: keyOf(last) }) }),
    ...(matches === undefined ? { remaining: items.length - limit } : {}),
  };
};
