/** JSON merge patches as the API server takes them from a request. */
import { isObject } from "../../kube/object/json.ts";
import { patched } from "../../kube/object/mergePatch.ts";
import { goJsonType, PatchError, undecodable } from "../model/patchError.ts";

/** The object after the patch; itself when that changes nothing. @throws {PatchError} when the patch is not an object. */
export function applyMergePatch<T extends object>(object: T, patch: unknown): T {
  if (patch === null) throw new PatchError(400, "Invalid JSON Patch");
  if (!isObject(patch)) {
    throw undecodable(`json: cannot unmarshal ${goJsonType(patch)} into Go value of type map[string]interface {}`);
  }
  return patched(object, patch);
}
