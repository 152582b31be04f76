/**
 * Argo CD's own scripts for the kinds of argoproj.io, and what Argo CD does with them: health from health.lua, the
 * buttons from discovery.lua, and a merge patch of what an action changes, the status by itself.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { lauxlib, lua, lualib, to_luastring } from "fengari";
import { isList, isObject, type Json } from "../../kube/object/json.ts";

const SCRIPTS = join(import.meta.dir, "scripts");

type State = ReturnType<typeof lauxlib.luaL_newstate>;

export interface Health {
  readonly status: string;
  readonly message?: string;
}

/**
 * Argo CD runs Lua 5.1, where the length of a table is asked for by a function that newer versions do not have. The "!"
 * before a format of time means UTC; the Lua of these tests heeds it, but prints it, too.
 */
const PRELUDE = `table.getn = function(t) return #t end
local date = os.date
os.date = function(...) return (date(...):gsub("^!", "")) end
`;

/** @throws Error with what Lua says */
function run(script: string, object: Json): unknown {
  const state = lauxlib.luaL_newstate();
  lualib.luaL_openlibs(state);
  push(state, object);
  lua.lua_setglobal(state, to_luastring("obj"));
  const isFine =
    lauxlib.luaL_loadstring(state, to_luastring(PRELUDE + script)) === lua.LUA_OK &&
    lua.lua_pcall(state, 0, 1, 0) === lua.LUA_OK;
  if (!isFine) throw new Error(lua.lua_tojsstring(state, -1));
  return read(state, -1);
}

/** What one level of an object takes of Lua's stack, at most; `managedFields` have many levels. */
const SLOTS = 4;

/** What JSON calls null is nil: no member. */
function push(state: State, value: unknown): void {
  if (typeof value === "string") return lua.lua_pushstring(state, to_luastring(value));
  if (typeof value === "boolean") return lua.lua_pushboolean(state, value);
  if (typeof value === "number")
    return Number.isInteger(value) ? lua.lua_pushinteger(state, value) : lua.lua_pushnumber(state, value);
  if (!isList(value) && !isObject(value)) return lua.lua_pushnil(state);
  lua.lua_checkstack(state, SLOTS);
  lua.lua_newtable(state);
  if (isList(value)) {
    for (const [index, each] of value.entries()) {
      push(state, each);
      lua.lua_rawseti(state, -2, index + 1);
    }
    return;
  }
  for (const [key, each] of Object.entries(value)) {
    if (each === null || each === undefined) continue;
    lua.lua_pushstring(state, to_luastring(key));
    push(state, each);
    lua.lua_rawset(state, -3);
  }
}

function read(state: State, at: number): unknown {
  switch (lua.lua_type(state, at)) {
    case lua.LUA_TBOOLEAN:
      return lua.lua_toboolean(state, at);
    case lua.LUA_TNUMBER:
      return lua.lua_tonumber(state, at);
    case lua.LUA_TSTRING:
      return lua.lua_tojsstring(state, at);
    case lua.LUA_TTABLE:
      return table(state, lua.lua_absindex(state, at));
    default:
      return undefined;
  }
}

/** A table whose keys are numbers is a list. */
function table(state: State, at: number): unknown {
  lua.lua_checkstack(state, SLOTS);
  const entries: [unknown, unknown][] = [];
  lua.lua_pushnil(state);
  while (lua.lua_next(state, at) !== 0) {
    entries.push([read(state, -2), read(state, -1)]);
    lua.lua_pop(state, 1);
  }
  const isOfNumbers = entries.length > 0 && entries.every(([key]) => typeof key === "number");
  return isOfNumbers ? entries.map(([, value]) => value) : Object.fromEntries(entries.map(([k, v]) => [String(k), v]));
}

const script = (...path: readonly string[]): string => readFileSync(join(SCRIPTS, ...path), "utf8");
const plain = (object: unknown): Json => JSON.parse(JSON.stringify(object)) as Json;

export const healthOf = (kind: string, object: unknown): Health =>
  run(script(kind, "health.lua"), plain(object)) as Health;

/** The names of the actions that a user can press, in alphabetical order. */
export function enabledActions(kind: string, object: unknown): readonly string[] {
  const found = run(script(kind, "actions", "discovery.lua"), plain(object)) as Record<string, { disabled?: unknown }>;
  return Object.entries(found)
    .flatMap(([name, { disabled }]) => (disabled === true ? [] : [name]))
    .toSorted();
}

/** The actions that there are scripts for. */
export const actionNames = (kind: string): readonly string[] =>
  readdirSync(join(SCRIPTS, kind, "actions"), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  );

export interface ActionPatches {
  /** Sent to the subresource first, where there is one. */
  readonly status: Json | undefined;
  readonly rest: Json | undefined;
}

/** What Argo CD sends when a user presses the button. */
export function patchesOf(kind: string, action: string, object: unknown): ActionPatches {
  const before = plain(object);
  const after = run(script(kind, "actions", action, "action.lua"), before) as Json;
  const { status, ...rest } = mergePatch(before, after);
  return {
    status: status === undefined ? undefined : { status },
    rest: Object.keys(rest).length === 0 ? undefined : rest,
  };
}

/** The merge patch that makes `after` of `before`; an empty table of Lua may have been an empty list. */
function mergePatch(before: Json, after: Json): Json {
  const removed = Object.keys(before).flatMap((key) => (key in after || isEmpty(before[key]) ? [] : [[key, null]]));
  const changed = Object.entries(after).flatMap(([key, value]) => {
    const old = before[key];
    if (isEmpty(old) && isEmpty(value)) return [];
    if (isObject(old) && isObject(value)) {
      const inner = mergePatch(old, value);
      return Object.keys(inner).length === 0 ? [] : [[key, inner]];
    }
    return JSON.stringify(canonical(old)) === JSON.stringify(canonical(value)) ? [] : [[key, value]];
  });
  return Object.fromEntries([...removed, ...changed]) as Json;
}

const isEmpty = (value: unknown): boolean =>
  value === null || (isList(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0);

/** Lua keeps no order of members, and no difference between an empty list and an empty object. */
function canonical(value: unknown): unknown {
  if (isEmpty(value)) return "empty";
  if (isList(value)) return value.map(canonical);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, each]) => [key, canonical(each)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}
