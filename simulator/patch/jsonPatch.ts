/**
 * JSON patches (RFC 6902) with what the API server adds to them: an index counts from the end when it is negative,
 * `replace` may set an absent member, `copy` of an absent value gives null, `test` for null holds for an absent value.
 */
import { equal } from "../../kube/object/equality.ts";
import { isList, isObject, type Json, withMember } from "../../kube/object/json.ts";
import { goJsonType, inapplicable, PatchError, undecodable } from "../model/patchError.ts";

const maxOperations = 10_000;

type Container = Json | readonly unknown[];

const isContainer = (value: unknown): value is Container => typeof value === "object" && value !== null;

/** The object after all operations; itself when they change nothing. @throws {PatchError} when one of them fails. */
export function applyJsonPatch(object: unknown, operations: unknown): unknown {
  if (operations === null) return object;
  if (!isList(operations)) {
    throw undecodable(`json: cannot unmarshal ${goJsonType(operations)} into Go value of type []handlers.jsonPatchOp`);
  }
  if (operations.length > maxOperations) {
    const message = `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${operations.length}`;
    throw new PatchError(413, message);
  }
  for (const operation of operations) {
    if (isObject(operation) || operation === null) continue;
    const type = goJsonType(operation);
    throw undecodable(`json: cannot unmarshal ${type} into Go value of type handlers.jsonPatchOp`);
  }
  return operations.reduce((result, operation) => applied(result, isObject(operation) ? operation : {}), object);
}

function applied(document: unknown, operation: Json): unknown {
  const path = pointer(operation, "path");
  const value = operation["value"] ?? null;
  switch (operation["op"]) {
    case "add":
      return added(document, path, value);
    case "remove":
      return removed(document, path);
    case "replace":
      return replaced(document, path, value);
    case "move": {
      const from = pointer(operation, "from");
      const moved = found(document, from);
      return added(removed(document, from), path, moved ?? null);
    }
    case "copy":
      return added(document, path, found(document, pointer(operation, "from")) ?? null);
    case "test": {
      const actual = path.text === "" ? document : (found(document, path) ?? null);
      if (!equal(actual, value)) throw inapplicable(`Cannot patch: the value at "${path.text}" is not the tested one`);
      return document;
    }
    default:
      throw inapplicable(`Cannot patch: there is no operation ${JSON.stringify(operation["op"])}`);
  }
}

interface Pointer {
  readonly text: string;
  /** Decoded; text before the first slash is ignored. */
  readonly parts: readonly string[];
}

function pointer(operation: Json, member: "path" | "from"): Pointer {
  const text = operation[member];
  if (typeof text !== "string") throw inapplicable(`Cannot patch: an operation has no "${member}"`);
  const parts = text.split("/").slice(1);
  return { text, parts: parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~")) };
}

function missing(path: Pointer): PatchError {
  return inapplicable(`Cannot patch: there is nothing at "${path.text}"`);
}

/** The value there, undefined for an absent member. @throws {PatchError} when its container is absent, too. */
function found(document: unknown, path: Pointer): unknown {
  if (path.parts.length === 0) throw missing(path);
  let value = document;
  for (const [depth, part] of path.parts.entries()) {
    if (!isContainer(value)) throw missing(path);
    value = isList(value) ? value[indexIn(value, part, path)] : ownMember(value, part);
    if (value === undefined && depth < path.parts.length - 1) throw missing(path);
  }
  return value;
}

const ownMember = (object: Json, name: string): unknown => (Object.hasOwn(object, name) ? object[name] : undefined);

function indexIn(list: readonly unknown[], part: string, path: Pointer, end = list.length): number {
  const given = /^[+-]?\d+$/.test(part) ? Number(part) : Number.NaN;
  const index = given < 0 ? given + end : given;
  if (index >= 0 && index < end) return index;
  throw inapplicable(`Cannot patch: "${path.text}" names no element of a list of ${list.length}`);
}

/** Changes the container of the path's value, and copies the containers around it. */
function changed(document: unknown, path: Pointer, change: (container: Container, part: string) => unknown): unknown {
  const descend = (value: unknown, depth: number): unknown => {
    const part = path.parts[depth];
    if (part === undefined || !isContainer(value)) throw missing(path);
    if (depth === path.parts.length - 1) return change(value, part);
    if (isList(value)) {
      const index = indexIn(value, part, path);
      const element = descend(value[index], depth + 1);
      return Object.is(element, value[index]) ? value : value.with(index, element);
    }
    return withMember(value, part, descend(ownMember(value, part), depth + 1));
  };
  return descend(document, 0);
}

function added(document: unknown, path: Pointer, value: unknown): unknown {
  return changed(document, path, (container, part) => {
    if (!isList(container)) return withMember(container, part, value);
    const end = container.length + 1;
    return container.toSpliced(part === "-" ? container.length : indexIn(container, part, path, end), 0, value);
  });
}

function removed(document: unknown, path: Pointer): unknown {
  return changed(document, path, (container, part) => {
    if (isList(container)) return container.toSpliced(indexIn(container, part, path), 1);
    if (!Object.hasOwn(container, part)) throw missing(path);
    return withMember(container, part, undefined);
  });
}

function replaced(document: unknown, path: Pointer, value: unknown): unknown {
  if (path.text === "") {
    if (!isContainer(value)) throw inapplicable("Cannot patch: the whole document can become an object or a list only");
    return value;
  }
  return changed(document, path, (container, part) =>
    isList(container) ? container.with(indexIn(container, part, path), value) : withMember(container, part, value),
  );
}
