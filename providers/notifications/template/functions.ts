/** All functions that a template can call. */
import { BUILTINS } from "./builtins.ts";
import type { Signature } from "./values.ts";

export const FUNCTIONS: ReadonlyMap<string, Signature> = new Map(Object.entries({ ...BUILTINS }));
