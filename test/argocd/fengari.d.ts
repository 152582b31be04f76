/** The part of fengari's API that the tests use: that of Lua 5.3 in C, with bytes instead of texts. */
declare module "fengari" {
  interface State {
    readonly state: unique symbol;
  }
  export const lua: {
    readonly LUA_OK: number;
    readonly LUA_TBOOLEAN: number;
    readonly LUA_TNUMBER: number;
    readonly LUA_TSTRING: number;
    readonly LUA_TTABLE: number;
    lua_type(state: State, index: number): number;
    lua_pushnil(state: State): void;
    lua_pushboolean(state: State, value: boolean): void;
    lua_pushinteger(state: State, value: number): void;
    lua_pushnumber(state: State, value: number): void;
    lua_pushstring(state: State, value: Uint8Array): void;
    lua_toboolean(state: State, index: number): boolean;
    lua_tonumber(state: State, index: number): number;
    lua_tojsstring(state: State, index: number): string;
    lua_checkstack(state: State, count: number): boolean;
    lua_newtable(state: State): void;
    lua_rawset(state: State, index: number): void;
    lua_rawseti(state: State, index: number, at: number): void;
    lua_next(state: State, index: number): number;
    lua_absindex(state: State, index: number): number;
    lua_setglobal(state: State, name: Uint8Array): void;
    lua_pcall(state: State, args: number, results: number, handler: number): number;
    lua_pop(state: State, count: number): void;
  };
  export const lauxlib: {
    luaL_newstate(): State;
    luaL_loadstring(state: State, text: Uint8Array): number;
  };
  export const lualib: { luaL_openlibs(state: State): void };
  export function to_luastring(text: string): Uint8Array;
}
